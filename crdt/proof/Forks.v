(** * How a copy compares the tails of a chain that forked

    An id holds the hashes of a chain's changes up to the op (Ids.v). The program
    does not keep these lists. It keeps a tree of tails: of the changes that go on
    from one, the one with the least hash keeps the name, and every other begins a
    tail, with the place where it parted and its hash. Which tails there are
    depends on what the copy knows, and changes when more comes. Nevertheless the
    program's comparison ([replica.compare] in fork.go) is that of the lists of
    hashes, so it is the same in all copies at all times.

    A change is a list here: its hash and those of all before it in its chain.
    Instead of the Seq at which a tail parted its number in the list is compared;
    up to there the two chains are one, so that is the same. The program's tails
    have the first 16 bytes of a hash as their name; that stands for the hash. *)

From Inkling Require Import Ids.

Section Tails.
  (** What the copy knows, and whether x keeps the name among what goes on from
      the change c: it is the least that is known. *)
  Context (known : list N -> Prop) (keeps_name : list N -> N -> bool)
    (least_keeps_name : forall c x, keeps_name c x = true <-> forall y, known (c ++ [y]) -> x <= y).

  (** The tails that lead to a change: where each parted, and its hash. *)
  Fixpoint tails (c rest : list N) : list (nat * N) :=
    match rest with
    | h :: rest' =>
      (if keeps_name c h then [] else [(length c, h)]) ++ tails (c ++ [h]) rest'
    | [] => []
    end.

  (** At the first difference: which parted later is the lesser; of two that
      parted at one change, that with the lesser hash; and the chain stands before
      its tail. *)
  Fixpoint compare_tails (a b : list (nat * N)) : comparison :=
    match a, b with
    | [], [] => Eq
    | [], _ :: _ => Lt
    | _ :: _, [] => Gt
    | (from, x) :: a', (from', y) :: b' =>
      then_by (CompOpp (Nat.compare from from')) (then_by (x ?= y) (compare_tails a' b'))
    end.

  (** All tails of what comes behind c part behind c. *)
  Lemma tails_later : forall rest c from x, In (from, x) (tails c rest) -> (length c <= from)%nat.
  Proof.
    induction rest as [|h rest IH]; simpl; intros c from x I; [easy|].
    apply in_app_or in I as [I | I].
    - destruct (keeps_name c h); [easy|]. now destruct I as [[= <- <-] | []].
    - apply IH in I. rewrite app_length in I. simpl in I. lia.
  Qed.

  (** The name goes on in a; b parts from it at c. *)
  Lemma name_before_tail : forall c x a y b, keeps_name c x = true -> keeps_name c y = false ->
    compare_tails (tails c (x :: a)) (tails c (y :: b)) = Lt.
  Proof.
    intros c x a y b X Y. simpl. rewrite X, Y. simpl.
    destruct (tails (c ++ [x]) a) as [|[from h] more] eqn:T; [easy|].
    assert (length (c ++ [x]) <= from)%nat as L by (apply (tails_later a _ from h); rewrite T; now left).
    rewrite app_length in L. simpl in L.
    simpl. now rewrite (proj2 (Nat.compare_gt_iff from (length c))) by lia.
  Qed.

  Lemma compare_parted : forall c x a y b, known (c ++ [x]) -> known (c ++ [y]) -> x < y ->
    compare_tails (tails c (x :: a)) (tails c (y :: b)) = Lt.
  Proof.
    intros c x a y b X Y L.
    assert (keeps_name c y = false) as NY.
    { destruct (keeps_name c y) eqn:E; [|easy]. pose proof (proj1 (least_keeps_name c y) E x X). lia. }
    destruct (keeps_name c x) eqn:NX; [now apply name_before_tail|].
    simpl. rewrite NX, NY. simpl. rewrite Nat.compare_refl. simpl. apply N.compare_lt_iff in L. now rewrite L.
  Qed.

  Lemma compare_tails_swap : forall a b, compare_tails b a = CompOpp (compare_tails a b).
  Proof.
    induction a as [|[f x] a IH]; destruct b as [|[g y] b]; simpl; try easy.
    rewrite IH, (Nat.compare_antisym f g), (N.compare_antisym x y).
    now destruct (Nat.compare f g), (x ?= y).
  Qed.

  Lemma compare_common : forall c before a b,
    compare_tails (tails before (c ++ a)) (tails before (c ++ b)) =
    compare_tails (tails (before ++ c) a) (tails (before ++ c) b).
  Proof.
    induction c as [|h c IH]; simpl; intros before a b; [now rewrite app_nil_r|].
    replace (before ++ h :: c) with ((before ++ [h]) ++ c) by now rewrite <- app_assoc.
    destruct (keeps_name before h); simpl; [apply IH|].
    rewrite Nat.compare_refl, N.compare_refl. apply IH.
  Qed.

  Lemma compare_writers_common : forall c a b, compare_writers (c ++ a) (c ++ b) = compare_writers a b.
  Proof. induction c as [|h c IH]; simpl; intros a b; [easy|]. rewrite N.compare_refl. apply IH. Qed.

  (** Two changes whose chains part behind c, with x and with y. (Where one is a
      change further on of the other's own chain, the Lamport has decided.) *)
  Theorem tails_compare_as_hashes : forall c x a y b,
    known (c ++ [x]) -> known (c ++ [y]) -> x <> y ->
    compare_tails (tails [] (c ++ x :: a)) (tails [] (c ++ y :: b)) =
    compare_writers (c ++ x :: a) (c ++ y :: b).
  Proof.
    intros c x a y b X Y D. rewrite compare_common, compare_writers_common. simpl app.
    cbn [compare_writers]. destruct (N.compare_spec x y) as [E | L | L]; [easy | |].
    - now apply compare_parted.
    - rewrite compare_tails_swap. now rewrite compare_parted.
  Qed.
End Tails.

Print Assumptions tails_compare_as_hashes.

(** So copies that know different parts of a forked chain, and call its tails by
    different names, compare alike. *)
Theorem tails_compare_alike : forall (known known' : list N -> Prop) keeps_name keeps_name',
  (forall c x, keeps_name c x = true <-> forall y, known (c ++ [y]) -> x <= y) ->
  (forall c x, keeps_name' c x = true <-> forall y, known' (c ++ [y]) -> x <= y) ->
  forall c x a y b, x <> y ->
  known (c ++ [x]) -> known (c ++ [y]) -> known' (c ++ [x]) -> known' (c ++ [y]) ->
  compare_tails (tails keeps_name [] (c ++ x :: a)) (tails keeps_name [] (c ++ y :: b)) =
  compare_tails (tails keeps_name' [] (c ++ x :: a)) (tails keeps_name' [] (c ++ y :: b)).
Proof.
  intros. rewrite (tails_compare_as_hashes known), (tails_compare_as_hashes known'); easy.
Qed.
Print Assumptions tails_compare_alike.
