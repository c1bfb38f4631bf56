// Package crdt is the document: text that several people may edit apart and
// that merges, when their changes meet, to the same text everywhere.
//
// # Idea
//
// A document is a sequence of elements, one per Unicode code point. Every element
// has an [ID] that no other will ever have, and remembers the element it was typed
// after, its origin. Nothing is ever removed: a deleted element stays as a tombstone,
// so that what others attach to it still finds its place. The order of elements
// follows from ids and origins alone (order.go), so two copies that have seen the
// same changes show the same text, in whatever order these arrived. This is an RGA
// (Roh et al., "Replicated abstract data types", 2011) with prepend chains.
//
// Each copy that somebody writes in has a chain of edits of its own, a replica. What is
// typed goes into the draft; [Doc.Flush] makes changes of it, which are hashed, each with the one
// before it and with those that its author had seen, and signed. Elsewhere [Doc.Apply] checks that,
// lets wait what came too early, and integrates the rest.
//
// In memory a document is two things. The history (history.go) is all ops in the order in
// which they arrived here, as a few tables of runs: who, what, where, when. It is never altered, and
// everything that was follows from it: old texts, authors, the bytes of every
// change. The tree (internal/spantree) is the elements in document order, 8 bytes for each stretch of them. An
// element or op is a local version in both, the place where it arrived, 4 bytes.
//
// # Words
//
//	element, offset      a code point with its ID; its place in the visible text
//	tombstone            a deleted element
//	origin, chain        what an element was typed after; with what it sorts (order.go)
//	Replica, ReplicaID   one copy's chain of edits; a device draws one per document
//	Seq                  counts a replica's edits: one per inserted code point, one per other op
//	ID                   {Replica, Seq}: names an element or an op for ever
//	Op, Change           Insert, Delete, Restore, Grant …; consecutive ops of one replica with their
//	                     causes: what is stored, hashed, signed and sent. Never altered
//	cause, table         what of other chains the author had seen; the chains that a chain has named
//	Lamport              logical time, derived from causes; orders ids
//	local version (LV)   the order of arrival in this copy
//	arrival, run, span   stretches of local versions: of one replica; of ops that are alike; of
//	                     elements that stand side by side
//	draft, flush, seal   local ops without a change; to make changes of them; to hash and sign these
//	ahead, step          changes that are examined but that no signature covers yet
//	pending              changes that wait for others; bounded
//	void                 an op that refers to what is not there: it does nothing, anywhere
//	fork, tail, family   a chain that went on twice; each way it went on; all of these (fork.go)
//	VersionVector, Head  what a copy has seen: for history; for other copies
//	Patch, Edit          what a view must change to show what happened
//	Anchor               a place that survives edits
//	Member, Grant        a device that may write; the op that lets it
//	Block                many changes in few bytes (FORMAT-BLOCKS.md): a history block has all, a later block
//	                     those since, an open-block is the document as it is in memory
//
// Insert, Delete and Undo are local wishes; Apply and integrate are remote facts.
//
// # Smallest example
//
//	d := crdt.New(genesis)
//	err := d.Attach(author)          // from now on local edits are the author's
//	d.Insert(0, "Hello", now)
//	batch := d.Flush()               // with the document's lock
//	changes := batch.Seal(key)       // without: it hashes and signs
//	d.Sealed(changes)                // with it; then store them, and send:
//	frame := changes[0].AppendFrame(nil)
//	// elsewhere
//	c, _, err := crdt.DecodeFrame(frame)
//	applied, err := other.Apply(c)   // applied.Patch: what a view must redraw
//
// # Where to read on
//
//	FORMAT.md, body.go, encode.go    bytes, and what they mean
//	order.go, integrate.go           the order rule, and how an op takes effect
//	local.go, draft.go, undo.go      what people do here
//	apply.go, ahead.go, reading.go   what comes from elsewhere, before it is believed
//	timetravel.go, authors.go        what was
//	block.go, openblock.go           what is on disk
//	canonical.go                     one order for one set; portable writes files in it
//	check.go, verify.go              whether all of it is right
//
// # What it does not do
//
// It knows no clock, randomness, file, network, goroutine or window: times, keys and
// nonces come in as arguments. A [Doc] is not safe for concurrent use. It decides who may write,
// by Grants, but not who may read, and it cannot make anybody forget.
package crdt
