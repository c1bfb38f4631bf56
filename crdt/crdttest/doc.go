// Package crdttest holds what tests of documents need: an oracle, a hostile
// network, random edits, a view that only follows patches, and recorded traces.
//
// # Idea
//
// The document in package crdt is built for speed. Here is the same document built
// to be obviously right: [Naive] keeps the tree of elements as a tree and reads it
// in preorder. A test makes random edits on a few documents, sends the changes
// through a [Network] that repeats, reorders and loses them, and compares each
// document with its own oracle after every step.
//
// # Words
//
//	Naive    the oracle: elements, origins and keys as the definition has them
//	Network  queues of encoded changes between peers
//	Edits    a stream of random local edits
//	View     text and paragraphs that follow patches, as a window does
//	Trace    what a person typed, keystroke by keystroke
//	History  a small document as lines of text, as the proof of the order rule has it
//
// # Smallest example
//
//	oracle := crdttest.NewNaive()
//	for _, c := range d.Flush(now) {
//		oracle.Apply(c)
//	}
//	if oracle.Text() != d.Text() { … }
//
// # What it does not do
//
// It is for tests only and takes its time: most of what Naive does costs time in
// proportion to the whole document. It checks no signatures and keeps no files.
package crdttest
