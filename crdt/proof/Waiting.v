(** * Duplicates and a waiting room

    What comes from a network comes in any order, several times, or for the time
    being not at all. A copy takes in an op when all its causes are there and lets
    it wait until then; what it has already it ignores. The waiting room has a
    bound: when too many wait, those given last are forgotten.

    None of that can be seen in the document. Whatever is given, what is taken in
    is a causal delivery, in which no op is twice; so the document is a function
    of the set of what was taken in. And that something was forgotten does no harm
    for good: once the ops of a causally closed set have come, perhaps once more, in
    a causal order, all of them are there. *)

From Inkling Require Export Converge.

Record copy := Copy { taken : list op; waiting : list op }.

Definition start : copy := Copy [] [].

Definition has_op (l : list op) (i : id) : bool := existsb (fun o => id_eqb i (op_id o)) l.

Section Room.
  Context (H : history) (room : nat).

  Definition ready (taken : list op) (o : op) : bool :=
    negb (has_op taken (op_id o)) && forallb (has_op taken) (causes H o).

  (** Takes in whatever is ready, over and over, until nothing is. *)
  Fixpoint settle (fuel : nat) (c : copy) : copy :=
    match fuel, find (ready (taken c)) (waiting c) with
    | S fuel', Some o =>
      settle fuel' (Copy (taken c ++ [o]) (filter (fun w => negb (id_eqb (op_id o) (op_id w))) (waiting c)))
    | _, _ => c
    end.

  (** An op that is there, or waits already, is not kept twice. *)
  Definition add (c : copy) (o : op) : copy :=
    if has_op (taken c) (op_id o) || has_op (waiting c) (op_id o) then c
    else Copy (taken c) (waiting c ++ [o]).

  (** One call with some ops: all of them wait, what is ready is taken in, and of
      those that still wait the last are forgotten while there are too many. *)
  Definition receive (c : copy) (given : list op) : copy :=
    let all := fold_left add given c in
    let settled := settle (length (waiting all)) all in
    Copy (taken settled) (firstn room (waiting settled)).

  Definition receive_all (c : copy) (calls : list (list op)) : copy := fold_left receive calls c.

  (** ** What is taken in is a causal delivery *)

  Lemma has_op_spec : forall l i, has_op l i = true <-> In i (ids l).
  Proof.
    intros l i. unfold has_op, ids. rewrite existsb_exists, in_map_iff.
    split; intros (o & A & B); exists o; [|split; [easy | rewrite A; apply id_eqb_refl]].
    now destruct (id_eqb_spec i (op_id o)).
  Qed.

  Lemma has_op_absent : forall l i, has_op l i = false <-> ~ In i (ids l).
  Proof. intros l i. rewrite <- has_op_spec. now destruct (has_op l i). Qed.

  Lemma ready_spec : forall l o, ready l o = true <-> ~ In (op_id o) (ids l) /\ incl (causes H o) (ids l).
  Proof.
    intros l o. unfold ready. rewrite andb_true_iff, negb_true_iff, has_op_absent, forallb_forall.
    unfold incl. now setoid_rewrite has_op_spec.
  Qed.

  (** What holds at any time. *)
  Definition good (c : copy) : Prop := delivery H (taken c) /\ forall o, In o (waiting c) -> ops H o.

  Lemma settle_good : forall fuel c, good c -> good (settle fuel c).
  Proof.
    induction fuel as [|fuel IH]; simpl; intros c [D W]; [now split|].
    destruct (find (ready (taken c)) (waiting c)) as [o|] eqn:F; [|now split].
    apply find_some in F as [I R]. apply ready_spec in R as [N C]. apply IH. split; simpl.
    - constructor; auto.
    - intros o' I'. apply filter_In in I' as [I' _]. auto.
  Qed.

  Lemma add_good : forall given c, good c -> (forall o, In o given -> ops H o) -> good (fold_left add given c).
  Proof.
    induction given as [|o given IH]; simpl; intros c G O; [easy|]. apply IH; auto.
    unfold add. destruct (_ || _); [easy|]. destruct G as [D W]. split; simpl; [easy|].
    intros o' I. apply in_app_or in I as [I | [<- | []]]; auto.
  Qed.

  Lemma firstn_in : forall A n (l : list A) x, In x (firstn n l) -> In x l.
  Proof. intros A n l x I. rewrite <- (firstn_skipn n l). apply in_or_app. auto. Qed.

  Lemma receive_good : forall c given, good c -> (forall o, In o given -> ops H o) -> good (receive c given).
  Proof.
    intros c given G O. apply (add_good given) in G; [|easy].
    destruct (settle_good (length (waiting (fold_left add given c))) _ G) as [D W]. split; simpl; [easy|].
    intros o I. apply W. now apply firstn_in in I.
  Qed.

  Lemma receive_all_good : forall calls c, good c -> (forall o, In o (concat calls) -> ops H o) ->
    good (receive_all c calls).
  Proof.
    induction calls as [|given calls IH]; simpl; intros c G O; [easy|].
    apply IH; [apply receive_good|]; auto; intros o I; apply O, in_or_app; auto.
  Qed.

  Theorem taken_is_a_delivery : forall calls, (forall o, In o (concat calls) -> ops H o) ->
    delivery H (taken (receive_all start calls)).
  Proof. intros calls O. apply receive_all_good; [split; [constructor | easy] | easy]. Qed.

  Theorem room_is_bounded : forall c given, (length (waiting (receive c given)) <= room)%nat.
  Proof. intros c given. apply firstn_le_length. Qed.

  (** ** What comes in a causal order is there *)

  Lemma settle_keeps : forall fuel c, incl (ids (taken c)) (ids (taken (settle fuel c))).
  Proof.
    induction fuel as [|fuel IH]; simpl; intros c; [easy|].
    destruct (find (ready (taken c)) (waiting c)) as [o|]; [|easy].
    intros i I. apply IH. simpl. rewrite ids_next. apply in_or_app; auto.
  Qed.

  Lemma add_has : forall given c,
    taken (fold_left add given c) = taken c /\
    incl (ids (waiting c)) (ids (waiting (fold_left add given c))) /\
    forall o, In o given -> In (op_id o) (ids (taken c) ++ ids (waiting (fold_left add given c))).
  Proof.
    induction given as [|o given IH]; simpl; intros c; [easy|].
    destruct (IH (add c o)) as (T & W & G).
    assert (taken (add c o) = taken c /\ incl (ids (waiting c)) (ids (waiting (add c o))) /\
      In (op_id o) (ids (taken c) ++ ids (waiting (add c o)))) as (T' & W' & G').
    { unfold add. rewrite in_app_iff. destruct (has_op (taken c) (op_id o)) eqn:A; simpl.
      - apply has_op_spec in A. easy || auto using incl_refl.
      - destruct (has_op (waiting c) (op_id o)) eqn:B; simpl; rewrite ?ids_next.
        + apply has_op_spec in B. auto using incl_refl.
        + repeat split; [now apply incl_appl | right; apply in_or_app; simpl; auto]. }
    rewrite T, T' in *. repeat split; [eauto using incl_tran|].
    intros o' [<- | I]; [|auto]. rewrite in_app_iff in *. destruct G'; auto.
  Qed.

  Lemma filter_shorter : forall A (f : A -> bool) l, (length (filter f l) <= length l)%nat.
  Proof. intros A f. induction l as [|x l IH]; simpl; [easy|]. destruct (f x); simpl; lia. Qed.

  (** With fuel for each that waits, nothing that waits is ready in the end, and
      what waited waits still or is there. *)
  Lemma settle_done : forall fuel c, (length (waiting c) <= fuel)%nat ->
    (forall o, In o (waiting (settle fuel c)) -> ready (taken (settle fuel c)) o = false) /\
    (forall i, In i (ids (waiting c)) -> In i (ids (taken (settle fuel c)) ++ ids (waiting (settle fuel c)))).
  Proof.
    induction fuel as [|fuel IH]; simpl; intros c L.
    - destruct (waiting c) as [|o w] eqn:W; simpl in L; [easy | lia].
    - destruct (find (ready (taken c)) (waiting c)) as [o|] eqn:F.
      + set (rest := filter _ _). destruct (IH (Copy (taken c ++ [o]) rest)) as [N K]; simpl.
        { apply find_some in F as [I _]. apply in_split in I as (A & B & E). unfold rest. rewrite E in *.
          rewrite filter_app. simpl. rewrite id_eqb_refl. simpl.
          rewrite !app_length in *. simpl in L.
          pose proof (filter_shorter _ (fun w => negb (id_eqb (op_id o) (op_id w))) A).
          pose proof (filter_shorter _ (fun w => negb (id_eqb (op_id o) (op_id w))) B). lia. }
        split; [easy|]. intros i I. destruct (id_eqb_spec (op_id o) i) as [<- | D].
        * apply in_or_app. left. apply settle_keeps. simpl. rewrite ids_next. apply in_or_app; simpl; auto.
        * apply K. simpl. apply in_map_iff in I as (o' & <- & I). apply in_map. apply filter_In. split; [easy|].
          now destruct (id_eqb_spec (op_id o) (op_id o')).
      + split; [intros o I; now apply (find_none _ _ F) | intros i I; apply in_or_app; auto].
  Qed.

  (** [part] is what of the call goes on with the causal order that has come as
      far as [before]. *)
  Lemma receive_takes : forall before part given c, good c -> (forall o, In o given -> ops H o) ->
    delivery H (before ++ part) -> incl part given ->
    incl (ids before) (ids (taken c)) -> incl (ids (before ++ part)) (ids (taken (receive c given))).
  Proof.
    intros before part given c G O D P B.
    pose proof (add_good given c G O) as GA. destruct (add_has given c) as (T & _ & A).
    destruct (settle_done (length (waiting (fold_left add given c))) (fold_left add given c)) as [N K]; [easy|].
    simpl. set (c' := settle _ _) in *.
    assert (incl (ids (taken c)) (ids (taken c'))) as keeps by (rewrite <- T; apply settle_keeps).
    assert (good c') as G' by now apply settle_good.
    clearbody c'. induction part as [|o part IH] using rev_ind; [rewrite app_nil_r; now apply (incl_tran B)|].
    rewrite app_assoc in *. apply delivery_last in D as (D & OO & _ & C).
    assert (incl (ids (before ++ part)) (ids (taken c'))) as there by (apply IH; [easy | now apply incl_app_inv in P]).
    rewrite ids_next. apply incl_app; [easy|]. intros i [<- | []].
    assert (In o given) as I by (apply P, in_or_app; simpl; auto).
    specialize (A o I). apply in_app_or in A as [A | A]; [now apply keeps|].
    apply K in A. apply in_app_or in A as [A | A]; [easy|].
    apply in_map_iff in A as (o' & E & A). pose proof (N o' A) as NR.
    apply (ids_unique H) in E; [subst o' | now apply G' | easy].
    destruct (in_dec ids_dec (op_id o) (ids (taken c'))) as [|F]; [easy|].
    rewrite (proj2 (ready_spec (taken c') o)) in NR; [easy|]. split; [easy|]. now apply (incl_tran C).
  Qed.

  (** Let each call bring the next part of a causal order, perhaps none of it, among
      whatever else. Then all of it is there in the end. *)
  Theorem given_in_order_is_there : forall calls parts,
    (forall o, In o (concat calls) -> ops H o) ->
    delivery H (concat parts) -> Forall2 (@incl op) parts calls ->
    incl (concat parts) (taken (receive_all start calls)).
  Proof.
    assert (forall parts calls, Forall2 (@incl op) parts calls -> forall before c, good c ->
      (forall o, In o (concat calls) -> ops H o) -> delivery H (before ++ concat parts) ->
      incl (ids before) (ids (taken c)) ->
      incl (ids (before ++ concat parts)) (ids (taken (receive_all c calls)))) as all.
    { intros parts calls P. induction P as [|part given parts calls I P IH]; simpl; intros before c G O D B.
      - now rewrite app_nil_r in *.
      - rewrite app_assoc in *. apply IH; auto.
        + apply receive_good; [easy|]. intros o J. apply O, in_or_app; auto.
        + intros o J. apply O, in_or_app; auto.
        + apply receive_takes; auto; [intros o J; apply O, in_or_app; auto | now apply delivery_part in D]. }
    intros calls parts O D P o I.
    assert (In (op_id o) (ids (taken (receive_all start calls)))) as J.
    { apply (all parts calls P []); simpl; auto; [split; [constructor | easy] | easy | now apply in_map]. }
    apply in_map_iff in J as (o' & E & J). apply (ids_unique H) in E; [now subst o' | | now apply (delivered H _ o D)].
    now apply (delivered H _ o' (taken_is_a_delivery calls O) J).
  Qed.
End Room.

Print Assumptions taken_is_a_delivery.
Print Assumptions room_is_bounded.
Print Assumptions given_in_order_is_there.

(** No op is taken in twice. *)
Theorem taken_once : forall H l, delivery H l -> NoDup (ids l).
Proof.
  intros H l D. induction D as [|l o D IH O F C]; [constructor|]. rewrite ids_next.
  apply (Permutation_NoDup (Permutation_cons_append (ids l) (op_id o))). now constructor.
Qed.
Print Assumptions taken_once.

(** So two copies that were given what you like, with rooms of any size, and took
    in the same ops show the same document. *)
Theorem waiting_changes_nothing : forall H room room' calls calls',
  (forall o, In o (concat calls) -> ops H o) -> (forall o, In o (concat calls') -> ops H o) ->
  let l := taken (receive_all H room start calls) in
  let l' := taken (receive_all H room' start calls') in
  (forall o, In o l <-> In o l') -> same_document (run l) (run l').
Proof. intros. apply (convergence H); auto; now apply taken_is_a_delivery. Qed.
Print Assumptions waiting_changes_nothing.
