(** * Ids and keys

    Every op of a document has an id, and every element a key; the order of the
    text is made of nothing else. This file says how ids and keys are compared
    and shows that both comparisons are strict total orders: of two different
    ones, exactly one is the lesser.

    An id is a Lamport number and a writer. The writer is a list of numbers: the
    rank of the family's ReplicaID and, where the family's chain forked, the
    hashes of the chain's changes up to the one that holds the op. Ids are
    compared by Lamport, then by the first number in which the writers differ.
    In a chain that forked that number is the hash of the change with which the
    two tails part. All of this is in the op and its own past: no copy has to
    know of a fork in order to compare rightly. *)

From Coq Require Export List Arith NArith Lia Bool Permutation.
Export ListNotations.
Open Scope N_scope.

(** ** What a comparison has to be *)

Record total_order {A : Type} (cmp : A -> A -> comparison) : Prop := {
  cmp_same : forall x y, cmp x y = Eq <-> x = y;
  cmp_swap : forall x y, cmp y x = CompOpp (cmp x y);
  cmp_trans : forall x y z, cmp x y = Lt -> cmp y z = Lt -> cmp x z = Lt
}.

(** What that means for "less". *)
Record strict_total_order {A : Type} (less : A -> A -> Prop) : Prop := {
  less_irreflexive : forall x, ~ less x x;
  less_trans : forall x y z, less x y -> less y z -> less x z;
  less_cases : forall x y, less x y \/ x = y \/ less y x
}.

Lemma total_is_strict : forall A (cmp : A -> A -> comparison),
  total_order cmp -> strict_total_order (fun x y => cmp x y = Lt).
Proof.
  intros A cmp T; split.
  - intros x L. rewrite (proj2 (cmp_same _ T x x) eq_refl) in L. discriminate.
  - apply (cmp_trans _ T).
  - intros x y. rewrite (cmp_swap _ T x y), <- (cmp_same _ T x y).
    destruct (cmp x y); simpl; auto.
Qed.

(** ** Comparing by one thing, then by another *)

Definition then_by (first second : comparison) : comparison :=
  match first with Eq => second | decided => decided end.

Lemma then_by_total : forall A B C (f : A -> B) (g : A -> C) by_f by_g,
  total_order by_f -> total_order by_g ->
  (forall x y, f x = f y -> g x = g y -> x = y) ->
  total_order (fun x y => then_by (by_f (f x) (f y)) (by_g (g x) (g y))).
Proof.
  intros A B C f g by_f by_g F G both; split; unfold then_by.
  - intros x y; split.
    + destruct (by_f (f x) (f y)) eqn:E; try discriminate.
      intros E'. apply both; [apply (cmp_same _ F) | apply (cmp_same _ G)]; assumption.
    + intros <-. now rewrite (proj2 (cmp_same _ F _ _) eq_refl), (proj2 (cmp_same _ G _ _) eq_refl).
  - intros x y. rewrite (cmp_swap _ F (f x)), (cmp_swap _ G (g x)).
    now destruct (by_f (f x) (f y)).
  - intros x y z.
    destruct (by_f (f x) (f y)) eqn:XY; try discriminate;
    destruct (by_f (f y) (f z)) eqn:YZ; try discriminate.
    + apply (cmp_same _ F) in XY. rewrite XY, YZ. apply (cmp_trans _ G).
    + apply (cmp_same _ F) in XY. now rewrite XY, YZ.
    + apply (cmp_same _ F) in YZ. now rewrite <- YZ, XY.
    + now rewrite (cmp_trans _ F _ _ _ XY YZ).
Qed.

Lemma N_total : total_order N.compare.
Proof.
  split.
  - apply N.compare_eq_iff.
  - apply N.compare_antisym.
  - intros x y z. rewrite !N.compare_lt_iff. apply N.lt_trans.
Qed.

(** ** Writers *)

Fixpoint compare_writers (a b : list N) : comparison :=
  match a, b with
  | [], [] => Eq
  | [], _ :: _ => Lt
  | _ :: _, [] => Gt
  | x :: a', y :: b' => then_by (x ?= y) (compare_writers a' b')
  end.

