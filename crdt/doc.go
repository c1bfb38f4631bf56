// Package crdt is the document: text that several people may edit apart and
// that merges, when their changes meet, to the same text everywhere.
//
// # Idea
//
// A document is a sequence of elements, one per Unicode code point. Every
// element has an [ID] that no other element will ever have, and remembers the
// element it was typed after (its origin). Nothing is ever removed: a deleted
// element stays as a tombstone, so that what others attach to it still finds
// its place. The order of elements follows from their ids and origins alone
// (order.go), so two copies that have seen the same changes show the same text,
// in whatever order the changes arrived. This is an RGA (Roh et al., "Replicated
// abstract data types", 2011) with prepend chains. Neighbouring elements typed
// one after the other are kept as one run.
//
// # Words
//
//	Replica, ReplicaID  one copy's chain of edits; a device has one per document
//	Seq                 counts a replica's edits from 0 without gaps: one per
//	                    inserted code point, one per any other op
//	ID                  {Replica, Seq}: names an element or an op for ever
//	Lamport             logical time, derived from causes; orders siblings
//	VersionVector       next Seq per replica: what a copy has seen
//	Op                  Insert, Delete or Restore
//	Change              consecutive ops of one replica with their causes: what is
//	                    stored, hashed and sent; immutable
//	Run                 consecutive elements kept as one
//	Block               many changes in few bytes, for a disk or a newcomer (FORMAT-BLOCKS.md):
//	                    a history block has all, a later block those since, an
//	                    open-block is the document as it is in memory
//	Span                a range of ids of one replica
//	Offset, range       positions in the visible text, counted in code points
//	Tombstone           an element that is deleted and keeps its place
//	Anchor              a place that survives edits
//	Patch, Edit         what a view must change to show what happened
//	Pending             changes that arrived before their cause; bounded
//	Draft               local ops that no change carries yet
//	Prepend chain       what one person inserts in front of its own text, sorted as one
//	Void                an op that refers to what is not there: it does nothing, anywhere
//	Genesis, DocID      what a document starts from, and its hash: its name
//
// Insert, Delete, Undo are local wishes; Apply and integrate are remote facts.
//
// # Smallest example
//
//	d := crdt.New()
//	d.Attach(replica)                      // from now on d writes as replica
//	d.Insert(0, "Hello", now)
//	for _, c := range d.Flush(now) {       // make changes of the new ops,
//		send(c.Bytes())                    // store and send them
//	}
//	// elsewhere
//	c, err := crdt.DecodeChange(bytes)
//	applied, err := other.Apply(c)         // applied.Patch: what a view must redraw
//
// # What it does not do
//
// It knows no clock, randomness, file, network, goroutine or window: times and
// random ids come in as arguments. A [Doc] is not safe for concurrent use. It
// does not authenticate anybody: who may write is decided before Apply.
package crdt
