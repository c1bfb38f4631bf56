// Package docsync keeps one document equal with one peer over one stream: a
// state machine without the stream.
//
// # Idea
//
// Both ends say at once which changes they have committed (Have, a version
// vector), and from then on each sends what the other lacks: first what is
// missing, later every change as it is committed. The one who receives commits
// and then says so (Ack). There is no leader and no history: a
// stream that breaks is opened anew and begins with Have. Changes that come
// twice do no harm, so nothing is remembered for a peer that is away.
//
// # Words
//
//	theirs   what the peer has or was sent: the next load begins behind it
//	mine     what the peer knows that this end has committed
//	load     read changes that the peer lacks from the library
//	store    commit changes that came from the peer to the library
//
// # Smallest example
//
//	m := docsync.New(version, nil)
//	effect, err := m.Receive(message)  // Store or Acked
//	m.Stored(version)                  // after the commit
//	m.Committed()                      // something new is in the library
//	step, err := m.Next()              // Send, Load or Wait
//
// # What it does not do
//
// No stream, library, goroutine or clock. It does not decide who may have the
// document and does not look into changes further than replica and Seqs, and checks no signature. It holds at most one
// load (PackedChanges, or one change) and three version vectors.
package docsync
