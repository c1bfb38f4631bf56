(** * The oracle: the model as an OCaml program

    [apply], [visible] and the list of elements, extracted to OCaml; oracle.ml
    reads histories and prints documents. Numbers become OCaml's int of 63 bits:
    the Lamports and ranks of a test are small. *)

From Inkling Require Import Model.
From Coq Require Import Extraction ExtrOcamlBasic ExtrOcamlZInt.

Extract Constant N.compare => "fun (x : int) y -> if x < y then Lt else if x = y then Eq else Gt".
Extraction Inline then_by.

Extraction "model.ml" apply empty visible elements.
