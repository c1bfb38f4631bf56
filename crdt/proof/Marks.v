(** * Marks

    A mark (bold, a link, ...) is an op that sets one kind of formatting on some
    characters; taking formatting away is a mark too. Of all marks of one kind on
    one character the one with the greatest id decides. A copy needs to keep only
    that id; joining two copies keeps the greater one.

    This is a model of marks to come, and of nothing else yet. *)

From Inkling Require Import Ids.

Record mark := Mark { mark_id : id; characters : list id; kind : N }.

Definition covers (c : id) (k : N) (m : mark) : bool :=
  (kind m =? k) && existsb (id_eqb c) (characters m).

Definition join (a b : option id) : option id :=
  match a, b with
  | Some i, Some j => match compare_ids i j with Lt => b | _ => a end
  | None, _ => b
  | _, None => a
  end.

(** The id of the mark of kind k that counts on the character c. *)
Fixpoint deciding (l : list mark) (c : id) (k : N) : option id :=
  match l with
  | m :: l' => join (if covers c k m then Some (mark_id m) else None) (deciding l' c k)
  | [] => None
  end.

(** Joining is commutative, associative and idempotent. *)
Theorem join_commutative : forall a b, join a b = join b a.
Proof.
  intros [i|] [j|]; simpl; try easy. rewrite (cmp_swap _ ids_total i j).
  destruct (compare_ids i j) eqn:E; simpl; try easy. apply (cmp_same _ ids_total) in E. congruence.
Qed.
Print Assumptions join_commutative.

Theorem join_associative : forall a b c, join a (join b c) = join (join a b) c.
Proof.
  intros [i|] [j|] [k|]; simpl; try easy; try (now destruct (compare_ids i j)).
  destruct (compare_ids j k) eqn:JK, (compare_ids i j) eqn:IJ; simpl; rewrite ?IJ, ?JK; try easy.
  - apply (cmp_same _ ids_total) in JK as ->. now rewrite IJ.
  - apply (cmp_same _ ids_total) in JK as ->. now rewrite IJ.
  - now rewrite (cmp_trans _ ids_total _ _ _ IJ JK).
  - apply (cmp_same _ ids_total) in IJ as ->. now rewrite JK.
  - rewrite (cmp_swap _ ids_total j i) in IJ. rewrite (cmp_swap _ ids_total k j) in JK.
    assert (compare_ids k i = Lt) as E.
    { apply (cmp_trans _ ids_total _ j); [now destruct (compare_ids k j) | now destruct (compare_ids j i)]. }
    now rewrite (cmp_swap _ ids_total k i), E.
Qed.
Print Assumptions join_associative.

Theorem join_idempotent : forall a, join a a = a.
Proof. intros [i|]; simpl; [|easy]. now destruct (compare_ids i i). Qed.
Print Assumptions join_idempotent.

(** Two copies joined are one copy with the marks of both. *)
Theorem deciding_joins : forall l l' c k,
  deciding (l ++ l') c k = join (deciding l c k) (deciding l' c k).
Proof.
  induction l as [|m l IH]; simpl; intros l' c k; [easy|]. now rewrite IH, join_associative.
Qed.
Print Assumptions deciding_joins.

(** The deciding mark is there, and no other on that character is greater. *)
Theorem deciding_is_greatest : forall l c k i, deciding l c k = Some i <->
  (exists m, In m l /\ covers c k m = true /\ mark_id m = i) /\
  (forall m, In m l -> covers c k m = true -> ~ id_less i (mark_id m)).
Proof.
  assert (forall l c k, match deciding l c k with
    | None => forall m, In m l -> covers c k m = false
    | Some i => (exists m, In m l /\ covers c k m = true /\ mark_id m = i) /\
        forall m, In m l -> covers c k m = true -> ~ id_less i (mark_id m)
    end) as spec.
  { induction l as [|m l IH]; simpl; intros c k; [easy|]. specialize (IH c k).
    destruct (covers c k m) eqn:M, (deciding l c k) as [j|]; simpl.
    - destruct IH as [(n & I & N & <-) G]. destruct (compare_ids (mark_id m) (mark_id n)) eqn:E.
      + apply (cmp_same _ ids_total) in E. split; [exists m; auto|].
        intros o [<- | J] O; [apply (less_irreflexive _ id_order) | rewrite E; auto].
      + split; [exists n; auto|]. intros o [<- | J] O; [|auto].
        intros L. apply (less_irreflexive _ id_order (mark_id m)). now apply (less_trans _ id_order _ (mark_id n)).
      + split; [exists m; auto|]. intros o [<- | J] O; [apply (less_irreflexive _ id_order)|].
        intros L. apply (G o J O). apply (less_trans _ id_order _ (mark_id m)); [|easy].
        unfold id_less. now rewrite (cmp_swap _ ids_total (mark_id m)), E.
    - split; [exists m; auto|]. intros o [<- | J] O; [apply (less_irreflexive _ id_order)|].
      now rewrite (IH o J) in O.
    - destruct IH as [(n & I & N & E) G]. split; [exists n; auto|].
      intros o [<- | J] O; [now rewrite M in O | auto].
    - intros o [<- | J]; auto. }
  intros l c k i. specialize (spec l c k). destruct (deciding l c k) as [j|].
  - destruct spec as [(m & I & M & E) G]. split.
    + intros [= <-]. split; [exists m; auto | easy].
    + intros [(n & J & N & F) G']. f_equal. subst i j.
      destruct (less_cases _ id_order (mark_id m) (mark_id n)) as [L | [L | L]]; [|easy|].
      * destruct (G n J N L).
      * destruct (G' m I M L).
  - split; [easy|]. intros [(m & I & M & _) _]. now rewrite (spec m I) in M.
Qed.
Print Assumptions deciding_is_greatest.

(** What counts is a function of the set of marks. *)
Theorem marks_converge : forall l l' c k,
  (forall m, In m l <-> In m l') -> deciding l c k = deciding l' c k.
Proof.
  intros l l' c k M.
  assert (forall i, deciding l c k = Some i <-> deciding l' c k = Some i) as E.
  { intros i. rewrite !deciding_is_greatest. now setoid_rewrite M. }
  destruct (deciding l c k) as [i|]; [symmetry; now apply E|].
  destruct (deciding l' c k) as [i|]; [now apply E | easy].
Qed.
Print Assumptions marks_converge.
