package crdt

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Doc is one copy of a document in memory. Offsets count visible code points and
// are good only until the next edit. An offset or range outside the text is the
// caller's bug and panics. A Doc is not safe for concurrent use.
type Doc struct {
	replicas replicas
	own      *replica // whose edits the local ones are; nil before Attach
	seq      sequence
	pending  pending
	draft    draft
	undo     undo
}

// New returns an empty document that has seen no change.
func New() *Doc {
	return &Doc{
		replicas: replicas{},
		seq:      newSequence(),
		pending:  newPending(),
		draft:    newDraft(),
	}
}

// Attach makes local edits be edits of r from now on, continuing at the Seq that
// d has seen of r. It panics when r is zero, or when edits of another replica
// have not been flushed. Edits of another replica can no longer be undone.
func (d *Doc) Attach(r ReplicaID) {
	if r.IsZero() {
		panic("crdt: attach to the zero replica")
	}
	if d.own != nil && d.own.id == r {
		return
	}
	if d.draft.holds() {
		panic("crdt: attach with unflushed edits of another replica")
	}
	d.own = d.replicas.intern(r)
	d.undo = undo{}
	for _, other := range d.replicas {
		d.draft.news[other] = struct{}{}
	}
}

// Len returns the length of the text in code points.
func (d *Doc) Len() int { return d.seq.sums[visible] }

// Lines returns the number of paragraphs: newlines + 1.
func (d *Doc) Lines() int { return d.seq.sums[newlines] + 1 }

// Text returns the whole text. O(length).
func (d *Doc) Text() string {
	var b strings.Builder
	for _, bl := range d.seq.blocks {
		for i := range bl.runs {
			if r := &bl.runs[i]; r.visible() {
				b.Write(r.content())
			}
		}
	}
	return b.String()
}

// Slice returns the text of the range [from, to). O(to-from) beyond finding from.
func (d *Doc) Slice(from, to int) string {
	d.mustRange(from, to)
	var b strings.Builder
	d.seq.stretches(from, to, func(r *run, first, n uint32) {
		b.Write(r.content()[r.byteAt(first):r.byteAt(first+n)])
	})
	return b.String()
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
	return d.seq.before(d.seq.nth(newlines, line-1))[visible] + 1
}

// LineAt returns the paragraph that offset lies in. An offset right behind a
// newline lies in the paragraph that the newline opens.
func (d *Doc) LineAt(offset int) int {
	d.mustRange(offset, offset)
	_, p := d.left(offset)
	return d.seq.before(p)[newlines]
}

// Author returns the ID of the visible element at offset, 0 ≤ offset < Len: who
// wrote it.
func (d *Doc) Author(offset int) ID {
	d.mustRange(offset, offset+1)
	p := d.seq.nth(visible, offset)
	r := d.seq.run(p)
	return ID{Replica: r.by.id, Seq: r.seq + p.off}
}

// Version returns what d has seen, its own unflushed edits included. The caller
// owns the result.
func (d *Doc) Version() VersionVector {
	v := make(VersionVector, len(d.replicas))
	for id, r := range d.replicas {
		if r.next > 0 {
			v[id] = r.next
		}
	}
	return v
}

// left returns the visible element on the left of offset, the root (nil) at the
// start, and the place right behind it.
func (d *Doc) left(offset int) (e element, p pos) {
	if offset == 0 {
		return element{}, pos{}
	}
	p = d.seq.nth(visible, offset-1)
	r := d.seq.run(p)
	return element{r.by, r.seq + p.off}, d.seq.behind(p)
}

func (d *Doc) mustRange(from, to int) {
	if from < 0 || from > to || to > d.Len() {
		panic(fmt.Sprintf("crdt: range %d to %d in a text of %d", from, to, d.Len()))
	}
}

func mustUTF8(text string) {
	if !utf8.ValidString(text) {
		panic(fmt.Sprintf("crdt: text is not valid UTF-8: %.40q", text))
	}
}
