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
	old   map[crdt.ReplicaID]int64              // and the place up to which it has all
	edits int                                   // how many Seqs it lacks
	first int64                                 // the place of the first change that it lacks; 0: it lacks none
}

// share finds what a copy has that told heads: nothing has to be looked up of a chain at whose end it is, one row of
// one that did not fork, all rows of one that did. Only if it lacks something of the base, that is unpacked.
func (l *Library) share(doc crdt.DocID, t *tail, told []crdt.Head) (*share, error) {
	s := &share{tail: t, heads: sortHeads(told), upTo: map[crdt.ReplicaID]uint32{},
		has: map[crdt.ReplicaID]map[crdt.Head]bool{}, old: map[crdt.ReplicaID]int64{}}
	for r, ends := range t.heads {
		var err error
		switch told := s.heads[r]; {
		case containsAll(told, ends):
			s.heads[r], s.upTo[r] = ends, furthest(ends)
		case len(ends) > 1:
			err = l.shareFamily(doc, s, r)
		case len(told) > 0 && told[0].Next > ends[0].Next:
			s.upTo[r] = ends[0].Next
		default:
			err = l.shareChain(doc, s, r)
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
const nextRowSQL = `
SELECT id & 0xffffffff, seq, previous FROM change
 WHERE doc = ? AND replica = ? AND seq >= ? AND id BETWEEN ? AND ? ORDER BY seq LIMIT 1`

// shareChain finds the furthest head that the copy told of a chain that did not fork: the change behind it
// names it. What the copy told besides is before that, or not known here.
func (l *Library) shareChain(doc crdt.DocID, s *share, r crdt.ReplicaID) error {
	start := crdt.Head{Replica: r}
	for _, h := range append(s.heads[r][:len(s.heads[r]):len(s.heads[r])], start) {
		place, behind, err := l.behind(doc, s.tail, h)
		if errors.Is(err, sql.ErrNoRows) {
			continue // h is another head with the Seq at which the chain ends
		}
		if err != nil {
			return err
		}
		if behind != h {
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

// behind finds the first change of h's chain, which did not fork, that begins at h's Seq or behind it. It returns the
// change's place and what it goes on from; [sql.ErrNoRows] when there is none.
func (l *Library) behind(doc crdt.DocID, t *tail, h crdt.Head) (place int64, previous crdt.Head, err error) {
	previous.Replica = h.Replica
	if h.Next < furthest(t.baseHeads()[h.Replica]) {
		a, err := l.archives.get(context.Background(), doc, t.base.block)
		if err != nil {
			return 0, previous, err
		}
		if place = a.behind(h); place > 0 {
			c := a.changes[place-1]
			return place, crdt.Head{Replica: h.Replica, Next: c.Seq, Stamp: c.Previous}, nil
		}
	}
	var stamp []byte
	err = l.readers.QueryRow(nextRowSQL, t.id, h.Replica[:], h.Next, t.first(), t.last()).Scan(&place, &previous.Next, &stamp)
	copy(previous.Stamp[:], stamp)
	return place, previous, err
}

// shareFamily finds what the copy has of a chain that forked. Who has all of the base's part of it has what its rows
// say.
func (l *Library) shareFamily(doc crdt.DocID, s *share, r crdt.ReplicaID) error {
	f, err := readFamily(l.readers, s.tail, r)
	if err != nil {
		return err
	}
	if old := s.tail.baseHeads()[r]; !f.reaches(old, s.heads[r]) {
		a, err := l.archives.get(context.Background(), doc, s.tail.base.block)
		if err != nil {
			return err
		}
		f.include(a, r)
	} else {
		s.old[r] = s.tail.block().covers()
		for _, h := range old {
			f.links[h] = link{}
		}
	}
	s.has[r], s.heads[r] = f.behind(s.heads[r])
	for h, row := range f.links {
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
func (s *share) includes(c *stored) bool {
	if has := s.has[c.Replica]; has != nil {
		return has[headOf(&c.Change)] || c.place <= s.old[c.Replica]
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
// written gives a [*LostError], and a block a [*BlockError], so that it is not passed on.
//
// Who has what the base covers, by the heads told, costs a look at rows only. Else the base is unpacked, and kept so
// for a while: about 2 µs for each change in it. Of these few have a signature; see [Library.Block] for what else such
// a copy can be given.
//
// Where the copy knows of a fork that is not known here, or the other way round, frames may come that it has; see package
// docsync for why two that go on talking end with the same.
func (l *Library) Since(doc crdt.DocID, have []crdt.Head, maxBytes int) (frames [][]byte, then []crdt.Head, err error) {
	err = l.upon(doc, func(t *tail) (err error) {
		frames, then, err = l.since(doc, t, have, maxBytes)
		return err
	})
	return frames, then, err
}

// upon calls f with doc's tail, again if meanwhile the journal has got another base: then rows may be gone that
// f looked for.
func (l *Library) upon(doc crdt.DocID, f func(t *tail) error) error {
	for {
		t, err := l.tail(doc)
		if err != nil {
			return err
		}
		failed := f(t)
		now, err := l.tail(doc)
		if err != nil {
			return err
		}
		if now.block().same(t.block()) {
			return failed
		}
	}
}

func (l *Library) since(doc crdt.DocID, t *tail, have []crdt.Head, maxBytes int) (frames [][]byte, then []crdt.Head, err error) {
	theirs, err := l.share(doc, t, have)
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
		case theirs.includes(s):
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
	err = l.upon(doc, func(t *tail) error {
		theirs, err := l.share(doc, t, have)
		if err != nil {
			return fmt.Errorf("storage: find changes of %s: %w", doc, err)
		}
		edits = theirs.edits
		return nil
	})
	return edits, err
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
