package crdt

import (
	"unicode/utf8"

	"inkling/crdt/internal/rangecoder"
)

// width is how many bytes of UTF-8 each of n deleted elements takes.
type width struct{ bytes, n uint32 }

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
