package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"inkling/crdt"
)

// maxStretch is how many bytes of frames [Library.Since] gives beyond what it was
// asked for, so as to end at a signature.
const maxStretch = 4 << 20

// share is what another copy has of a document's journal, as far as it goes by the heads that
// the copy told: each change at or before one of them. A head that is not stored here says nothing, but for one
// that is further than a chain of which no fork is known: then the copy counts as having all that is here of
// the chain. If that is wrong, the copy has another tail, finds that it cannot place the head that is told
// to it, and sends the tail; with that, the fork is known here.
type share struct {
	tail  *tail
	heads heads                                 // those that say so; none is before another as far as both are stored
	upTo  map[crdt.ReplicaID]uint32             // in a chain that did not fork: where what it has ends
	has   map[crdt.ReplicaID]map[crdt.Head]bool // in one that did: the ends of changes that it has
	edits int                                   // how many Seqs it lacks
	first int64                                 // the place of the first change that it lacks; 0: it lacks none
}

// share finds what a copy has that told heads: nothing has to be looked up of a chain at whose end it is, one row of
// one that did not fork, all rows of one that did.
func (l *Library) share(t *tail, told []crdt.Head) (*share, error) {
	s := &share{tail: t, heads: sortHeads(told), upTo: map[crdt.ReplicaID]uint32{}, has: map[crdt.ReplicaID]map[crdt.Head]bool{}}
	for r, ends := range t.heads {
		var err error
		switch told := s.heads[r]; {
		case containsAll(told, ends):
			s.heads[r], s.upTo[r] = ends, furthest(ends)
		case len(ends) > 1:
			err = l.shareFamily(s, r)
		case len(told) > 0 && told[0].Next > ends[0].Next:
			s.upTo[r] = ends[0].Next
		default:
			err = l.shareChain(s, r)
		}
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

func containsAll(list, wanted []crdt.Head) bool {
	for _, h := range wanted {
		if !slices.Contains(list, h) {
			return false
		}
	}
	return true
}

// nextRowSQL gives the row behind a Seq of a chain that did not fork.
const nextRowSQL = `SELECT id & 0xffffffff, seq, previous FROM change WHERE doc = ? AND replica = ? AND seq >= ? AND id <= ? ORDER BY seq LIMIT 1`

// shareChain finds the furthest head that the copy told of a chain that did not fork: the row behind it
// names it. What the copy told besides is before that, or not known here.
func (l *Library) shareChain(s *share, r crdt.ReplicaID) error {
	start := crdt.Head{Replica: r}
	for _, h := range append(s.heads[r][:len(s.heads[r]):len(s.heads[r])], start) {
		behind := crdt.Head{Replica: r}
		var place int64
		var previous []byte
		err := l.readers.QueryRow(nextRowSQL, s.tail.id, r[:], h.Next, s.tail.last()).Scan(&place, &behind.Next, &previous)
		if errors.Is(err, sql.ErrNoRows) {
			continue // h is another head with the Seq at which the chain ends
		}
		if err != nil {
			return err
		}
		if copy(behind.Stamp[:], previous); behind != h {
			continue
		}
		s.heads[r], s.upTo[r] = nil, h.Next
		if h != start {
			s.heads[r] = []crdt.Head{h}
		}
		s.lacks(place, int(s.tail.heads[r][0].Next-h.Next))
		return nil
	}
	return fmt.Errorf("the chain of replica %s does not begin at 0", r)
}

// shareFamily finds what the copy has of a chain that forked.
func (l *Library) shareFamily(s *share, r crdt.ReplicaID) error {
	f, err := readFamily(l.readers, s.tail, r)
	if err != nil {
		return err
	}
	s.has[r], s.heads[r] = f.behind(s.heads[r])
	for h, row := range f.rows {
		if !s.has[r][h] {
			s.lacks(row.place, int(h.Next-row.seq))
		}
	}
	return nil
}

// lacks notes that the copy lacks so many edits, of changes from a place on.
func (s *share) lacks(place int64, edits int) {
	s.edits += edits
	if s.first == 0 || place < s.first {
		s.first = place
	}
}

// includes says whether the copy has c.
func (s *share) includes(c *crdt.Change) bool {
	if has := s.has[c.Replica]; has != nil {
		return has[headOf(c)]
	}
	return c.Next <= s.upTo[c.Replica]
}

// grow notes that the copy gets c, and had what is before it.
func (s *share) grow(c *crdt.Change) {
	var ends []crdt.Head
	for _, h := range s.heads[c.Replica] {
		if h != previousOf(c) {
			ends = append(ends, h)
		}
	}
	s.heads[c.Replica] = append(ends, headOf(c))
}

// Since returns the frames (crdt/FORMAT.md) of committed changes of doc that a copy
// which told the given heads lacks, in apply order: none when it lacks nothing, else at least
// one, and about maxBytes at most; and the heads that the copy can tell once it has them. Ask again with these for the
// rest. They end where signatures cover all of them, because nobody can apply
// others, and for that go up to 4 MiB beyond maxBytes. A row that is not what was
// written gives a [*LostError], so that it is not passed on.
//
// Where the copy knows of a fork that is not known here, or the other way round, frames may come that it has; see package
// docsync for why two that go on talking end with the same.
func (l *Library) Since(doc crdt.DocID, have []crdt.Head, maxBytes int) (frames [][]byte, then []crdt.Head, err error) {
	t, err := l.tail(doc)
	if err != nil {
		return nil, nil, err
	}
	theirs, err := l.share(t, have)
	if err != nil {
		return nil, nil, fmt.Errorf("storage: find changes of %s: %w", doc, err)
	}
	if theirs.first == 0 {
		return nil, theirs.heads.list(), nil
	}
	var lacking delta
	for s, err := range l.journal(context.Background(), doc, theirs.first-1) {
		switch {
		case err != nil:
			return nil, nil, err
		case s.place > t.place: // it may fork what theirs takes for a chain that did not
			return lacking.frames, theirs.heads.list(), nil
		case theirs.includes(&s.Change):
			continue
		}
		if err := s.check(); err != nil {
			d, _ := l.Document(doc) // for its title only
			return nil, nil, s.lost(doc, d.Title, err)
		}
		if !lacking.add(&s.Change, maxBytes) {
			break
		}
		theirs.grow(&s.Change)
	}
	return lacking.frames, theirs.heads.list(), nil
}

// Lacking returns how many edits (Seqs) of the committed changes of doc a copy lacks that told the given
// heads. Unknown documents give [ErrNotFound].
func (l *Library) Lacking(doc crdt.DocID, have []crdt.Head) (edits int, err error) {
	t, err := l.tail(doc)
	if err != nil {
		return 0, err
	}
	theirs, err := l.share(t, have)
	if err != nil {
		return 0, fmt.Errorf("storage: find changes of %s: %w", doc, err)
	}
	return theirs.edits, nil
}

// delta gathers frames for a copy that lacks them.
type delta struct {
	frames   [][]byte
	bytes    int
	unsigned map[crdt.Head]bool // ends of frames that no signature in a later one covers yet
}

// add appends c, unless there is enough.
func (d *delta) add(c *crdt.Change, maxBytes int) bool {
	if len(d.unsigned) > 0 {
		maxBytes += maxStretch
	}
	frame := c.AppendFrame(nil)
	if len(d.frames) > 0 && d.bytes+len(frame) > maxBytes {
		return false
	}
	d.frames = append(d.frames, frame)
	d.bytes += len(frame)
	delete(d.unsigned, previousOf(c))
	if c.Signature != nil {
		return true
	}
	if d.unsigned == nil {
		d.unsigned = map[crdt.Head]bool{}
	}
	d.unsigned[headOf(c)] = true
	return true
}
