(** * The skip rule and what it keeps true

    The whole proof rests on one observation. In every list that the skip rule
    makes, *the origin of an element is the nearest one to its left with a
    smaller key*. We call such a list well placed.

    - Putting one more element in by the skip rule keeps a list well placed
      ([place_document]).
    - There is only one well placed list with given elements ([one_document]).
      For the element with the greatest key is nobody's origin and stands directly
      behind its own; without it the list is still well placed, so by induction
      the rest stands in its only possible order.

    So the order in which the elements came cannot matter. *)

From Inkling Require Export Model.

(** ** Well placed *)

(** The first of left whose key is less than k. The lists called left hold what
    stands to the left of some place, the nearest first. *)
Fixpoint nearest (k : key) (left : list element) : option id :=
  match left with
  | x :: left' => if key_lessb (key_of x) k then Some (eid x) else nearest k left'
  | [] => None
  end.

Fixpoint well_placed (left l : list element) : Prop :=
  match l with
  | e :: l' => origin e = nearest (key_of e) left /\ well_placed (e :: left) l'
  | [] => True
  end.

(** What holds for each single element: its chain is not greater than its id, and
    greater than the id of its origin. *)
Definition sound (e : element) : Prop :=
  (chain e = eid e \/ id_less (chain e) (eid e)) /\
  forall p, origin e = Some p -> id_less p (chain e).

Record document (l : list element) : Prop := {
  all_sound : forall e, In e l -> sound e;
  ids_distinct : NoDup (map eid l);
  placed : well_placed [] l
}.

Definition has (l : list element) (i : id) : Prop := In i (map eid l).

(** Keys rise from parent to child. *)
Theorem child_greater : forall x e, sound x -> sound e -> origin e = Some (eid x) -> x << e.
Proof.
  intros x e [C _] [_ O] E. apply O in E. apply key_less_chain; simpl.
  destruct C as [-> | C]; [assumption | now apply (less_trans _ id_order _ (eid x))].
Qed.
Print Assumptions child_greater.

(** ** Small facts about keys and lists *)

Lemma less_asymmetric : forall a b : key, key_less a b -> ~ key_less b a.
Proof. intros a b L M. apply (less_irreflexive _ key_order a). now apply (less_trans _ key_order a b). Qed.

