package crdt

import (
	"bytes"
	"slices"

	"github.com/klauspost/compress/zstd"

	"inkling/crdt/internal/spantree"
)

// textPiece is n elements with consecutive local versions from first on that stand next to each
// other in the document, all visible or all deleted.
type textPiece struct {
	first, n  uint32
	at, bytes uint32 // of their text in history.text
	chain     uint32 // of the first
	dead      bool
}

// texts is the elements of a document in document order, and the widths of the deleted ones.
type texts struct {
	pieces []textPiece
	widths []width
}

// newTexts returns the pieces of a tree; where their text is remains to be said.
func newTexts(tree *spantree.Tree) *texts {
	t := &texts{pieces: make([]textPiece, 0, tree.Spans())}
	for s := range tree.All() {
		t.pieces = append(t.pieces, textPiece{first: s.First, n: s.N, dead: s.Dead})
	}
	return t
}

// tree returns the pieces as a tree.
func (t *texts) tree(d *Doc) *spantree.Tree {
	b := spantree.NewBuilder(&d.history, len(t.pieces))
	for i := range t.pieces {
		p := &t.pieces[i]
		b.Add(d.part(spantree.Stretch{First: p.first, N: p.n, Dead: p.dead}, p.chain, d.text[p.at:p.at+p.bytes]))
	}
	return b.Tree()
}

// part returns s as a tree is built of it, given the chain of its first element and its text.
func (d *Doc) part(s spantree.Stretch, chain uint32, text []byte) spantree.Part {
	p := spantree.Part{Stretch: s, Rank: d.lamportAt(chain)}
	if !s.Dead {
		p.Newlines = uint32(bytes.Count(text, newline))
	}
	return p
}

// writeText writes the columns of live and deleted text.
func (w *blockWriter) writeText() {
	d := w.d
	t := newTexts(d.tree)
	live := make([]byte, 0, len(d.text))
	for _, p := range t.pieces {
		d.contents(p.first, p.n, func(text []byte) {
			if p.dead {
				t.addWidths(text)
				w.head.dead += uint32(len(text))
			} else {
				live = append(live, text...)
			}
		})
	}
	w.head.live, w.head.widths = uint32(len(live)), uint32(len(t.widths))
	w.columns[columnLive] = compress(live, zstd.SpeedBestCompression)
	w.columns[columnWidths] = writeWidths(t.widths)
	if w.head.dead > 0 {
		w.columns[columnDeleted] = packDeleted(d, t)
	}
}

// readText gives the elements their places and their text.
func (r *blockReader) readText() {
	d := r.d
	if !r.linear {
		d.reorder()
	}
	sums := d.tree.Sums()
	t := newTexts(d.tree)
	t.widths = r.readWidths(uint32(sums.Total - sums.Visible))
	live := r.readLive(int(sums.Visible))
	if r.err != nil {
		return
	}
	t.measure(live)
	d.text = make([]byte, r.head.live+r.head.dead)
	t.layOut(d, live)
	d.divideWide()
	d.tree = t.tree(d)
	if r.head.dead > 0 {
		d.deleted = &Deleted{packed: slices.Clone(r.columns[columnDeleted]), text: d.text[:len(d.text):len(d.text)], texts: t, next: d.next}
	}
}

// readLive returns the visible text, of so many code points.
func (r *blockReader) readLive(elements int) []byte {
	live, err := decompress(r.columns[columnLive], int(r.head.live))
	if err != nil || countText(live) != elements {
		r.fail("the visible text is not UTF-8 of %d code points: %v", elements, err)
	}
	return live
}

// reorder puts the elements where the order rule has them, from d's runs alone.
func (d *Doc) reorder() {
	d.tree = spantree.New(unread{&d.history})
	d.again, d.cancelled = nil, map[uint32]struct{}{}
	for i := range d.runs {
		r, n := &d.runs[i], d.end(i)-d.runs[i].lv
		switch {
		case r.kind == runInsert:
			p := d.tree.Start()
			if r.ref != none {
				p = d.tree.Behind(d.tree.Find(r.ref))
			}
			d.tree.Insert(d.place(p, r.lv, r.aux, false), r.lv, n)
		case r.kind == runBack:
			d.hide(r.ref-(n-1), n, nil)
		case r.kind == runDelete && r.aux == 1:
			d.hide(r.ref, n, nil)
		case r.kind == runDelete:
			d.piecesFrom(r.ref, r.aux, func(lv, n uint32) { d.hide(lv, n, nil) })
		case r.kind == runRestore:
			d.cancel(r.ref, nil)
		}
	}
}

// unread is a history whose text is not there yet.
type unread struct{ *history }

func (unread) Newlines(first, n uint32) int { return 0 }
