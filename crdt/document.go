package crdt

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"inkling/crdt/internal/spantree"
)

// Doc is one copy of a document in memory. Offsets count visible code points and
// are good only until the next edit. An offset or range outside the text is the
// caller's bug and panics. A Doc is not safe for concurrent use.
type Doc struct {
	genesis Genesis
	docID   DocID
	history
	tree    *spantree.Tree // the elements in document order
	again   overlaps       // Deletes that hit an element beyond the first
	pending pending
	resume  []ReplicaID // families that wait until local edits are sealed
	splits  []parting   // since the last look ahead
	own     *replica    // whose edits the local ones are; nil before Attach
	draft   draft
	undo    undo
	spot    spot // of the last edit
	patches patches
	bodies  bodies
	deleted *Deleted // text of the block that d came from, still packed; mostly nil
}

// ErrForked says that a chain was continued elsewhere, too: the device must write
// as an [Author] with another nonce.
var ErrForked = errors.New("crdt: this copy's edits were continued elsewhere")

// ErrNotMember says that a device may not write in a document: it is not the
// creator's, and no Grant for it is known.
var ErrNotMember = errors.New("crdt: this device is no member of the document")

// New returns a document that has seen no change.
func New(g Genesis) *Doc {
	d := &Doc{
		genesis: g,
		docID:   g.DocID(),
		history: newHistory(),
		pending: newPending(),
		draft:   draft{from: none},
	}
	d.tree = spantree.New(&d.history)
	return d
}

// ID returns the name of the document.
func (d *Doc) ID() DocID { return d.docID }

// Genesis returns what the document started from.
func (d *Doc) Genesis() Genesis { return d.genesis }

// Attach makes local edits be edits of a from now on, continuing where d has seen
// that chain end. It gives [ErrNotMember] when a may not write, [ErrForked] when its chain forked, and panics when edits of
// another chain have not been flushed and sealed. Edits of another chain can no longer
// be undone.
func (d *Doc) Attach(a Author) error {
	id := a.Replica(d.docID)
	if d.own != nil && d.own.family == id && !d.Forked() {
		return nil
	}
	if d.holds() {
		panic("crdt: attach with unflushed edits of another replica")
	}
	r := d.byID[id]
	if r != nil && d.forked(r) {
		return ErrForked
	}
	if r == nil || r.next == 0 {
		grant, ok := d.membership(a.Device)
		if !ok {
			return ErrNotMember
		}
		r = d.intern(id, d.docID)
		r.author, r.grant = a, grant
	}
	if r.headNext != r.next {
		r.setHead(r.next, d.hashAt(moment{r, r.next}))
	}
	d.own = r
	d.undo = undo{}
	d.draft = newDraft(r, d.replicas)
	return nil
}

// Attached says whether d can be edited here, and the chain of the local edits.
func (d *Doc) Attached() (r ReplicaID, ok bool) {
	if d.own == nil {
		return ReplicaID{}, false
	}
	return d.own.family, true
}

// Forked says whether the attached chain turned out to have been continued elsewhere,
// too, as it is after an [Doc.Apply] when local edits have been sealed. What was written in it stays, but nothing more
// may be: attach an [Author] with another nonce at once.
func (d *Doc) Forked() bool { return d.own != nil && d.forked(d.own) }

// Len returns the length of the text in code points.
func (d *Doc) Len() int { return int(d.tree.Sums().Visible) }

// Lines returns the number of paragraphs: newlines + 1.
func (d *Doc) Lines() int { return int(d.tree.Sums().Newlines) + 1 }

// Text returns the whole text. O(length).
func (d *Doc) Text() string {
	var b strings.Builder
	b.Grow(d.Len())
	d.write(&b, 0, d.Len())
	return b.String()
}

// Slice returns the text of the range [from, to). O(to-from) beyond finding from.
func (d *Doc) Slice(from, to int) string {
	d.mustRange(from, to)
	var b strings.Builder
	d.write(&b, from, to)
	return b.String()
}

func (d *Doc) write(b *strings.Builder, from, to int) {
	d.stretches(from, to, func(lv, n uint32) {
		d.contents(lv, n, func(text []byte) { b.Write(text) })
	})
}

// stretches calls f for the elements of the visible range [from, to): n with
// consecutive local versions from lv on.
func (d *Doc) stretches(from, to int, f func(lv, n uint32)) {
	if from == to {
		return
	}
	left := uint32(to - from)
	for p := d.tree.Nth(spantree.Visible, from); left > 0; {
		s, _ := d.tree.At(p)
		if p = d.tree.Next(p, s.N); s.Dead {
			continue
		}
		n := min(left, s.N)
		f(s.First, n)
		left -= n
	}
}

// LineStart returns the offset of the first code point of a paragraph, counted
// from 0; for an empty last paragraph, Len.
func (d *Doc) LineStart(line int) int {
	if line < 0 || line >= d.Lines() {
		panic(fmt.Sprintf("crdt: line %d of %d", line, d.Lines()))
	}
	if line == 0 {
		return 0
	}
	return d.tree.Rank(spantree.Visible, d.tree.Nth(spantree.Newlines, line-1)) + 1
}

// LineAt returns the paragraph that offset lies in. An offset right behind a
// newline lies in the paragraph that the newline opens.
func (d *Doc) LineAt(offset int) int {
	d.mustRange(offset, offset)
	_, p := d.left(offset)
	return d.tree.Rank(spantree.Newlines, p)
}

// Author returns the ID of the visible element at offset, 0 ≤ offset < Len.
func (d *Doc) Author(offset int) ID {
	d.mustRange(offset, offset+1)
	return d.id(d.element(offset))
}

// element returns the visible element at offset.
func (d *Doc) element(offset int) uint32 {
	s, _ := d.tree.At(d.tree.Nth(spantree.Visible, offset))
	return s.First
}

// Version returns what d has seen, its own unflushed edits included. The caller
// owns the result.
func (d *Doc) Version() VersionVector {
	v := make(VersionVector, len(d.replicas))
	for _, r := range d.replicas {
		if r.next > 0 {
			v[r.id] = r.next
		}
	}
	return v
}

// NeedsNewer says whether the document holds ops of kinds that this program does
// not know. Then it must not be edited: what it shows is not the whole truth.
func (d *Doc) NeedsNewer() bool { return d.unknown > 0 }

// left returns the visible element on the left of offset, none at the start, and
// the gap right behind it.
func (d *Doc) left(offset int) (lv uint32, p spantree.Pos) {
	if offset == 0 {
		return none, d.tree.Start()
	}
	p = d.tree.Nth(spantree.Visible, offset-1)
	s, _ := d.tree.At(p)
	return s.First, d.tree.Behind(p)
}

func (d *Doc) mustRange(from, to int) {
	if from < 0 || from > to || to > d.Len() {
		panic(fmt.Sprintf("crdt: range %d to %d in a text of %d", from, to, d.Len()))
	}
}

func (d *Doc) mustAttach() {
	if d.own == nil || d.Forked() {
		panic("crdt: a local edit before Attach, or in a chain that forked")
	}
}

func mustUTF8(text string) {
	if !utf8.ValidString(text) {
		panic(fmt.Sprintf("crdt: text is not valid UTF-8: %.40q", text))
	}
}