Lemma writers_total : total_order compare_writers.
Proof.
  split.
  - induction x as [|n x IH]; destruct y as [|m y]; simpl; try easy.
    unfold then_by. destruct (n ?= m) eqn:E.
    + apply N.compare_eq_iff in E as <-. rewrite IH. split; [now intros <-|now intros [=]].
    + split; [easy|]. intros [= <- _]. now rewrite N.compare_refl in E.
    + split; [easy|]. intros [= <- _]. now rewrite N.compare_refl in E.
  - induction x as [|n x IH]; destruct y as [|m y]; simpl; try easy.
    rewrite IH, (N.compare_antisym n m). now destruct (n ?= m).
  - induction x as [|n x IH]; destruct y as [|m y], z as [|k z]; simpl; try easy.
    unfold then_by.
    destruct (n ?= m) eqn:XY; try discriminate; destruct (m ?= k) eqn:YZ; try discriminate.
    + apply N.compare_eq_iff in XY as ->. rewrite YZ. apply IH.
    + apply N.compare_eq_iff in XY as ->. now rewrite YZ.
    + apply N.compare_eq_iff in YZ as <-. now rewrite XY.
    + now rewrite (cmp_trans _ N_total _ _ _ XY YZ).
Qed.

(** ** Ids *)

Record id := Id { lamport : N; writer : list N }.

Definition compare_ids (a b : id) : comparison :=
  then_by (lamport a ?= lamport b) (compare_writers (writer a) (writer b)).

Lemma ids_total : total_order compare_ids.
Proof.
  apply (then_by_total _ _ _ lamport writer _ _ N_total writers_total).
  intros [l w] [l' w']; simpl. congruence.
Qed.

Definition id_less (a b : id) : Prop := compare_ids a b = Lt.

Theorem id_order : strict_total_order id_less.
Proof. exact (total_is_strict _ _ ids_total). Qed.
Print Assumptions id_order.

Definition id_eqb (a b : id) : bool :=
  match compare_ids a b with Eq => true | _ => false end.

Lemma id_eqb_spec : forall a b, reflect (a = b) (id_eqb a b).
Proof.
  intros a b. apply iff_reflect. unfold id_eqb.
  rewrite <- (cmp_same _ ids_total). now destruct (compare_ids a b).
Qed.

Lemma id_eqb_refl : forall a, id_eqb a a = true.
Proof. intros a. now destruct (id_eqb_spec a a). Qed.

Lemma ids_dec : forall a b : id, {a = b} + {a <> b}.
Proof. intros a b. destruct (id_eqb_spec a b); auto. Qed.

(** An op has a greater Lamport than all that its author had seen. *)
Lemma lamport_less : forall a b, lamport a < lamport b -> id_less a b.
Proof.
  intros a b L. unfold id_less, compare_ids. apply N.compare_lt_iff in L. now rewrite L.
Qed.

(** ** Keys

    The key of an element is its chain, an id, and then its own id. *)

Definition key := (id * id)%type.

Definition compare_keys (a b : key) : comparison :=
  then_by (compare_ids (fst a) (fst b)) (compare_ids (snd a) (snd b)).

Lemma keys_total : total_order compare_keys.
Proof.
  apply (then_by_total _ _ _ fst snd _ _ ids_total ids_total).
  intros [c i] [c' i']; simpl. congruence.
Qed.

Definition key_less (a b : key) : Prop := compare_keys a b = Lt.

Theorem key_order : strict_total_order key_less.
Proof. exact (total_is_strict _ _ keys_total). Qed.
Print Assumptions key_order.

Definition key_lessb (a b : key) : bool :=
  match compare_keys a b with Lt => true | _ => false end.

Lemma key_lessb_spec : forall a b, reflect (key_less a b) (key_lessb a b).
Proof.
  intros a b. apply iff_reflect. unfold key_less, key_lessb. now destruct (compare_keys a b).
Qed.

Lemma key_less_chain : forall a b, id_less (fst a) (fst b) -> key_less a b.
Proof. intros a b L. unfold key_less, compare_keys. now rewrite L. Qed.
