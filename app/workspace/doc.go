// Package workspace is the hub of the program: it owns the library on disk, the
// network node and the open documents, and joins the three. It has no window.
//
// # Idea
//
// A [Workspace] is one library folder in use by one program. A [Session] is one
// open document and its wiring: the [crdt.Doc] behind a mutex, the goroutine that
// takes new edits to disk, the log of patches from which views catch up, and the
// carets of the other people in it.
//
// # A keystroke's way
//
// [Session.Replace] changes the document under the mutex and returns: the view can
// draw. The session's flush goroutine then takes the new ops as changes, hashes and
// signs them with the device's key outside the mutex, and hands them to the library's
// journal; when the commit has returned, the node is told, and it sends what is on disk
// to the peers. While a commit is under way, further keys gather and become one change.
//
// # A peer's edit's way
//
// The node hands bytes to the library face of the workspace (peers.go): decoded,
// checked and applied under the mutex, put into the journal in the order in which they
// were applied, committed, and only then acknowledged. Views are told after that. What
// waits for a cause or for a signature is not stored; what is forged is passed over.
// A document that no window shows is loaded for this and dropped again when it
// has been idle for a while.
//
// # A long history
//
// To somebody who lacks much of what was compacted, the block is given as a whole (block.go). It is verified and joined with the
// journal in one commit, off the session's mutex; then its changes are brought into the session, some at a time. Who writes
// meanwhile is not held up.
//
// # What becomes of old edits
//
// While nobody edits, and when a document has been closed, the keeper (keeper.go) has the library put a block in the place
// of the rows that have gathered. It takes one step of that at a time, with a rest in between, and nobody waits for it. A
// document opens out of its block and the few rows behind it; deleted text is unpacked beside the session, before anybody undoes.
//
// # Who may write
//
// A document's creator, and every device that a member granted it: letting a newcomer
// in commits a Grant before the newcomer is told (peers.go, standing.go). A session on
// a device that is no member, or on a document that needs a newer Inkling, shows the
// text and takes no edits; [Session.Standing] says which it is. A library that comes to
// another device, by copy or restore, has another key there and is such a reader in its
// old documents until it is invited again. One that was moved keeps its key (moved.go).
//
// # Who is known
//
// Two devices can know each other and share nothing: a code for the device alone pairs them. A person puts a document to one
// that is known by [Workspace.Put]: that commits a Grant, and has the document proposed until the other device has it
// (known.go). There it waits as an offer for the person (offers.go), or, where nobody sits, is taken from whom the owner has said, as
// long as there is room (service.go).
//
// # Set back
//
// A library that was put back by a backup or an old copy is noticed by its token (token.go), and each document is
// written on as a new replica. Where a whole computer was set back, the token was, too. Then the library writes on
// under the ReplicaID under which newer edits are with the
// peers. As soon as these come back, the document has both versions, and the session goes on as a new replica (fork.go):
// nothing of the old one can be undone, and the person is told once, by [Session.Forked]. Who
// writes nothing before they come back goes on as if nothing had happened.
//
// # Files
//
// A document can hold files (attach.go). They are in the library, by their hashes, and in its backups, and go along in the file of a document with its
// history (parcel.go). They are no part of the document: nothing of them is signed, merged or sent to peers.
//
// # By itself
//
// While it is open, a workspace makes backups, counts the days of the bin and destroys what was there for 30 of
// them (upkeep.go). It has each document found by what it says: when that has rested for two seconds, when it is closed,
// and at start where that was not done (indexing.go). While nobody edits it reads all that is stored again, every few days (scrub.go). A
// library that turns out damaged is salvaged at the next start, when the person asks for it (salvage.go).
//
// # What it does not do
//
// It draws nothing and calls nothing of a window; who wants to know what happens
// registers with [Workspace.Observe] or [Session.Watch] and moves to his own
// goroutine.
package workspace
