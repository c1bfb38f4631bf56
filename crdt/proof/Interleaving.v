(** * What is never interleaved, and what can be

    Two people who write at one place without seeing each other each want their
    own words in one piece. What holds exactly:

    - An element and all that hangs below it stand together: nothing foreign is
      between ([below_together]). So two of which neither is above the other stand
      apart ([below_apart]), and what one types forward behind one element cannot be
      mixed with what another does.
    - A run typed forward in which no other hand put anything is in one piece
      ([forward_run_in_one_piece]).
    - The elements of one prepend chain, with all that hangs below them, stand
      together ([prepended_together]); and two such chains, of which none is below
      the other, stand apart ([prepended_apart]).

    More would be false; the examples at the end show how. *)

From Inkling Require Export Converge.

(** ** Together and apart *)

(** x and all that hangs below it. *)
Inductive under (l : list element) (x : element) : element -> Prop :=
| under_self : under l x x
| under_child : forall p e, under l x p -> In e l -> origin e = Some (eid p) -> under l x e.

(** Nothing but elements of G stands between two elements of G. *)
Definition together (l : list element) (G : element -> Prop) : Prop :=
  forall i j k u v w, (i < j < k)%nat ->
  at_place l i u -> at_place l j v -> at_place l k w -> G u -> G w -> G v.

