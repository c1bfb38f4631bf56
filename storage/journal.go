package storage

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"inkling/crdt"
)

// codecChange says that a body is crdt.Change.Body.
const codecChange = 1

// maxTitle is how many bytes of a title the listing keeps.
const maxTitle = 1 << 10

// A SeqError says that changes handed to [Library.Append] go on from what is not stored:
// they leave a gap in their chain, or overlap what is stored of it. It is the caller's
// mistake. None of the changes in that call was stored.
type SeqError struct {
	Replica      crdt.ReplicaID
	Seq, WantSeq uint32 // WantSeq: where the journal goes on; the greatest where the chain forked
}

func (e *SeqError) Error() string {
	return fmt.Sprintf("storage: change at seq %d of replica %s, the journal goes on at %d", e.Seq, e.Replica, e.WantSeq)
}

// Append queues changes of doc, in apply order, with their hashes and [crdt.Change.Previous], and returns at
// once; it never waits for the disk. Neither changes nor the slice may be altered any
// more. done is called once, on a goroutine of the library: with nil after the commit,
// in the order of calls; with an error when the changes are wrong in themselves
// ([*SeqError], [ErrNotFound] for an unknown document), when too much waits already
// ([ErrFull]), or when the library gives up at [Library.Close].
// While the disk refuses, the changes wait and done is not called;
// see [Library.Trouble]. A slow done delays the others' but no commit.
//
// Changes that the journal has already are passed over. title (at most 1 KiB of it)
// and now become the document's title and time of last change, in the same
// transaction, unless all changes were passed over.
func (l *Library) Append(doc crdt.DocID, changes []*crdt.Change, title string, now time.Time, done func(error)) {
	j, err := l.newJob(doc, changes, title, now, done)
	if err == nil {
		err = l.queue.add(j, maxQueued)
	}
	if err != nil {
		go done(err) // the caller may hold what done needs
	}
}

// AwaitRoom waits until less than 256 KiB of changes are queued. Whoever appends
// what came from a peer calls it first, so that local changes, which come without
// waiting, never stand behind much. (It is apart from Append because the wait must
// not happen under the lock that keeps a document's journal in apply order.) An
// error means that remote changes are to be refused for now: ctx ended, the disk
// refuses, or the library is closed.
func (l *Library) AwaitRoom(ctx context.Context) error {
	if l.queue == nil {
		return ErrReadOnly
	}
	return l.queue.awaitRoom(ctx)
}

func (l *Library) newJob(doc crdt.DocID, changes []*crdt.Change, title string, now time.Time, done func(error)) (*job, error) {
	if l.queue == nil {
		return nil, ErrReadOnly
	}
	j := &job{doc: doc, title: title, now: now, done: done, cost: jobCost + len(title)}
	for _, c := range changes {
		if c.Replica.IsZero() || c.Next <= c.Seq || len(c.Body) > crdt.MaxChangeBytes || c.Hash == (crdt.Hash{}) {
			return nil, fmt.Errorf("storage: append to %s: a change of %d bytes with seqs %d to %d of replica %s and hash %x cannot be stored",
				doc, len(c.Body), c.Seq, c.Next, c.Replica, c.Hash[:4])
		}
		j.cost += len(c.Body)
	}
	j.changes = changes
	return j, nil
}

// trimTitle makes title fit to be kept: valid UTF-8, at most maxTitle bytes.
func trimTitle(title string) string { return trim(strings.ToValidUTF8(title, "\uFFFD"), maxTitle) }

// trim cuts s, at a letter's beginning, to at most n bytes.
func trim(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
