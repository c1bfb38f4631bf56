(** * The tree rule

    The format says it with a tree: every element is a child of its origin; the
    text is that tree read in preorder, an element before all below it; siblings
    stand in descending order of their keys. The program skips and has no tree.
    Both give the same list: a list of sound elements is well placed exactly when
    it is the preorder of their tree. *)

From Inkling Require Export Converge.

(** [preorder o part]: part is all that hangs below o, in the order of the tree
    rule: a child x of o, all that hangs below x, then the further children
    of o with all below them, the first of which has a key less than that of x. *)
Inductive preorder : option id -> list element -> Prop :=
| preorder_end : forall o, preorder o []
| preorder_child : forall o x below rest,
    origin x = o -> preorder (Some (eid x)) below -> preorder o rest ->
    (forall y rest', rest = y :: rest' -> y << x) ->
    preorder o (x :: below ++ rest).

(** ** What is to the left, in pieces *)

Lemma placed_app : forall A B left,
  well_placed left (A ++ B) <-> well_placed left A /\ well_placed (rev A ++ left) B.
Proof.
  induction A as [|x A IH]; simpl; intros B left; [tauto|].
  rewrite IH, <- app_assoc. simpl. tauto.
Qed.

Lemma nearest_beyond : forall k mid left,
  (forall e, In e mid -> ~ key_less (key_of e) k) -> nearest k (mid ++ left) = nearest k left.
Proof.
  intros k mid left. induction mid as [|x mid IH]; simpl; intros G; [easy|].
  destruct (key_lessb_spec (key_of x) k) as [L|]; [destruct (G x); auto | auto].
Qed.

Lemma placed_beyond : forall near mid left l,
  (forall e, In e mid -> exists m, In m near /\ m << e) ->
  (well_placed (near ++ mid ++ left) l <-> well_placed (near ++ left) l).
Proof.
  intros near mid left l. induction mid as [|e mid IH]; simpl; intros M; [easy|].
  rewrite placed_past by auto. apply IH. auto.
Qed.

(** ** A well placed list is the preorder *)

(** All that follows x directly with a greater key, and the rest. *)
Lemma greater_part : forall x l, exists below rest, l = below ++ rest /\
  (forall e, In e below -> x << e) /\ (forall y rest', rest = y :: rest' -> ~ x << y).
Proof.
  intros x. induction l as [|z l (below & rest & -> & B & R)].
  - now exists [], [].
  - destruct (key_lessb_spec (key_of x) (key_of z)) as [L | L].
    + exists (z :: below), rest. repeat split; auto. intros e [<- | I]; auto.
    + exists [], (z :: below ++ rest). repeat split; [easy|]. now intros y rest' [= <- _].
Qed.

Lemma placed_preorder : forall n o part left,
  (length part <= n)%nat -> NoDup (map eid part) -> well_placed left part ->
  (forall e, In e part -> nearest (key_of e) left = o) ->
  preorder o part.
