// Package reconcile finds which of the documents that two peers share differ, in few bytes: a state machine without a
// stream.
//
// # Idea
//
// Two devices may share thousands of documents, of which a handful changed while they were apart. Each makes the [Set]
// of what it shares with the other: for each document 16 bytes of its id and 8 bytes that depend on where its chains
// end. The dialler tells the fingerprint of its whole set. If the listener's is the same, all is said. Otherwise the
// listener answers with a fingerprint for each of the 16 prefixes of one half byte; the dialler tells those of longer
// prefixes where they differ from its own; and so on, each end going down one level, until a range has few items and
// the listener lists them. It is range-based set reconciliation (A. Meyer, "Range-Based Set Reconciliation", SRDS 2023)
// over a tree of prefixes, which needs no agreement about where ranges end because ids are hashes, which lie evenly.
//
// Only the dialler learns what differs: it opens the documents' streams, and there both say exactly what they have. So
// nothing is lost by what the listener does not learn, and a set may be older than the answer: who commits a change
// tells that by itself.
//
// # Words
//
//	item     a document and the mark of its heads
//	mark     8 bytes of a salted SHA-256 of the id and the heads
//	prefix   all ids that begin with the same half bytes
//	range    what one peer has with a prefix: listed, or as a fingerprint
//	print    a fingerprint: 8 bytes of a salted SHA-256 of the items
//	descent  the dialler's way down
//
// The salt is the TLS exporter of the connection: nobody can make documents beforehand, or two states of one, that look
// the same. Each connection has a chance of 2^-64 per comparison to miss a difference; the next one has another salt.
//
// # Smallest example
//
//	descent := reconcile.NewDescent(reconcile.NewSet(exporter, mine)) // the dialler
//	ask, more := descent.Next()
//	answers := reconcile.NewSet(exporter, theirs).Answer(ask)         // the listener
//	differ, err := descent.Take(answers[0])                          // until one is the last; then Next again
//
// # Cost
//
// Sets of n documents of which d differ: at most log16(n/32)+2 ways, and where d is small about 16·8 bytes per level
// and 32·24 for the list, for each of d. Sets that have little in common cost the list of all items and a tenth more.
// Both ends hash at most their whole set once for each way.
//
// # What it does not do
//
// It does not decide which documents are shared, and does not fetch them. No stream, library, clock or goroutine.
package reconcile