(** A key that is not less than another id's is greater. *)
Lemma not_less : forall a b, eid a <> eid b -> ~ a << b -> b << a.
Proof.
  intros a b D N. destruct (less_cases _ key_order (key_of a) (key_of b)) as [L | [E | L]]; try easy.
  now injection E.
Qed.

Lemma same_id : forall l a b, NoDup (map eid l) -> In a l -> In b l -> eid a = eid b -> a = b.
Proof.
  induction l as [|x l IH]; simpl; intros a b D A B E; [easy|].
  inversion D as [|? ? X D']; subst.
  destruct A as [<- | A], B as [<- | B]; auto;
    [destruct X; rewrite E | destruct X; rewrite <- E]; now apply in_map.
Qed.

Lemma distinct_middle : forall A e B, NoDup (map eid (A ++ e :: B)) -> ~ has (A ++ B) (eid e).
Proof. intros A e B D. unfold has. rewrite map_app in *. now apply NoDup_remove_2. Qed.

Lemma distinct_parts : forall A B : list id, NoDup (A ++ B) -> NoDup A /\ NoDup B.
Proof.
  induction A as [|a A IH]; simpl; intros B D; [now split; [constructor|]|].
  inversion D as [|? ? N D']; subst. destruct (IH B D'). split; [|easy]. constructor; [|easy].
  intros I. apply N, in_or_app; auto.
Qed.

(** ** Placing keeps a list well placed *)

(** Of an element e it does not matter whether it is there, if what is nearer is
    less than it. *)
Lemma nearest_past : forall k near e left,
  (key_less (key_of e) k -> exists m, In m near /\ m << e) ->
  nearest k (near ++ e :: left) = nearest k (near ++ left).
Proof.
  intros k near e left. induction near as [|x near IH]; simpl; intros M.
  - destruct (key_lessb_spec (key_of e) k) as [L|]; [|easy]. now destruct (M L).
  - destruct (key_lessb_spec (key_of x) k) as [|X]; [easy|]. apply IH.
    intros L. destruct (M L) as (m & [<- | I] & ME); [|now exists m].
    now destruct X; apply (less_trans _ key_order _ (key_of e)).
Qed.

Lemma placed_past : forall l near e left,
  (exists m, In m near /\ m << e) ->
  (well_placed (near ++ e :: left) l <-> well_placed (near ++ left) l).
Proof.
  induction l as [|x l IH]; simpl; intros near e left M; [easy|].
  rewrite (nearest_past _ near) by easy.
  enough (well_placed (x :: near ++ e :: left) l <-> well_placed (x :: near ++ left) l) by tauto.
  apply (IH (x :: near)). destruct M as (m & I & L). exists m; simpl; auto.
Qed.

Lemma skip_placed : forall e l left,
  well_placed left l -> ~ has l (eid e) -> origin e = nearest (key_of e) left ->
  well_placed left (skip e l).
Proof.
  intros e. induction l as [|x l IH]; simpl; intros left W D O; [easy|].
  destruct W as [X W].
  destruct (key_lessb_spec (key_of e) (key_of x)) as [L | L]; simpl.
  - split; [easy|]. apply IH; [easy | intros I; apply D; simpl; now right |].
    simpl. destruct (key_lessb_spec (key_of x) (key_of e)) as [M|]; [|easy].
    now destruct (less_asymmetric _ _ L).
  - repeat split; [easy | |].
    + now destruct (key_lessb_spec (key_of e) (key_of x)).
    + apply (placed_past l [x] e left); [|easy].
      exists x; split; [now left|]. apply not_less; [|easy].
      intros E. apply D. left. now symmetry.
Qed.

Lemma behind_placed : forall p e l left,
  well_placed left l -> ~ has l (eid e) -> origin e = Some p -> has l p ->
  (forall x, In x l -> eid x = p -> x << e) ->
  well_placed left (behind p e l).
Proof.
  intros p e. induction l as [|x l IH]; simpl; intros left W D O P L; [easy|].
  destruct W as [X W].
  destruct (id_eqb_spec (eid x) p) as [E | N]; simpl; (split; [easy|]).
  - apply skip_placed; [easy | intros I; apply D; simpl; now right |]. simpl.
    destruct (key_lessb_spec (key_of x) (key_of e)) as [|M]; [now subst|].
    destruct M. apply L; [now left | easy].
  - apply IH; auto; [intros I; apply D; simpl; now right|]. now destruct P.
Qed.

Lemma skip_permutation : forall e l, Permutation (e :: l) (skip e l).
Proof.
  intros e. induction l as [|x l IH]; simpl; [easy|].
  destruct (key_lessb (key_of e) (key_of x)); [|easy].
  rewrite perm_swap. now apply perm_skip.
Qed.

Lemma place_permutation : forall e l, Permutation (e :: l) (place e l).
Proof.
  intros e l. unfold place. destruct (origin e) as [p|]; [|apply skip_permutation].
  induction l as [|x l IH]; simpl; [easy|].
  destruct (id_eqb (eid x) p); rewrite perm_swap; apply perm_skip; [apply skip_permutation | apply IH].
Qed.

Lemma place_in : forall e l x, In x (place e l) <-> x = e \/ In x l.
Proof.
  intros e l x. split; intros I.
  - apply (Permutation_in _ (Permutation_sym (place_permutation e l))) in I as [<- | I]; auto.
  - apply (Permutation_in _ (place_permutation e l)). destruct I as [-> | I]; simpl; auto.
Qed.

(** What is needed of an element before it may be placed. *)
Definition placeable (l : list element) (e : element) : Prop :=
  sound e /\ ~ has l (eid e) /\ (forall p, origin e = Some p -> has l p).

Theorem place_document : forall l e, document l -> placeable l e -> document (place e l).
Proof.
  intros l e [S D W] (E & N & O). split.
  - intros x I. apply place_in in I as [-> | I]; auto.
  - apply (Permutation_NoDup (Permutation_map eid (place_permutation e l))).
    simpl. now constructor.
  - unfold place. destruct (origin e) as [p|] eqn:P.
    + apply behind_placed; auto. intros x I <-. apply child_greater; auto.
    + now apply skip_placed.
Qed.
Print Assumptions place_document.

(** ** There is only one well placed list *)

Lemma placed_at : forall A e B left,
  well_placed left (A ++ e :: B) -> origin e = nearest (key_of e) (rev A ++ left).
Proof.
  induction A as [|x A IH]; simpl; intros e B left W; [easy|]. destruct W as [_ W].
  rewrite <- app_assoc. now apply (IH e B (x :: left)).
Qed.

Lemma nearest_less : forall k left p,
  nearest k left = Some p -> exists x, In x left /\ eid x = p /\ key_less (key_of x) k.
Proof.
  induction left as [|x left IH]; simpl; intros p E; [easy|].
  destruct (key_lessb_spec (key_of x) k) as [L|].
  - injection E as <-. exists x; auto.
  - destruct (IH p E) as (y & I & Y). exists y; auto.
Qed.

(** An origin is in the list. *)
Lemma origin_present : forall l e p,
  document l -> In e l -> origin e = Some p -> exists x, In x l /\ eid x = p /\ x << e.
Proof.
  intros l e p D I O. apply in_split in I as (A & B & ->).
  rewrite (placed_at A e B [] (placed _ D)) in O.
  apply nearest_less in O as (x & X & P). exists x. split; [|easy].
  rewrite app_nil_r, <- in_rev in X. apply in_or_app; now left.
Qed.

(** Leaving out elements that are no origin of those that stay. *)
Definition keeping (keep : id -> bool) (l : list element) : list element :=
  filter (fun e => keep (eid e)) l.

Lemma nearest_keeping : forall keep k left,
  (forall p, nearest k left = Some p -> keep p = true) ->
  nearest k (keeping keep left) = nearest k left.
Proof.
  intros keep k. induction left as [|x left IH]; simpl; intros K; [easy|].
  destruct (key_lessb_spec (key_of x) k) as [L | L].
  - rewrite (K _ eq_refl). simpl. now destruct (key_lessb_spec (key_of x) k).
  - destruct (keep (eid x)); simpl; [destruct (key_lessb_spec (key_of x) k)|]; auto. easy.
Qed.

Lemma placed_keeping : forall keep l left,
  well_placed left l ->
  (forall e p, In e l -> keep (eid e) = true -> origin e = Some p -> keep p = true) ->
  well_placed (keeping keep left) (keeping keep l).
Proof.
  intros keep. induction l as [|e l IH]; simpl; intros left W K; [easy|].
  destruct W as [O W]. specialize (IH (e :: left) W (fun x p I => K x p (or_intror I))).
  simpl in IH. destruct (keep (eid e)) eqn:E; simpl in *; [|easy].
  split; [|easy]. rewrite nearest_keeping; [easy|].
  intros p N. rewrite <- O in N. apply (K e); auto.
Qed.

Lemma keeping_document : forall keep l,
  document l ->
  (forall e p, In e l -> keep (eid e) = true -> origin e = Some p -> keep p = true) ->
  document (keeping keep l).
Proof.
  intros keep l [S D W] K. split.
  - intros e I. apply filter_In in I. now apply S.
  - clear - D. induction l as [|x l IH]; simpl in *; [easy|].
    inversion D as [|? ? X D']; subst. destruct (keep (eid x)); simpl; [|auto].
    constructor; [|auto]. intros I. apply X. apply in_map_iff in I as (y & <- & I).
    apply filter_In in I. now apply in_map.
  - now apply (placed_keeping keep l []).
Qed.

Lemma greatest_exists : forall l : list element, l <> [] ->
  exists m, In m l /\ forall x, In x l -> ~ m << x.
Proof.
  induction l as [|e l IH]; [easy|]. intros _.
  destruct l as [|e' l'].
  - exists e; split; [now left|]. intros x [<- | []]. apply (less_irreflexive _ key_order).
  - destruct IH as (m & I & G); [easy|].
    destruct (key_lessb_spec (key_of m) (key_of e)) as [L | L].
    + exists e; split; [now left|]. intros x [<- | X]; [apply (less_irreflexive _ key_order)|].
      intros EX. apply (G x X). now apply (less_trans _ key_order _ (key_of e)).
    + exists m; split; [now right|]. intros x [<- | X]; auto.
Qed.

(** The greatest stands directly behind its origin, and placing finds that. *)
Lemma place_greatest : forall A m B,
  document (A ++ m :: B) -> (forall x, In x (A ++ m :: B) -> ~ m << x) ->
  place m (A ++ B) = A ++ m :: B.
Proof.
  intros A m B D G. pose proof (placed_at A m B [] (placed _ D)) as O. rewrite app_nil_r in O.
  assert (skip m B = m :: B) as S.
  { destruct B as [|x B]; [easy|]. simpl.
    destruct (key_lessb_spec (key_of m) (key_of x)) as [L|]; [|easy].
    destruct (G x); [|easy]. apply in_or_app; simpl; auto. }
  unfold place. destruct A as [|y A _] using rev_ind; simpl in O; [now rewrite O|].
  rewrite rev_unit in O. simpl in O. rewrite <- !app_assoc in *. simpl in *.
  destruct (key_lessb_spec (key_of y) (key_of m)) as [L | L].
  - rewrite O. pose proof (ids_distinct _ D) as N. clear - S N.
    induction A as [|x A IH]; simpl in *; [now rewrite id_eqb_refl, S|].
    inversion N as [|? ? X N']; subst. destruct (id_eqb_spec (eid x) (eid y)) as [E|].
    + destruct X. rewrite E. apply in_map, in_or_app. simpl; auto.
    + now rewrite (IH N').
  - destruct (G y); [apply in_or_app; simpl; auto|]. apply not_less; [|easy].
    intros E. apply (distinct_middle (A ++ [y]) m B).
    + rewrite <- app_assoc. apply (ids_distinct _ D).
    + unfold has. rewrite <- E. apply in_map. rewrite <- app_assoc. apply in_or_app; simpl; auto.
Qed.

Definition without (m : element) (l : list element) : list element :=
  keeping (fun i => negb (id_eqb (eid m) i)) l.

Lemma without_absent : forall m l, ~ has l (eid m) -> without m l = l.
Proof.
  unfold without, keeping, has. intros m. induction l as [|x l IH]; simpl; intros N; [easy|].
  destruct (id_eqb_spec (eid m) (eid x)) as [E|]; [destruct N; now left|]. simpl.
  rewrite IH; auto.
Qed.

Lemma place_greatest_back : forall m l,
  document l -> In m l -> (forall x, In x l -> ~ m << x) ->
  document (without m l) /\ place m (without m l) = l.
Proof.
  intros m l D I G. split.
  - apply keeping_document; [easy|]. intros e p E _ O.
    destruct (id_eqb_spec (eid m) p) as [<-|]; [|easy].
    destruct (origin_present _ _ _ D E O) as (x & X & XM & L).
    apply (same_id _ _ _ (ids_distinct _ D) X I) in XM as ->. now destruct (G e E).
  - apply in_split in I as (A & B & ->).
    replace (without m (A ++ m :: B)) with (A ++ B); [now apply place_greatest|].
    rewrite <- (without_absent m (A ++ B)) at 1 by (apply distinct_middle; apply D).
    unfold without, keeping. rewrite !filter_app. simpl. now rewrite id_eqb_refl.
Qed.

Theorem one_document : forall l l',
  document l -> document l' -> (forall e, In e l <-> In e l') -> l = l'.
Proof.
  intros l. remember (length l) as n eqn:L. revert l L.
  induction n as [|n IH]; intros l L l' D D' M.
  - destruct l; [|easy]. destruct l' as [|x l']; [easy|]. destruct (proj2 (M x)); now left.
  - destruct (greatest_exists l) as (m & I & G); [now destruct l|].
    destruct (place_greatest_back m l) as [W P]; auto.
    destruct (place_greatest_back m l') as [W' P']; auto.
    { now apply M. } { intros x X. apply G. now apply M. }
    rewrite <- P, <- P'. f_equal. apply IH; auto.
    + apply (f_equal (@length element)) in P.
      rewrite <- (Permutation_length (place_permutation _ _)) in P. simpl in P. lia.
    + intros e. unfold without, keeping. now rewrite !filter_In, M.
Qed.
Print Assumptions one_document.

(** So it does not matter which of two elements is placed first, unless one is
    the origin of the other. *)
Theorem inserts_commute : forall l a b,
  document l -> placeable l a -> placeable l b -> eid a <> eid b ->
  place a (place b l) = place b (place a l).
Proof.
  assert (forall l a b, placeable l a -> placeable l b -> eid a <> eid b -> placeable (place b l) a) as still.
  { intros l a b (S & N & O) B D. unfold placeable, has in *. split; [easy|]. split.
    - intros I. apply in_map_iff in I as (x & X & I). apply place_in in I as [-> | I]; [now symmetry in X|].
      apply N. rewrite <- X. now apply in_map.
    - intros p P. specialize (O p P). apply in_map_iff in O as (x & <- & I). apply in_map.
      apply place_in; now right. }
  intros l a b D A B N.
  apply one_document; try (apply place_document; [now apply place_document|]; auto).
  intros e. rewrite !place_in. tauto.
Qed.
Print Assumptions inserts_commute.

(** ** A run may be placed as one

    An Insert of several code points adds several elements, each behind the one
    before. The program looks for the place of the first only and puts all of them
    there. That is what placing one after the other comes to. *)

(** Each of more has the one before as its origin, the first of them e. *)
Fixpoint follow (e : element) (more : list element) : Prop :=
  match more with
  | e' :: more' => sound e' /\ origin e' = Some (eid e) /\ follow e' more'
  | [] => True
  end.

Lemma place_next : forall e' e A B, ~ has A (eid e) -> origin e' = Some (eid e) ->
  (forall x B', B = x :: B' -> ~ e' << x) -> place e' (A ++ e :: B) = A ++ e :: e' :: B.
Proof.
  intros e' e A B N O L. unfold place, has in *. rewrite O.
  induction A as [|y A IH]; simpl in *.
  - rewrite id_eqb_refl. destruct B as [|x B]; simpl; [easy|].
    destruct (key_lessb_spec (key_of e') (key_of x)) as [M|]; [|easy]. now destruct (L x B).
  - destruct (id_eqb_spec (eid y) (eid e)); [tauto|]. rewrite IH; auto.
Qed.

Lemma run_placed : forall more e A B, sound e -> follow e more -> NoDup (map eid (A ++ e :: more)) ->
  (forall x B', B = x :: B' -> ~ e << x) ->
  fold_left (fun l x => place x l) more (A ++ e :: B) = A ++ e :: more ++ B.
Proof.
  induction more as [|e' more IH]; simpl; intros e A B S F D L; [easy|]. destruct F as (S' & O & F).
  pose proof (child_greater e e' S S' O) as C.
  assert (forall x B', B = x :: B' -> ~ e' << x) as L'.
  { intros x B' E M. apply (L x B' E). now apply (less_trans _ key_order _ (key_of e')). }
  rewrite place_next by (auto; intros I; apply (distinct_middle A e (e' :: more) D);
    unfold has in *; rewrite map_app; apply in_or_app; auto).
  replace (A ++ e :: e' :: B) with ((A ++ [e]) ++ e' :: B) by now rewrite <- app_assoc.
  rewrite IH; auto; now rewrite <- app_assoc.
Qed.

Theorem run_placed_as_one : forall l e more A B,
  document l -> placeable l e -> follow e more -> NoDup (map eid (place e l ++ more)) ->
  place e l = A ++ e :: B ->
  fold_left (fun l x => place x l) more (place e l) = A ++ e :: more ++ B.
Proof.
  intros l e more A B D P F N E. rewrite E in *. destruct P as (S & H & O).
  apply run_placed; auto.
  - apply (distinct_parts (map eid B)). rewrite <- map_app.
    apply (Permutation_NoDup (l := map eid ((A ++ e :: B) ++ more))); [|easy]. apply Permutation_map.
    rewrite <- app_assoc. simpl. rewrite (Permutation_app_comm B more).
    replace (A ++ e :: more ++ B) with ((A ++ e :: more) ++ B) by now rewrite <- app_assoc.
    apply Permutation_app_comm.
  - intros x B' -> M. assert (document (place e l)) as D' by now apply place_document.
    rewrite E in D'. replace (A ++ e :: x :: B') with ((A ++ [e]) ++ x :: B') in D' by now rewrite <- app_assoc.
    pose proof (placed_at _ _ _ _ (placed _ D')) as OX. rewrite app_nil_r, rev_unit in OX. simpl in OX.
    destruct (key_lessb_spec (key_of e) (key_of x)); [|easy].
    assert (In x (place e l)) as I by (rewrite E; apply in_or_app; simpl; auto).
    apply place_in in I as [-> | I]; [now apply (less_irreflexive _ key_order) in M|].
    destruct (origin_present l x (eid e) D I OX) as (y & Y & EY & _). apply H. rewrite <- EY. now apply in_map.
Qed.
Print Assumptions run_placed_as_one.

(** ** The same said with numbers: the n-th element of the list *)

Definition at_place (l : list element) (n : nat) (e : element) : Prop := nth_error l n = Some e.

Lemma nearest_at : forall k A,
  match nearest k (rev A) with
  | None => forall n x, at_place A n x -> ~ key_less (key_of x) k
  | Some p => exists n x, at_place A n x /\ eid x = p /\ key_less (key_of x) k /\
      forall n' y, (n < n')%nat -> at_place A n' y -> ~ key_less (key_of y) k
  end.
Proof.
  unfold at_place. intros k. induction A as [|z A IH] using rev_ind; simpl; [now intros []|].
  assert (forall n x, nth_error (A ++ [z]) n = Some x -> nth_error A n = Some x \/ (n = length A /\ x = z)) as last.
  { intros n x E. destruct (Nat.lt_ge_cases n (length A)) as [L | L].
    - left. now rewrite nth_error_app1 in E.
    - right. assert (n < length (A ++ [z]))%nat as M by (apply nth_error_Some; now rewrite E).
      rewrite app_length in M. simpl in M. assert (n = length A) as -> by lia.
      rewrite nth_error_app2, Nat.sub_diag in E by lia. simpl in E. now injection E as ->. }
  rewrite rev_unit. simpl. destruct (key_lessb_spec (key_of z) k) as [L | L].
  - exists (length A), z. repeat split; auto.
    + now rewrite nth_error_app2, Nat.sub_diag by lia.
    + intros n y N E. apply last in E as [E | []]; [|lia].
      assert (n < length A)%nat by (apply nth_error_Some; now rewrite E). lia.
  - destruct (nearest k (rev A)) as [p|].
    + destruct IH as (n & x & X & P & XK & B). exists n, x. repeat split; auto.
      * rewrite nth_error_app1; [easy|]. apply nth_error_Some. now rewrite X.
      * intros n' y N E. apply last in E as [E | [_ ->]]; eauto.
    + intros n x E. apply last in E as [E | [_ ->]]; eauto.
Qed.

(** The origin of an element is the nearest one to its left with a smaller key. *)
Theorem origin_is_nearest_smaller : forall l n e,
  document l -> at_place l n e ->
  match origin e with
  | None => forall n' x, (n' < n)%nat -> at_place l n' x -> e << x
  | Some p => exists m x, (m < n)%nat /\ at_place l m x /\ eid x = p /\ x << e /\
      forall n' y, (m < n' < n)%nat -> at_place l n' y -> e << y
  end.
Proof.
  unfold at_place. intros l n e D E. destruct (nth_error_split _ _ E) as (A & B & -> & <-).
  rewrite (placed_at A e B [] (placed _ D)), app_nil_r.
  assert (forall n' x, (n' < length A)%nat -> nth_error (A ++ e :: B) n' = Some x ->
    nth_error A n' = Some x /\ (~ x << e -> e << x)) as inside.
  { intros n' x L X. rewrite nth_error_app1 in X by easy. split; [easy|].
    intros M. apply not_less; [|easy]. intros F. apply (distinct_middle A e B (ids_distinct _ D)).
    unfold has. rewrite <- F. apply in_map, in_or_app. left. now apply (nth_error_In A n'). }
  pose proof (nearest_at (key_of e) A) as N. destruct (nearest (key_of e) (rev A)) as [p|].
  - destruct N as (m & x & X & P & L & N). exists m, x.
    assert (m < length A)%nat by (apply nth_error_Some; unfold at_place in X; now rewrite X).
    repeat split; auto; [now rewrite nth_error_app1|].
    intros n' y [M M'] Y. destruct (inside n' y M' Y) as [Y' G]. apply G. eapply N; eauto.
  - intros n' x M X. destruct (inside n' x M X) as [X' G]. apply G. now apply (N n').
Qed.
Print Assumptions origin_is_nearest_smaller.