Proof.
  induction n as [|n IH]; intros o [|x part] left L D W O; try constructor; simpl in L; try lia.
  destruct (greater_part x part) as (below & rest & -> & B & R). simpl in D, W.
  inversion D as [|? ? X D']; subst. rewrite app_length in L. rewrite map_app in X, D'.
  destruct W as [OX W]. apply placed_app in W as [WB WR].
  assert (forall y rest', rest = y :: rest' -> y << x) as S.
  { intros y rest' ->. apply not_less; [|now apply (R y rest')].
    intros E. apply X, in_or_app. right. now left. }
  assert (forall e, In e rest -> nearest (key_of e) left = o) as OR.
  { intros e I. apply O. right. apply in_or_app; auto. }
  constructor; auto.
  - rewrite OX. apply O. now left.
  - apply (IH _ _ (x :: left)); [lia | apply (distinct_parts _ _ D') | easy |].
    intros e I. simpl. destruct (key_lessb_spec (key_of x) (key_of e)) as [|N]; [easy|]. now destruct (N (B e I)).
  - apply (IH _ _ left); [lia | apply (distinct_parts _ _ D') | | easy].
    destruct rest as [|y rest]; [easy|]. specialize (S y rest eq_refl).
    assert (forall e, In e (rev below ++ [x]) -> y << e) as G.
    { intros e I. apply in_app_or in I as [I | [<- | []]]; [|easy].
      apply (less_trans _ key_order _ (key_of x)); [easy|]. now apply B, in_rev. }
    destruct WR as [OY WR].
    replace (rev below ++ x :: left) with ((rev below ++ [x]) ++ left) in * by now rewrite <- app_assoc.
    split.
    + rewrite OY. apply nearest_beyond. intros e I. apply less_asymmetric. auto.
    + apply (placed_beyond [y] (rev below ++ [x]) left rest); [|easy].
      intros e I. exists y. split; [now left | auto].
Qed.

(** ** The preorder is well placed *)

Lemma preorder_greater : forall o part, preorder o part -> (forall e, In e part -> sound e) ->
  forall p, sound p -> o = Some (eid p) -> forall e, In e part -> p << e.
Proof.
  intros o part P. induction P as [o | o x below rest O B IHB R IHR D]; intros S p SP E e I; [easy|].
  assert (p << x) as PX by (apply child_greater; [easy | apply S; now left | now rewrite O]).
  simpl in S. destruct I as [<- | I]; [easy|]. apply in_app_or in I as [I | I].
  - apply (less_trans _ key_order _ (key_of x)); [easy|]. apply IHB; auto. intros y Y. apply S.
    right. apply in_or_app; auto.
  - apply IHR; auto. intros y Y. apply S. right. apply in_or_app; auto.
Qed.

Lemma nearest_lower : forall k k' left o, nearest k left = o -> key_less k' k ->
  (forall p, In p left -> o = Some (eid p) -> key_less (key_of p) k') -> nearest k' left = o.
Proof.
  intros k k' left o N L. induction left as [|x left IH]; simpl in *; intros P; [easy|].
  destruct (key_lessb_spec (key_of x) k') as [M | M], (key_lessb_spec (key_of x) k) as [X | X]; auto.
  - destruct X. now apply (less_trans _ key_order _ k').
  - destruct M. apply P; [now left | easy].
Qed.

Lemma preorder_placed : forall o part, preorder o part -> (forall e, In e part -> sound e) ->
  forall left, (forall p, In p left -> sound p) ->
  (forall x part', part = x :: part' -> nearest (key_of x) left = o) -> well_placed left part.
Proof.
  intros o part P. induction P as [o | o x below rest O B IHB R IHR D]; intros S left SL N; [easy|].
  specialize (N x _ eq_refl).
  assert (sound x) as SX by (apply S; now left).
  assert (forall e, In e below -> sound e) as SB by (intros e I; apply S; right; apply in_or_app; auto).
  assert (forall e, In e rest -> sound e) as SR by (intros e I; apply S; right; apply in_or_app; auto).
  pose proof (preorder_greater _ _ B SB x SX eq_refl) as G.
  simpl. split; [congruence|]. apply placed_app. split.
  - apply IHB; auto.
    + intros p [<- | I]; auto.
    + intros y below' ->. simpl.
      destruct (key_lessb_spec (key_of x) (key_of y)) as [|M]; [easy|]. destruct M. apply G. now left.
  - apply IHR; auto.
    + intros p I. apply in_app_or in I as [I | [<- | I]]; auto. apply SB. now apply in_rev.
    + intros y rest' ->. specialize (D y rest' eq_refl).
      assert (origin y = o) as OY by now inversion R.
      replace (rev below ++ x :: left) with ((rev below ++ [x]) ++ left) by now rewrite <- app_assoc.
      rewrite nearest_beyond.
      * apply (nearest_lower (key_of x)); auto. intros p I E. apply child_greater; auto; [|congruence].
        apply SR. now left.
      * intros e I. apply less_asymmetric. apply in_app_or in I as [I | [<- | []]]; [|easy].
        apply (less_trans _ key_order _ (key_of x)); [easy|]. now apply G, in_rev.
Qed.

(** ** Both rules give one list *)

Theorem tree_rule : forall l, (forall e, In e l -> sound e) -> NoDup (map eid l) ->
  (preorder None l <-> well_placed [] l).
Proof.
  intros l S D. split.
  - intros P. now apply (preorder_placed None).
  - intros W. now apply (placed_preorder (length l) None l []).
Qed.
Print Assumptions tree_rule.

(** The list of every copy is the preorder of its tree, *)
Theorem skip_rule_is_tree_rule : forall H l, delivery H l -> preorder None (elements (run l)).
Proof. intros H l D. apply (run_document H) in D. apply tree_rule; apply D. Qed.
Print Assumptions skip_rule_is_tree_rule.

(** and whoever orders the same elements by the tree rule comes to that list. *)
Theorem tree_rule_is_skip_rule : forall H l l', delivery H l ->
  Permutation l' (elements (run l)) -> preorder None l' -> l' = elements (run l).
Proof.
  intros H l l' D P T. apply (run_document H) in D.
  assert (forall e, In e l' -> sound e) as S.
  { intros e I. apply D. now apply (Permutation_in e P). }
  assert (NoDup (map eid l')) as N.
  { apply (Permutation_NoDup (Permutation_map eid (Permutation_sym P))), D. }
  apply one_document; auto.
  - split; auto. now apply tree_rule.
  - intros e. split; apply Permutation_in; [|apply Permutation_sym]; easy.
Qed.
Print Assumptions tree_rule_is_skip_rule.
