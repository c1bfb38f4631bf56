(** * Copies converge

    Three steps. First: causal delivery never fails, that is, an op always finds
    what it refers to among the ops that are there. Second: so every copy judges
    an op alike, whatever else it has, and so copies with the same ops have the
    same elements, Deletes and cancelled Deletes. Third: there is only one well
    placed list of these elements (Place.v).

    A fork needs no proof of its own. Its tails are ops of the one history, their
    ids are compared by what is in the op and its past (Ids.v), and nothing here
    asks who wrote what. *)

From Inkling Require Export Place.

(** ** Causal delivery never fails *)

Lemma run_next : forall l o, run (l ++ [o]) = apply (run l) o.
Proof. intros l o. unfold run. now rewrite fold_left_app. Qed.

Lemma ids_next : forall l o, ids (l ++ [o]) = ids l ++ [op_id o].
Proof. intros l o. unfold ids. now rewrite map_app. Qed.

Lemma delivery_last : forall H l o, delivery H (l ++ [o]) ->
  delivery H l /\ ops H o /\ ~ In (op_id o) (ids l) /\ incl (causes H o) (ids l).
Proof.
  intros H l o D. remember (l ++ [o]) as all eqn:E. destruct D as [|l' o' D].
  - now destruct l.
  - now apply app_inj_tail in E as [-> ->].
Qed.

Lemma delivery_part : forall H B A, delivery H (A ++ B) -> delivery H A.
Proof.
  intros H. induction B as [|o B IH] using rev_ind; intros A; [now rewrite app_nil_r|].
  rewrite app_assoc. intros D. now apply delivery_last in D as [D _]; apply IH.
Qed.

Lemma delivered : forall H l o, delivery H l -> In o l -> ops H o /\ incl (causes H o) (ids l).
Proof.
  intros H l o D I. apply in_split in I as (A & B & ->).
  replace (A ++ o :: B) with ((A ++ [o]) ++ B) in * by now rewrite <- app_assoc.
  apply delivery_part, delivery_last in D as (_ & O & _ & C). split; [easy|].
  intros i I. unfold ids in *. rewrite !map_app. apply in_or_app; left. apply in_or_app; left. auto.
Qed.

Lemma log_ids : forall l i, In i (ids l) <-> exists m, In (i, m) (log (run l)).
Proof.
  induction l as [|o l IH] using rev_ind; intros i.
  - split; [easy | now intros [m []]].
  - rewrite run_next, ids_next, in_app_iff, IH. simpl. split.
    + intros [[m I] | [<- | []]]; eauto.
    + intros (m & [E | I]); [injection E as <- _; auto | left; eauto].
Qed.

Theorem delivery_never_fails : forall H l o, delivery H (l ++ [o]) ->
  forall i, In i (refers o) -> exists m, In (i, m) (log (run l)).
Proof.
  intros H l o D i I. apply delivery_last in D as (_ & O & _ & C).
  apply log_ids, C. now apply (refers_to_causes H o O).
Qed.
Print Assumptions delivery_never_fails.

(** ** Every copy judges alike *)

(** What an op means follows from what the ops meant to which it refers. *)
Lemma judge_refers : forall p q o, (forall i, In i (refers o) -> p i = q i) -> judge p o = judge q o.
Proof.
  intros p q [i parent named | i targets | i d | i] E; simpl in *; try easy.
  - replace (joined q i parent named) with (joined p i parent named).
    + destruct parent; [|easy]. rewrite E; simpl; auto.
    + unfold joined. destruct named; [|easy]. rewrite E; [easy|]. apply in_or_app; simpl; auto.
  - replace (forallb (fun t => adds (q t)) targets) with (forallb (fun t => adds (p t)) targets); [easy|].
    induction targets as [|t targets IH]; simpl; [easy|]. rewrite E, IH; simpl in *; auto.
  - now rewrite E by auto.
Qed.

Lemma past_apply : forall s o i,
  past (apply s o) i = if id_eqb (op_id o) i then judge (past s) o else past s i.
Proof. easy. Qed.

(** What an op means does not change when more comes. *)
Lemma settled : forall H l o, delivery H l -> In o l ->
  past (run l) (op_id o) = judge (past (run l)) o.
