package crdt

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"

	"inkling/crdt/internal/rangecoder"
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

// width is how many bytes of UTF-8 each of n deleted elements takes.
type width struct{ bytes, n uint32 }

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

// addWidths notes the widths of the code points of a deleted text.
func (t *texts) addWidths(text []byte) {
	for len(text) > 0 {
		_, size := utf8.DecodeRune(text)
		text = text[size:]
		if n := len(t.widths); n > 0 && t.widths[n-1].bytes == uint32(size) {
			t.widths[n-1].n++
		} else {
			t.widths = append(t.widths, width{uint32(size), 1})
		}
	}
}

// widthModels are the models of the column of widths.
type widthModels struct {
	bytes rangecoder.Tree
	n     [utf8.UTFMax + 1]rangecoder.Number
}

// width codes a stretch of deleted elements that take as many bytes each.
func (m *widthModels) width(c *column, w *width) {
	w.bytes = 1 + uint32(c.symbol(m.bytes, int(w.bytes-1)&(utf8.UTFMax-1)))
	w.n = 1 + c.number(&m.n[w.bytes], w.n-1)
}

func writeWidths(widths []width) []byte {
	m := widthModels{bytes: rangecoder.NewTree(2)}
	c := writeColumn()
	for i := range widths {
		m.width(c, &widths[i])
	}
	return c.e.Finish()
}

// readWidths returns the widths of just so many elements and bytes.
func (r *blockReader) readWidths(elements uint32) []width {
	m := widthModels{bytes: rangecoder.NewTree(2)}
	c := readColumn(r.columns[columnWidths])
	widths := make([]width, r.head.widths)
	n, size := uint64(0), uint64(0)
	for i := range widths {
		if m.width(c, &widths[i]); c.check() != nil {
			break
		}
		if i > 0 && widths[i].bytes == widths[i-1].bytes {
			c.fail("two stretches of one width")
		}
		n += uint64(widths[i].n)
		size += uint64(widths[i].n) * uint64(widths[i].bytes)
	}
	if n != uint64(elements) || size != uint64(r.head.dead) {
		c.fail("%d deleted elements of %d bytes, want %d of %d", n, size, elements, r.head.dead)
	}
	r.take(c.end())
	return widths
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
			d.history.pieces(r.ref, r.aux, func(lv, n uint32) { d.hide(lv, n, nil) })
		case r.kind == runRestore:
			d.cancel(r.ref, nil)
		}
	}
}

// unread is a history whose text is not there yet.
type unread struct{ *history }

func (unread) Newlines(first, n uint32) int { return 0 }

// measure finds out how many bytes each piece has, live being all visible text.
func (t *texts) measure(live []byte) {
	ascii := len(t.widths) <= 1 && (len(t.widths) == 0 || t.widths[0].bytes == 1)
	widths := slices.Clone(t.widths)
	for i := range t.pieces {
		p := &t.pieces[i]
		switch {
		case !p.dead:
			p.bytes = uint32(leading(live, int(p.n)))
			live = live[p.bytes:]
		case ascii:
			p.bytes = p.n
		default:
			widths = takeWidths(widths, p.n, func(w width) { p.bytes += w.bytes * w.n })
		}
	}
}

// leading returns how many bytes the first n code points of text take.
func leading(text []byte, n int) int {
	for i, b := range text[:n] {
		if b >= utf8.RuneSelf {
			return i + byteOffset(text[i:], n-i)
		}
	}
	return n
}

// takeWidths calls f for the widths of the next n elements and returns those of the others.
func takeWidths(widths []width, n uint32, f func(w width)) []width {
	for n > 0 {
		here := min(n, widths[0].n)
		f(width{widths[0].bytes, here})
		if widths[0].n -= here; widths[0].n == 0 {
			widths = widths[1:]
		}
		n -= here
	}
	return widths
}

// layOut puts the live text, and something as wide for the deleted text, into d.text in order of
// arrival, and tells the pieces and runs where theirs is.
func (t *texts) layOut(d *Doc, live []byte) {
	at, run := uint32(0), 0
	order := t.byArrival()
	for _, i := range order {
		p := &t.pieces[i]
		p.at = at
		at += p.bytes
	}
	widths := slices.Clone(t.widths)
	for i := range t.pieces {
		p := &t.pieces[i]
		text := d.text[p.at : p.at+p.bytes]
		if !p.dead {
			live = live[copy(text, live):]
			continue
		}
		widths = takeWidths(widths, p.n, func(w width) { text = fill(text, w) })
	}
	for _, i := range order {
		p := &t.pieces[i]
		text := d.text[p.at : p.at+p.bytes]
		p.chain = p.first
		for ; run < len(d.runs) && d.runs[run].lv < p.first+p.n; run++ {
			r := &d.runs[run]
			r.text = p.at
			switch {
			case r.lv == p.first:
				p.chain = r.chain
			case r.lv > p.first:
				r.text += uint32(leading(text, int(r.lv-p.first)))
			}
		}
	}
	for ; run < len(d.runs); run++ {
		d.runs[run].text = at
	}
}

// byArrival returns the numbers of the pieces in order of arrival.
func (t *texts) byArrival() []uint32 {
	keys := make([]uint64, len(t.pieces))
	for i := range t.pieces {
		keys[i] = uint64(t.pieces[i].first)<<32 | uint64(i)
	}
	slices.Sort(keys)
	order := make([]uint32, len(keys))
	for i, k := range keys {
		order[i] = uint32(k)
	}
	return order
}

// fill puts w.n code points of w.bytes bytes each, the least there are, at the front of text and
// returns the rest.
func fill(text []byte, w width) []byte {
	n := w.bytes * w.n
	if w.bytes > 1 {
		least := [...]string{2: "\u0080", 3: "\u0800", 4: "\U00010000"}[w.bytes]
		for i := uint32(0); i < n; i += w.bytes {
			copy(text[i:], least)
		}
	}
	return text[n:]
}

// divideWide divides the runs of text that is not ASCII and too long.
func (d *Doc) divideWide() {
	for i := 0; i < len(d.runs); i++ {
		n := d.end(i) - d.runs[i].lv
		if d.runs[i].kind == runInsert && n > maxWideRun && d.textEnd(i)-d.runs[i].text > n {
			r := d.runs[i]
			r.text += uint32(byteOffset(d.text[r.text:], maxWideRun))
			r.lv += maxWideRun
			r.ref, r.chain, r.aux = r.lv-1, r.lv, none
			d.runs = slices.Insert(d.runs, i+1, r)
		}
	}
}

// compress packs text with zstd. The best level takes 34 MB of memory, the one below 5.
func compress(text []byte, level zstd.EncoderLevel) []byte {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false), zstd.WithEncoderLevel(level), zstd.WithSingleSegment(true))
	if err != nil {
		panic(err) // the options are wrong
	}
	return e.EncodeAll(text, nil)
}

// decompress unpacks a text of just so many bytes.
func decompress(packed []byte, size int) ([]byte, error) {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxMemory(MaxBlockText))
	if err != nil {
		panic(err) // the options are wrong
	}
	defer d.Close()
	text, err := d.DecodeAll(packed, make([]byte, 0, size))
	if err == nil && len(text) != size {
		err = formatErrorf(0, "%d bytes, want %d", len(text), size)
	}
	return text, err
}
