// Package docsync keeps one document equal with one peer over one stream: a
// state machine without the stream.
//
// # Idea
//
// Both ends say at once which changes they have committed (Have: where their chains
// end), and from then on each sends what the other lacks: first what is
// missing, later every change as it is committed. The one who receives commits
// and then says so (Ack). There is no leader and no history: a
// stream that breaks is opened anew and begins with Have. Changes that come
// twice do no harm, so nothing is remembered for a peer that is away.
//
// # Forks
//
// A chain may have been continued twice, by a machine that was set back to an older state. So what one has
// is told by heads: a [crdt.Head] names one change, and who tells it has that and all before it in its chain. What a
// head means depends on what else is known, so the library is asked anew for each load:
//
//   - A head that the library has: the peer lacks nothing that is at or before it.
//   - One that it has not, further than the end of a chain that did not fork as far as is known here: the
//     peer counts as having all of this chain.
//   - Any other that it has not says nothing.
//
// The second is the usual case of somebody who is ahead, and may be wrong: the peer may have another tail. Then it cannot
// place the head that this end told, which is not further than its own or of a chain that it knows to have
// forked, so it sends all that it has of the chain. With that the fork is known here, and the
// next load sends the tail that the peer lacks. The tail may build on other changes that this end lacks for the same reason, so that
// the library cannot keep it yet. But it overlaps what is here, and that is enough: from then on the
// second is not applied to that chain. So two that go on talking end with the same, and the
// price of a fork is that its chain may be sent once more.
//
// # Blocks
//
// Who lacks much is given a block: many changes in few bytes, of which the library keeps few signatures, so that they cannot be taken one by
// one. Whether is the library's to say, when it is asked for changes; block.go says how the two agree on it. The bytes
// go by another stream; a machine knows only up to where they came.
//
// # Words
//
//	head     where a chain, or one tail of it, ends
//	theirs   what the peer has or was sent: the next load begins behind it
//	mine     what the peer knows that this end has committed
//	load     read changes that the peer lacks from the library
//	store    commit changes that came from the peer to the library
//
// # Smallest example
//
//	m := docsync.New(heads, nil)
//	effect, err := m.Receive(message)  // Store or Acked
//	m.Stored(heads)                    // after the commit
//	m.Committed()                      // something new is in the library
//	step := m.Next()                   // Send, Load or Wait
//
// # What it does not do
//
// No stream, library, goroutine or clock. It does not decide who may have the
// document and does not look into changes further than replica, Seqs and stamp, and checks no signature. It holds at most one
// load (PackedChanges, or one change), of the peer's heads two sets of 16,384 at most, its own, and the hashes of 64 blocks.
package docsync