Proof.
  intros H l o D. revert o. induction D as [|l new D IH N F C]; intros o I; [easy|].
  assert (forall i, In i (ids l) -> past (run (l ++ [new])) i = past (run l) i) as old.
  { intros i In_l. rewrite run_next, past_apply. now destruct (id_eqb_spec (op_id new) i) as [<-|]. }
  rewrite (judge_refers (past (run (l ++ [new]))) (past (run l)) o).
  - apply in_app_or in I as [I | [<- | []]].
    + rewrite old; [now apply IH|]. now apply in_map.
    + rewrite run_next, past_apply. now rewrite id_eqb_refl.
  - intros i R. apply old. apply in_app_or in I as [I | [<- | []]].
    + destruct (delivered H l o D I) as [O K]. apply K. now apply (refers_to_causes H).
    + apply C. now apply (refers_to_causes H).
Qed.

(** Whether an op is void, and whether it names a wrong chain, is the same in
    every delivery of any part of the history that has the op. *)
Theorem judged_alike : forall H l l' i, delivery H l -> delivery H l' ->
  In i (ids l) -> In i (ids l') -> past (run l) i = past (run l') i.
Proof.
  intros H l l' i D D'. remember (lamport i) as n eqn:L. revert i L.
  induction n as [n IH] using (well_founded_induction N.lt_wf_0). intros i -> I I'.
  apply in_map_iff in I as (o & <- & I). apply in_map_iff in I' as (o' & E & I').
  destruct (delivered H l o D I) as [O C]. destruct (delivered H l' o' D' I') as [O' C'].
  apply (ids_unique H) in E; [subst o' | easy | easy].
  rewrite (settled H l o), (settled H l' o) by easy. apply judge_refers. intros i R.
  apply (refers_to_causes H o O) in R.
  apply (IH (lamport i)); auto. now apply (lamport_rises H).
Qed.
Print Assumptions judged_alike.

(** ** The list is a document: unique ids, rising keys, well placed *)

Lemma past_known : forall l i, past (run l) i <> Nothing -> In i (ids l).
Proof.
  induction l as [|o l IH] using rev_ind; intros i; [easy|].
  rewrite run_next, past_apply, ids_next, in_app_iff. simpl.
  destruct (id_eqb_spec (op_id o) i); auto.
Qed.

(** Only an Insert adds an element, behind an origin that is one. *)
Lemma judge_adds : forall p o e, judge p o = Adds e -> exists named,
  o = Insert (eid e) (origin e) named /\ chain e = joined p (eid e) (origin e) named /\
  forall q, origin e = Some q -> exists x, p q = Adds x.
Proof.
  intros p [i parent named | i targets | i d | i] e; simpl.
  - destruct parent as [q|]; [destruct (p q) eqn:P; simpl|]; try easy; intros [= <-]; exists named; simpl;
      repeat split; try easy. intros q' [= <-]. now exists e0.
  - now destruct (forallb _ _).
  - now destruct (p d).
  - easy.
Qed.

Lemma adds_own_id : forall p o e, judge p o = Adds e -> eid e = op_id o.
Proof. intros p o e J. now apply judge_adds in J as (named & -> & _). Qed.

Lemma elements_past : forall H l e, delivery H l ->
  (In e (elements (run l)) <-> past (run l) (eid e) = Adds e).
Proof.
  intros H l e D. induction D as [|l o D IH O F C]; [easy|].
  rewrite run_next, past_apply. destruct (id_eqb_spec (op_id o) (eid e)) as [E | E]; simpl.
  - assert (~ In e (elements (run l))) as absent.
    { intros I. apply F. rewrite E. apply past_known. now rewrite (proj1 IH I). }
    destruct (judge (past (run l)) o) as [e' | | |] eqn:J; try (split; easy).
    rewrite place_in. split; [intros [-> |]; easy | intros [= ->]; auto].
  - destruct (judge (past (run l)) o) as [e' | | |] eqn:J; auto.
    rewrite place_in, IH. split; [|auto]. intros [-> |]; [|easy].
    apply adds_own_id in J. now destruct E.
Qed.

Lemma past_element : forall H l i e, delivery H l -> past (run l) i = Adds e ->
  eid e = i /\ In e (elements (run l)).
Proof.
  intros H l i e D P. assert (In i (ids l)) as I by (apply past_known; now rewrite P).
  apply in_map_iff in I as (o & <- & I). pose proof P as J. rewrite (settled H l o D I) in J.
  apply adds_own_id in J. split; [easy|]. apply (elements_past H); [easy|]. now rewrite J.
Qed.

Lemma joined_cases : forall p i parent named,
  joined p i parent named = i \/
  exists n x, named = Some n /\ p n = Adds x /\ origin x = parent /\ joined p i parent named = chain x.
Proof.
  intros p i parent [n|]; simpl; auto. destruct (p n) as [x | | |] eqn:X; auto.
  destruct (same_place (origin x) parent) eqn:S; auto. right. exists n, x. repeat split; auto.
  destruct (origin x) as [a|], parent as [b|]; simpl in S; try easy.
  destruct (id_eqb_spec a b); congruence.
Qed.

Lemma judged_placeable : forall H l o e, delivery H (l ++ [o]) -> document (elements (run l)) ->
  judge (past (run l)) o = Adds e -> placeable (elements (run l)) e.
Proof.
  intros H l o e D W J. apply delivery_last in D as (D & O & F & _).
  apply judge_adds in J as (named & E & C & P).
  assert (forall i, In i (refers o) -> id_less i (op_id o)) as less.
  { intros i I. apply lamport_less, (lamport_rises H); [easy|]. now apply (refers_to_causes H). }
  rewrite E in less. simpl in less. repeat split.
  - destruct (joined_cases (past (run l)) (eid e) (origin e) named) as [-> | (n & x & -> & N & _ & K)] in C.
    + now left.
    + right. rewrite C, K. apply (past_element H) in N as [<- X]; [|easy].
      assert (id_less (eid x) (eid e)) as L by (apply less, in_or_app; simpl; auto).
      destruct (all_sound _ W x X) as [[-> | M] _]; [easy|]. now apply (less_trans _ id_order _ (eid x)).
  - intros p Q. destruct (joined_cases (past (run l)) (eid e) (origin e) named) as [K | (n & x & -> & N & S & K)];
      rewrite C, K.
    + apply less, in_or_app. rewrite Q. simpl; auto.
    + apply (past_element H) in N as [_ X]; [|easy]. apply (all_sound _ W x X). now rewrite S.
  - intros I. apply in_map_iff in I as (x & X & I). apply F. rewrite E. simpl. rewrite <- X.
    apply past_known. now rewrite (proj1 (elements_past H l x D) I).
  - intros p Q. destruct (P p Q) as [x X]. apply (past_element H) in X as [<- X]; [|easy]. now apply in_map.
Qed.

Theorem run_document : forall H l, delivery H l -> document (elements (run l)).
Proof.
  intros H l D. induction D as [|l o D IH O F C]; [now split; [|constructor|]|].
  rewrite run_next. simpl. destruct (judge (past (run l)) o) as [e | | |] eqn:J; auto.
  apply place_document; [easy|]. apply (judged_placeable H l o); [now constructor | easy | easy].
Qed.
Print Assumptions run_document.

(** Of that, in words: ids stay unique; *)
Theorem ids_stay_unique : forall H l, delivery H l -> NoDup (map eid (elements (run l))).
Proof. intros H l D. apply (run_document H l D). Qed.
Print Assumptions ids_stay_unique.

(** keys rise from parent to child, and a chain is never greater than the id. *)
Theorem keys_rise : forall H l e, delivery H l -> In e (elements (run l)) ->
  (chain e = eid e \/ id_less (chain e) (eid e)) /\
  forall p, origin e = Some p -> exists x, In x (elements (run l)) /\ eid x = p /\ x << e.
Proof.
  intros H l e D I. apply (run_document H) in D. split; [now apply D|]. intros p. now apply origin_present.
Qed.
Print Assumptions keys_rise.

(** ** Convergence *)

Lemma existsb_same : forall A (f g : A -> bool) l l',
  (forall x, f x = g x) -> (forall x, In x l <-> In x l') -> existsb f l = existsb g l'.
Proof.
  intros A f g l l' E M. apply eq_iff_eq_true. rewrite !existsb_exists.
  split; intros (x & I & F); exists x; apply M in I; [rewrite <- E | rewrite E]; auto.
Qed.

(** What a copy shows is a function of its log, taken as a set, and its list. *)
Lemma visible_same : forall s t i, (forall x, In x (log s) <-> In x (log t)) -> visible s i = visible t i.
Proof.
  intros s t i M. unfold visible, hit. f_equal. apply existsb_same; [|easy].
  intros [d [e | targets | d' |]]; simpl; try easy. f_equal. f_equal. unfold cancelled.
  now apply existsb_same.
Qed.

Lemma log_past : forall H l i m, delivery H l ->
  (In (i, m) (log (run l)) <-> In i (ids l) /\ past (run l) i = m).
Proof.
  intros H l i m D. induction D as [|l o D IH O F C]; [easy|].
  rewrite run_next, past_apply, ids_next, in_app_iff. simpl. rewrite IH.
  destruct (id_eqb_spec (op_id o) i) as [<- | N].
  - split; [intros [[= <-] | [I _]]; tauto | intros [_ <-]; auto].
  - split; [intros [[= E _] | []]; tauto | intros [[|[|[]]] ?]; tauto].
Qed.

(** The document is a function of the set of ops. *)
Theorem convergence : forall H l l', delivery H l -> delivery H l' ->
  (forall o, In o l <-> In o l') -> same_document (run l) (run l').
Proof.
  intros H l l' D D' M.
  assert (forall i, In i (ids l) <-> In i (ids l')) as I.
  { intros i. unfold ids. rewrite !in_map_iff. split; intros (o & E & I); exists o; split; auto; now apply M. }
  assert (forall i, past (run l) i = past (run l') i) as P.
  { intros i. destruct (in_dec ids_dec i (ids l)) as [K | K].
    - apply (judged_alike H); auto. now apply I.
    - destruct (past (run l) i) eqn:E, (past (run l') i) eqn:E'; auto; destruct K;
        (apply past_known; now rewrite E) || (apply I, past_known; now rewrite E'). }
  split.
  - apply one_document; try now apply (run_document H).
    intros e. now rewrite (elements_past H l), (elements_past H l'), P.
  - intros i. apply visible_same. intros [j m]. now rewrite (log_past H l), (log_past H l'), I, P.
Qed.
Print Assumptions convergence.

(** Two ops of which neither is a cause of the other may be taken in in either
    order: Inserts, Deletes, Restores, and any two of them. *)
Theorem concurrent_ops_commute : forall H l a b,
  delivery H (l ++ [a]) -> delivery H (l ++ [b]) -> op_id a <> op_id b ->
  same_document (apply (apply (run l) a) b) (apply (apply (run l) b) a).
Proof.
  intros H l a b A B N.
  assert (forall a b, delivery H (l ++ [a]) -> delivery H (l ++ [b]) -> op_id a <> op_id b ->
    delivery H ((l ++ [a]) ++ [b])) as both.
  { clear. intros a b A B N. apply delivery_last in B as (_ & O & F & C). constructor; auto; rewrite ids_next.
    - rewrite in_app_iff. simpl. tauto.
    - now apply incl_appl. }
  rewrite <- !run_next. apply (convergence H); auto.
  intros o. rewrite !in_app_iff. tauto.
Qed.
Print Assumptions concurrent_ops_commute.

(** ** The order of two elements never changes *)

(** Take any two copies, one with more than the other or each with ops that the
    other lacks. What they have in common is one list. *)
Theorem common_part : forall H l l', delivery H l -> delivery H l' ->
  keeping (fun i => adds (past (run l') i)) (elements (run l)) =
  keeping (fun i => adds (past (run l) i)) (elements (run l')).
Proof.
  assert (forall H l l' e, delivery H l -> delivery H l' -> In e (elements (run l)) ->
    adds (past (run l') (eid e)) = true -> In e (elements (run l'))) as in_both.
  { intros H l l' e D D' I A. apply (elements_past H) in I; [|easy]. apply (elements_past H); [easy|].
    rewrite <- I. symmetry. apply (judged_alike H); auto; apply past_known;
      [now rewrite I | intros E; now rewrite E in A]. }
  assert (forall H l e, delivery H l -> In e (elements (run l)) -> adds (past (run l) (eid e)) = true) as added.
  { intros H l e D I. now rewrite (proj1 (elements_past H l e D) I). }
  assert (forall H l l', delivery H l -> delivery H l' ->
    document (keeping (fun i => adds (past (run l') i)) (elements (run l)))) as good.
  { intros H l l' D D'. apply keeping_document; [now apply (run_document H)|].
    intros e p I A O. apply (in_both H l l') in A; auto.
    destruct (origin_present _ e p (run_document H l' D') A O) as (x & X & <- & _). eauto. }
  intros H l l' D D'. apply one_document; eauto. intros e. unfold keeping. rewrite !filter_In.
  split; intros [I A]; split; eauto.
Qed.
Print Assumptions common_part.

Definition stands_before (l : list element) (a b : element) : Prop :=
  exists A B, l = A ++ B /\ In a A /\ In b B.

Lemma before_keeping : forall keep l a b, keep (eid a) = true -> keep (eid b) = true ->
  (stands_before (keeping keep l) a b <-> stands_before l a b).
Proof.
  intros keep l a b KA KB. unfold keeping. split; intros (A & B & E & IA & IB).
  - assert (exists A' B', l = A' ++ B' /\ incl A A' /\ incl B B') as (A' & B' & -> & AA & BB).
    { clear IA IB. revert A E. induction l as [|x l IH]; simpl; intros A E.
      - symmetry in E. apply app_eq_nil in E as [-> ->]. now exists [], [].
      - destruct (keep (eid x)).
        + destruct A as [|y A]; simpl in E.
          * exists [], (x :: l). subst B. repeat split; try easy. intros y [<- | I]; [now left|].
            right. now apply filter_In in I.
          * injection E as <- E. destruct (IH A E) as (A' & B' & -> & AA & BB).
            exists (x :: A'), B'. repeat split; auto. now apply incl_cons; [left | apply incl_tl].
        + destruct (IH A E) as (A' & B' & -> & AA & BB).
          exists (x :: A'), B'. repeat split; auto. now apply incl_tl. }
    exists A', B'. auto.
  - subst l. exists (filter (fun e => keep (eid e)) A), (filter (fun e => keep (eid e)) B).
    rewrite filter_app, !filter_In. auto.
Qed.

(** Two elements that are in both copies stand in the same order in both. *)
Theorem order_is_stable : forall H l l' a b, delivery H l -> delivery H l' ->
  In a (elements (run l)) -> In a (elements (run l')) ->
  In b (elements (run l)) -> In b (elements (run l')) ->
  stands_before (elements (run l)) a b -> stands_before (elements (run l')) a b.
Proof.
  intros H l l' a b D D' A A' B B' S.
  apply (elements_past H) in A, A', B, B'; try easy.
  apply (before_keeping (fun i => adds (past (run l) i))); [now rewrite A | now rewrite B |].
  rewrite <- (common_part H l l') by easy.
  apply before_keeping; [now rewrite A' | now rewrite B' | easy].
Qed.
Print Assumptions order_is_stable.

(** ** An example

    Ann writes a. Bob, who has seen it, writes b behind it; Cid, who has seen it, deletes
    it. That is a history, and its ops can come in two orders. *)

Definition ann := Insert (Id 1 [1]) None None.
Definition bob := Insert (Id 2 [2]) (Some (Id 1 [1])) None.
Definition cid := Delete (Id 2 [3]) [Id 1 [1]].

Definition meeting : history.
Proof.
  refine (History (fun o => In o [ann; bob; cid])
    (fun o => match o with Insert _ None _ => [] | _ => [Id 1 [1]] end) _ _ _).
  - simpl. intuition (subst; easy).
  - simpl. intros o [<- | [<- | [<- | []]]]; easy.
  - simpl. intros o i [<- | [<- | [<- | []]]]; simpl; intuition (subst; easy).
Defined.

Example two_orders : delivery meeting [ann; bob; cid] /\ delivery meeting [ann; cid; bob].
Proof.
  assert (delivery meeting [ann]) as A by (apply (delivered_next _ []); [constructor | simpl; tauto | easy | easy]).
  split.
  - apply (delivered_next _ [ann; bob]); [apply (delivered_next _ [ann]); [exact A | ..] | ..];
      simpl; try tauto; try now intros [|[]]. all: unfold incl; simpl; intuition easy.
  - apply (delivered_next _ [ann; cid]); [apply (delivered_next _ [ann]); [exact A | ..] | ..];
      simpl; try tauto; try now intros [|[]]. all: unfold incl; simpl; intuition easy.
Qed.

Example one_text : same_document (run [ann; bob; cid]) (run [ann; cid; bob]).
Proof. apply (convergence meeting); try apply two_orders. intros o. simpl. tauto. Qed.
