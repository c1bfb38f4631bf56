(* The oracle reads histories, one op a line in the order of delivery, and answers each with its document
   as the model has it: all elements in the order of the text, +ID when visible, -ID when not.

     i ID ORIGIN NAMED      Insert; ORIGIN and NAMED are an ID or -
     d ID TARGET...         Delete
     r ID TARGET            Restore
     x ID                   an op that does nothing
     ?                      the end of a history: it is answered in one line, and the next one begins

   An ID is the Lamport and the writer's numbers, joined by dots: 12.3 or 12.3.7.40. *)

open Model

let id_of_string s =
  match List.map int_of_string (String.split_on_char '.' s) with
  | lamport :: (_ :: _ as writer) when List.for_all (fun n -> n >= 0) (lamport :: writer) -> { lamport; writer }
  | _ | (exception Failure _) -> failwith ("not an ID: " ^ s)

let optional_id = function "-" -> None | s -> Some (id_of_string s)

let op_of_words = function
  | [ "i"; i; origin; named ] -> Insert (id_of_string i, optional_id origin, optional_id named)
  | "d" :: i :: (_ :: _ as targets) -> Delete (id_of_string i, List.map id_of_string targets)
  | [ "r"; i; deleted ] -> Restore (id_of_string i, id_of_string deleted)
  | [ "x"; i ] -> Other (id_of_string i)
  | words -> failwith ("not an op: " ^ String.concat " " words)

let add_id b { lamport; writer } =
  Buffer.add_string b (string_of_int lamport);
  List.iter (fun n -> Buffer.add_char b '.'; Buffer.add_string b (string_of_int n)) writer

let answer s =
  let b = Buffer.create 1024 in
  List.iteri
    (fun n e ->
      if n > 0 then Buffer.add_char b ' ';
      Buffer.add_char b (if visible s e.eid then '+' else '-');
      add_id b e.eid)
    s.elements;
  print_endline (Buffer.contents b) (* flushes *)

let rec serve s line =
  match List.filter (( <> ) "") (String.split_on_char ' ' (input_line stdin)) with
  | [ "?" ] -> answer s; serve empty (line + 1)
  | words ->
    (match apply s (op_of_words words) with
     | s -> serve s (line + 1)
     | exception Failure why -> Printf.eprintf "oracle: line %d: %s\n" line why; exit 2)

let () = try serve empty 1 with End_of_file -> ()
