(** * The model: what one copy does

    A copy is a log of what each op meant, and the list of all elements in the
    order of the text, deleted ones included. [apply] takes one op in. It first
    judges what the op means (an Insert adds an element or is void, ...), from
    what earlier ops meant, and then does it. A new element is placed as the Go
    program places it: by skipping. Nothing here knows of a tree.

    [apply] is total: it has an answer for any op in any state. *)

From Inkling Require Export Ids.

(** ** Elements and ops *)

(** [origin] is the element behind which this one was inserted, None the root. *)
Record element := Element { eid : id; origin : option id; chain : id }.

Definition key_of (e : element) : key := (chain e, eid e).

(** a << b: the key of a is less than that of b. *)
Notation "a << b" := (key_less (key_of a) (key_of b)) (at level 70).

(** [named] is the element in front of which the author prepended. The bytes
    cannot name anything but an earlier op of the same chain of edits; the
    proofs need only that it is earlier. *)
Inductive op :=
| Insert (i : id) (origin named : option id)
| Delete (i : id) (targets : list id)
| Restore (i : id) (deleted : id)
| Other (i : id).

Definition op_id (o : op) : id :=
  match o with Insert i _ _ => i | Delete i _ => i | Restore i _ => i | Other i => i end.

Definition optional (i : option id) : list id :=
  match i with Some i => [i] | None => [] end.

(** The ids that an op refers to. *)
Definition refers (o : op) : list id :=
  match o with
  | Insert _ origin named => optional origin ++ optional named
  | Delete _ targets => targets
  | Restore _ deleted => [deleted]
  | Other _ => []
  end.

(** ** What an op means *)

(** Nothing is what a void op means, and one of an unknown kind. *)
Inductive meaning :=
| Adds (e : element)
| Hides (targets : list id)
| Cancels (deleted : id)
| Nothing.

Definition adds (m : meaning) : bool :=
  match m with Adds _ => true | _ => false end.

Definition same_place (a b : option id) : bool :=
  match a, b with
  | None, None => true
  | Some a, Some b => id_eqb a b
  | _, _ => false
  end.

(** The chain of the element i behind origin: that of the named element if it is
    one with the same origin. Otherwise the chain is wrong, or none was named,
    and i is its own chain. *)
Definition joined (past : id -> meaning) (i : id) (parent named : option id) : id :=
  match named with
  | None => i
  | Some n =>
    match past n with
    | Adds e => if same_place (origin e) parent then chain e else i
    | _ => i
    end
  end.

(** [past] says what earlier ops meant. *)
Definition judge (past : id -> meaning) (o : op) : meaning :=
  match o with
  | Insert i parent named =>
    if match parent with None => true | Some p => adds (past p) end
    then Adds (Element i parent (joined past i parent named))
    else Nothing
  | Delete _ targets => if forallb (fun t => adds (past t)) targets then Hides targets else Nothing
  | Restore _ d => match past d with Hides _ => Cancels d | _ => Nothing end
  | Other _ => Nothing
  end.

(** ** The skip rule *)

(** Past every element whose key is greater than that of e. *)
Fixpoint skip (e : element) (l : list element) : list element :=
  match l with
  | x :: l' => if key_lessb (key_of e) (key_of x) then x :: skip e l' else e :: l
  | [] => [e]
  end.

(** Behind the element i, and from there on by skipping. *)
Fixpoint behind (i : id) (e : element) (l : list element) : list element :=
  match l with
  | x :: l' => if id_eqb (eid x) i then x :: skip e l' else x :: behind i e l'
  | [] => [e]
  end.

Definition place (e : element) (l : list element) : list element :=
  match origin e with None => skip e l | Some i => behind i e l end.

(** ** A copy *)

Record state := State { log : list (id * meaning); elements : list element }.

Definition empty : state := State [] [].

Fixpoint meaning_in (log : list (id * meaning)) (i : id) : meaning :=
  match log with
  | (j, m) :: rest => if id_eqb j i then m else meaning_in rest i
  | [] => Nothing
  end.

Definition past (s : state) : id -> meaning := meaning_in (log s).

Definition apply (s : state) (o : op) : state :=
  let m := judge (past s) o in
  State ((op_id o, m) :: log s)
        (match m with Adds e => place e (elements s) | _ => elements s end).

Definition run (l : list op) : state := fold_left apply l empty.

(** ** Visible is an element that no Delete hits but cancelled ones *)

Definition cancelled (s : state) (d : id) : bool :=
  existsb (fun entry => match snd entry with Cancels d' => id_eqb d d' | _ => false end) (log s).

Definition hit (s : state) (i : id) : bool :=
  existsb (fun entry => match snd entry with
    | Hides targets => existsb (id_eqb i) targets && negb (cancelled s (fst entry))
    | _ => false
    end) (log s).

Definition visible (s : state) (i : id) : bool := negb (hit s i).

(** Two copies show the same document. *)
Definition same_document (s t : state) : Prop :=
  elements s = elements t /\ forall i, visible s i = visible t i.

(** ** Histories and deliveries *)

(** A history is all that was ever written on one document: ops, and for each op
    its causes, that is, all that its author had seen. *)
Record history := History {
  ops : op -> Prop;
  causes : op -> list id;
  ids_unique : forall a b, ops a -> ops b -> op_id a = op_id b -> a = b;
  refers_to_causes : forall o, ops o -> incl (refers o) (causes o);
  lamport_rises : forall o i, ops o -> In i (causes o) -> lamport i < lamport (op_id o)
}.

Definition ids (l : list op) : list id := map op_id l.

(** The order in which one copy took in ops: each once, after all its causes. *)
Inductive delivery (H : history) : list op -> Prop :=
| delivered_none : delivery H []
| delivered_next : forall l o, delivery H l -> ops H o ->
    ~ In (op_id o) (ids l) -> incl (causes H o) (ids l) -> delivery H (l ++ [o]).