(** No element of one stands between two of the other. *)
Definition apart (l : list element) (G G' : element -> Prop) : Prop :=
  forall i j k u v w, (i < j < k)%nat ->
  at_place l i u -> at_place l j v -> at_place l k w ->
  (G u -> G w -> ~ G' v) /\ (G' u -> G' w -> ~ G v).

Lemma together_apart : forall l G G', together l G -> together l G' ->
  (forall e, G e -> ~ G' e) -> apart l G G'.
Proof.
  intros l G G' T T' D i j k u v w N U V W. split; intros A B C.
  - apply (D v); [now apply (T i j k u v w) | easy].
  - apply (D v); [easy | now apply (T' i j k u v w)].
Qed.

(** ** Small facts about places *)

Lemma at_in : forall l n e, at_place l n e -> In e l.
Proof. intros l n e. apply nth_error_In. Qed.

Lemma in_at : forall l e, In e l -> exists n, at_place l n e.
Proof. intros l e. apply In_nth_error. Qed.

Lemma one_place : forall l m n x y, document l -> at_place l m x -> at_place l n y -> eid x = eid y -> m = n.
Proof.
  unfold at_place. intros l m n x y D X Y E.
  apply (proj1 (NoDup_nth_error (map eid l)) (ids_distinct _ D)).
  - rewrite map_length. apply nth_error_Some. now rewrite X.
  - rewrite (map_nth_error eid _ _ X), (map_nth_error eid _ _ Y). now rewrite E.
Qed.

Lemma one_element : forall l n x y, at_place l n x -> at_place l n y -> x = y.
Proof. unfold at_place. intros l n x y X Y. rewrite X in Y. now injection Y. Qed.

Lemma under_in : forall l x e, In x l -> under l x e -> In e l.
Proof. intros l x e I U. now destruct U. Qed.

(** Where the origin p of e stands: to the left, and all between is greater than e. *)
Lemma parent_left : forall l m n p e, document l -> at_place l m p -> at_place l n e ->
  origin e = Some (eid p) ->
  (m < n)%nat /\ p << e /\ forall j v, (m < j < n)%nat -> at_place l j v -> e << v.
Proof.
  intros l m n p e D P E O. pose proof (origin_is_nearest_smaller l n e D E) as N. rewrite O in N.
  destruct N as (m' & x & L & X & XP & XE & B).
  assert (m' = m) as -> by now apply (one_place l m' m x p).
  now rewrite (one_element l m p x P X).
Qed.

Lemma under_right : forall l x e, document l -> under l x e ->
  forall i n, at_place l i x -> at_place l n e -> (i <= n)%nat.
Proof.
  intros l x e D U. induction U as [|p e U IH I O]; intros i n X E.
  - now rewrite (one_place l i n x x).
  - assert (In p l) as P by (apply (under_in l x); [now apply (at_in l i) | easy]).
    apply in_at in P as [m P]. destruct (parent_left l m n p e) as [L _]; auto.
    specialize (IH i m X P). lia.
Qed.

(** Two that are both above one element: one is above the other. *)
Lemma under_both : forall l x y e, document l -> In x l -> In y l ->
  under l x e -> under l y e -> under l x y \/ under l y x.
Proof.
  intros l x y e D X Y U. induction U as [|p e U IH I O]; intros V; [now right|].
  destruct V as [|q e V J Q].
  - left. now apply (under_child l x p).
  - apply IH. assert (p = q) as -> by (apply (same_id l); [apply D | now apply (under_in l x) |
      now apply (under_in l y) | congruence]). easy.
Qed.

(** ** What hangs below several siblings

    The common ground of the theorems: some elements of one origin, the roots, and
    a bound that all of them reach; what reaches the bound and is no root is
    greater than every root. For a single element the bound is its key, for a
    prepend chain it is the chain. *)

Section Roots.
  Context (l : list element) (root : element -> bool) (reaches : key -> Prop).
  Context (l_document : document l)
    (reaches_up : forall a b, reaches a -> key_less a b -> reaches b)
    (roots_reach : forall r, In r l -> root r = true -> reaches (key_of r))
    (others_greater : forall r e, In r l -> In e l -> root r = true -> root e = false ->
      reaches (key_of e) -> r << e)
    (one_origin : forall r r', In r l -> In r' l -> root r = true -> root r' = true -> origin r = origin r').

  Definition under_roots (e : element) : Prop := exists r, In r l /\ root r = true /\ under l r e.

  Lemma under_reaches : forall r e, In r l -> root r = true -> under l r e -> reaches (key_of e).
  Proof.
    intros r e I R U. induction U as [|p e U IH E O]; [now apply roots_reach|].
    apply (reaches_up (key_of p)); [easy|]. apply child_greater; [| |easy]; apply (all_sound _ l_document); auto.
    now apply (under_in l r).
  Qed.

  (** All between a root and what hangs below one reaches the bound. *)
  Lemma between_reaches : forall r w, In r l -> root r = true -> under l r w ->
    forall i j k a v, (i <= j <= k)%nat -> at_place l i a -> root a = true ->
    at_place l j v -> at_place l k w -> reaches (key_of v).
  Proof.
    intros r w I R U. induction U as [|p w U IH W O]; intros i j k a v N A RA V K.
    - destruct (Nat.eq_dec j k) as [-> | J].
      { rewrite (one_element l k v r) by easy. now apply roots_reach. }
      apply (reaches_up (key_of r)); [now apply roots_reach|].
      pose proof (origin_is_nearest_smaller l k r l_document K) as S.
      pose proof (origin_is_nearest_smaller l i a l_document A) as SA.
      rewrite (one_origin a r) in SA by (auto; now apply (at_in l i)).
      destruct (origin r) as [q|].
      + destruct S as (m & x & _ & X & XQ & _ & B), SA as (m' & x' & L & X' & XQ' & _).
        apply (B j); [|easy]. rewrite (one_place l m m' x x') by (easy || congruence). lia.
      + apply (S j); [lia | easy].
    - assert (reaches (key_of w)) as RW by (apply (under_reaches r); auto; now apply (under_child l r p)).
      destruct (Nat.eq_dec j k) as [-> | J]; [now rewrite (one_element l k v w)|].
      assert (In p l) as P by now apply (under_in l r). apply in_at in P as [m P].
      destruct (parent_left l m k p w) as (L & _ & B); auto.
      destruct (Nat.le_gt_cases j m) as [M | M].
      + apply (IH i j m a v); auto. lia.
      + apply (reaches_up (key_of w)); [easy|]. apply (B j); [lia | easy].
  Qed.

  Lemma under_roots_together : together l under_roots.
  Proof.
    intros i j k u v w N U V W (a & IA & RA & UA) (r & IR & RR & UR).
    apply in_at in IA as [i' A]. pose proof (under_right l a u l_document UA i' i A U) as I.
    assert (forall j' v', (i' <= j' <= j)%nat -> at_place l j' v' -> reaches (key_of v')) as reached.
    { intros j' v' J V'. apply (between_reaches r w IR RR UR i' j' k a v'); auto. lia. }
    enough (forall n v', (i' <= n <= j)%nat -> at_place l n v' -> under_roots v') as all
      by (apply (all j); [lia | easy]).
    clear - l_document others_greater A RA reached.
    intros n. induction n as [n IH] using lt_wf_ind. intros v J V.
    assert (In v l) as IV by now apply (at_in l n). assert (In a l) as IA by now apply (at_in l i').
    destruct (root v) eqn:R; [exists v; repeat split; auto; constructor|].
    assert (a << v) as AV by (apply others_greater; auto; now apply (reached n)).
    assert (n <> i') by (intros ->; rewrite (one_element l i' v a) in R; [now rewrite RA in R | easy | easy]).
    pose proof (origin_is_nearest_smaller l n v l_document V) as S. destruct (origin v) as [q|] eqn:O.
    - destruct S as (m & x & L & X & <- & _ & B). destruct (Nat.le_gt_cases i' m) as [M | M].
      + destruct (IH m L x ltac:(lia) X) as (r & Ir & Rr & Ur). exists r. repeat split; auto.
        now apply (under_child l r x).
      + destruct (less_asymmetric _ _ AV). apply (B i'); [lia | easy].
    - destruct (less_asymmetric _ _ AV). apply (S i'); [lia | easy].
  Qed.
End Roots.

(** ** Forward *)

Theorem below_together : forall H ops x, delivery H ops -> In x (elements (run ops)) ->
  together (elements (run ops)) (under (elements (run ops)) x).
Proof.
  intros H ops x D X. apply (run_document H) in D. set (l := elements (run ops)) in *.
  assert (forall r, In r l -> id_eqb (eid r) (eid x) = true -> r = x) as only.
  { intros r I R. destruct (id_eqb_spec (eid r) (eid x)); [|easy]. apply (same_id l); auto. apply D. }
  pose proof (under_roots_together l (fun e => id_eqb (eid e) (eid x)) (fun k => ~ key_less k (key_of x)) D) as T.
  intros i j k u v w N U V W GU GW. destruct (T) with i j k u v w as (r & I & R & UR); auto.
  - intros a b A L B. apply A. now apply (less_trans _ key_order _ b).
  - intros r I R. rewrite (only r I R). apply (less_irreflexive _ key_order).
  - intros r e I E R NE G. rewrite (only r I R). apply not_less; [|easy].
    intros F. rewrite F, id_eqb_refl in NE. discriminate.
  - intros r r' I I' R R'. now rewrite (only r I R), (only r' I' R').
  - exists x. auto using id_eqb_refl.
  - exists x. auto using id_eqb_refl.
  - now rewrite <- (only r I R).
Qed.
Print Assumptions below_together.

Theorem below_apart : forall H ops x y, delivery H ops ->
  let l := elements (run ops) in
  In x l -> In y l -> ~ under l x y -> ~ under l y x -> apart l (under l x) (under l y).
Proof.
  intros H ops x y D l X Y NX NY. apply together_apart; try now apply (below_together H).
  intros e U V. destruct (under_both l x y e); auto. now apply (run_document H).
Qed.
Print Assumptions below_apart.

(** The right neighbour of an element that has a child is a child of it. *)
Lemma neighbour_is_child : forall l n p e, document l -> at_place l n p -> In e l ->
  origin e = Some (eid p) -> exists z, at_place l (S n) z /\ origin z = Some (eid p).
Proof.
  intros l n p e D P I O. apply in_at in I as [k E].
  destruct (parent_left l n k p e) as (L & PE & B); auto.
  destruct (Nat.eq_dec k (S n)) as [-> | K]; [now exists e|].
  destruct (nth_error l (S n)) as [z|] eqn:Z.
  - exists z. split; [easy|]. assert (p << z) as PZ.
    { apply (less_trans _ key_order _ (key_of e)); [easy|]. apply (B (S n)); [lia | easy]. }
    pose proof (origin_is_nearest_smaller l (S n) z D Z) as N. destruct (origin z) as [q|].
    + destruct N as (m & x & M & X & <- & _ & BZ). destruct (Nat.eq_dec m n) as [-> |].
      * now rewrite (one_element l n p x).
      * destruct (less_asymmetric _ _ PZ). apply (BZ n); [lia | easy].
    + destruct (less_asymmetric _ _ PZ). apply (N n); [lia | easy].
  - apply nth_error_None in Z. assert (k < length l)%nat; [|lia].
    apply nth_error_Some. unfold at_place in E. now rewrite E.
Qed.

(** A run that one typed on and on, each element behind the one before, and in
    which nobody else inserted anything (no element but the run's own has one of
    them but the last as its origin), is a piece of the text. *)
Theorem forward_run_in_one_piece : forall H ops (typed : list element) n,
  delivery H ops ->
  let l := elements (run ops) in
  (forall e, In e typed -> In e l) ->
  (forall i a b, nth_error typed i = Some a -> nth_error typed (S i) = Some b ->
    origin b = Some (eid a) /\ forall e, In e l -> origin e = Some (eid a) -> e = b) ->
  (forall a, nth_error typed 0 = Some a -> at_place l n a) ->
  forall i e, nth_error typed i = Some e -> at_place l (n + i) e.
Proof.
  intros H ops typed n D l IN alone first. apply (run_document H) in D. fold l in D.
  induction i as [|i IH]; intros e E; [rewrite Nat.add_0_r; auto|].
  assert (exists a, nth_error typed i = Some a) as [a A].
  { destruct (nth_error typed i) eqn:A; [eauto|]. apply nth_error_None in A.
    assert (S i < length typed)%nat; [apply nth_error_Some; now rewrite E | lia]. }
  destruct (alone i a e A E) as [O only].
  destruct (neighbour_is_child l (n + i) a e) as (z & Z & OZ); auto.
  { apply IN. now apply (nth_error_In typed (S i)). }
  rewrite <- (only z) by (auto; now apply (at_in l (S (n + i)))).
  now replace (n + S i)%nat with (S (n + i)) by lia.
Qed.
Print Assumptions forward_run_in_one_piece.

(** ** Prepended *)

(** A chain is the id of its first element, which has the same origin. *)
Lemma chain_has_head : forall H ops e, delivery H ops -> In e (elements (run ops)) ->
  exists h, In h (elements (run ops)) /\ eid h = chain e /\ origin h = origin e.
Proof.
  intros H ops e D. revert e. induction D as [|l o D IH O F C]; [easy|]. intros e.
  rewrite run_next. simpl. destruct (judge (past (run l)) o) as [new | | |] eqn:J; auto.
  rewrite place_in. intros [-> | I].
  - apply judge_adds in J as (named & _ & J & _).
    destruct (joined_cases (past (run l)) (eid new) (origin new) named) as [K | (n & x & _ & X & S & K)];
      rewrite K in J.
    + exists new. rewrite place_in. auto.
    + apply (past_element H) in X as [_ X]; [|easy]. destruct (IH x X) as (h & I & E & HO).
      exists h. rewrite place_in. repeat split; [auto | congruence | congruence].
  - destruct (IH e I) as (h & J' & E). exists h. rewrite place_in. auto.
Qed.

Theorem one_chain_one_origin : forall H ops a b, delivery H ops ->
  In a (elements (run ops)) -> In b (elements (run ops)) -> chain a = chain b -> origin a = origin b.
Proof.
  intros H ops a b D A B E.
  destruct (chain_has_head H ops a D A) as (h & I & EH & <-).
  destruct (chain_has_head H ops b D B) as (h' & I' & EH' & <-).
  f_equal. apply (same_id (elements (run ops))); [now apply (ids_stay_unique H) | easy | easy | congruence].
Qed.
Print Assumptions one_chain_one_origin.

(** Of two siblings the one with the greater key stands before the other; so of one
    chain the newest is the first. *)
Theorem siblings_descend : forall H ops a b i j, delivery H ops ->
  at_place (elements (run ops)) i a -> at_place (elements (run ops)) j b ->
  origin a = origin b -> a << b -> (j < i)%nat.
Proof.
  intros H ops a b i j D A B O L. apply (run_document H) in D. set (l := elements (run ops)) in *.
  destruct (Nat.lt_trichotomy i j) as [I | [-> | I]]; [| |easy].
  - pose proof (origin_is_nearest_smaller l j b D B) as N.
    pose proof (origin_is_nearest_smaller l i a D A) as M. rewrite O in M.
    destruct (less_asymmetric _ _ L). destruct (origin b) as [p|]; [|now apply (N i)].
    destruct N as (n & x & _ & X & XP & _ & N), M as (m & y & LT & Y & YP & _).
    apply (N i); [|easy]. rewrite (one_place l n m x y); congruence || easy.
  - rewrite (one_element l j a b) in L by easy. now apply less_irreflexive in L; [|apply key_order].
Qed.
Print Assumptions siblings_descend.

(** The elements of the chain c with all that hangs below them. *)
Definition prepended (l : list element) (c : id) (e : element) : Prop :=
  exists x, In x l /\ chain x = c /\ under l x e.

Theorem prepended_together : forall H ops c, delivery H ops ->
  together (elements (run ops)) (prepended (elements (run ops)) c).
Proof.
  intros H ops c D i j k u v w N U V W (x & X & CX & UX) (y & Y & CY & UY).
  set (l := elements (run ops)) in *.
  assert (forall e, id_eqb (chain e) c = true <-> chain e = c) as of_c.
  { intros e. now destruct (id_eqb_spec (chain e) c). }
  destruct (under_roots_together l (fun e => id_eqb (chain e) c) (fun a => ~ id_less (fst a) c))
    with i j k u v w as (r & I & R & UR); auto.
  - now apply (run_document H).
  - unfold key_less, compare_keys, id_less. intros [a a'] [b b'] A; simpl in *. intros L B.
    destruct (compare_ids a b) eqn:E; simpl in L; try discriminate.
    + apply (cmp_same _ ids_total) in E as ->. easy.
    + apply A. now apply (cmp_trans _ ids_total _ b).
  - intros r I R. apply of_c in R. simpl. rewrite R. apply (less_irreflexive _ id_order).
  - intros r e I E R NE G. simpl in G. apply of_c in R. apply key_less_chain. simpl. rewrite R.
    destruct (less_cases _ id_order (chain e) c) as [L | [L | L]]; [easy | apply of_c in L; congruence | easy].
  - intros r r' I I' R R'. apply of_c in R, R'. apply (one_chain_one_origin H ops); congruence || easy.
  - exists x. rewrite of_c. auto.
  - exists y. rewrite of_c. auto.
  - exists r. now rewrite <- of_c.
Qed.
Print Assumptions prepended_together.

Theorem prepended_apart : forall H ops c c', delivery H ops ->
  let l := elements (run ops) in
  (forall x y, In x l -> In y l -> chain x = c -> chain y = c' -> ~ under l x y /\ ~ under l y x) ->
  apart l (prepended l c) (prepended l c').
Proof.
  intros H ops c c' D l N. apply together_apart; try now apply (prepended_together H).
  intros e (x & X & CX & UX) (y & Y & CY & UY). destruct (N x y) as [XY YX]; auto.
  destruct (under_both l x y e); auto. now apply (run_document H).
Qed.
Print Assumptions prepended_apart.

(** ** Where more would be false *)

Definition text (ops : list op) : list id := map eid (elements (run ops)).

(** Ann (writer 1) and Bob (2) prepend in turns, each seeing the other: a, then b
    in front of a, then a' in front of b. Neither prepends to an own element, so
    there is no chain. Cid (3), who sees neither, prepends c and c' at the same
    place: they stand together, but in the midst of what Ann and Bob wrote. *)
Example in_turns :
  let a := Id 1 [1] in let b := Id 2 [2] in let a' := Id 3 [1] in
  let c := Id 1 [3] in let c' := Id 2 [3] in
  text [Insert a None None; Insert b None None; Insert a' None None;
        Insert c None None; Insert c' None (Some c)] = [a'; b; c'; c; a].
Proof. vm_compute. reflexivity. Qed.

(** Ann types a, a', a'' forward. Cid has seen a alone and types c and c' behind
    it: c hangs below a as a' does, and Ann's run is in two pieces. *)
Example hand_between :
  let a := Id 1 [1] in let a' := Id 2 [1] in let a'' := Id 3 [1] in
  let c := Id 2 [3] in let c' := Id 3 [3] in
  text [Insert a None None; Insert a' (Some a) None; Insert a'' (Some a') None;
        Insert c (Some a) None; Insert c' (Some c) None] = [a; c; c'; a'; a''].
Proof. vm_compute. reflexivity. Qed.

(** Ann types a word and then its first letter anew, in front of the old one, which
    she deletes; Bob does the same at the same place. The words stay whole. *)
Example first_letter_anew :
  let a := Id 1 [1] in let a2 := Id 2 [1] in let a' := Id 4 [1] in
  let b := Id 1 [2] in let b2 := Id 2 [2] in let b' := Id 4 [2] in
  text [Insert a None None; Insert a2 (Some a) None; Delete (Id 3 [1]) [a]; Insert a' None (Some a);
        Insert b None None; Insert b2 (Some b) None; Delete (Id 3 [2]) [b]; Insert b' None (Some b)]
  = [b'; b; b2; a'; a; a2].
Proof. vm_compute. reflexivity. Qed.

(** What the chains are for: Ann and Bob each prepend twice, neither seeing the
    other. With chains their lines stand apart; had the ops named no chain, they
    would be mixed. *)
Example two_prepend :
  let a := Id 1 [1] in let a' := Id 2 [1] in let b := Id 1 [2] in let b' := Id 2 [2] in
  text [Insert a None None; Insert a' None (Some a); Insert b None None; Insert b' None (Some b)] = [b'; b; a'; a]
  /\ text [Insert a None None; Insert a' None None; Insert b None None; Insert b' None None] = [b'; a'; b; a].
Proof. vm_compute. auto. Qed.
