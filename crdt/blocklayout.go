package crdt

import (
	"slices"
	"unicode/utf8"
)

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
