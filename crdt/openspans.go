package crdt

import (
	"math"

	"inkling/crdt/internal/spantree"
)

// text checks the text, which is in order of arrival.
func (r *openReader) text() {
	d := r.d
	if len(r.tables[tableWide].b) == 0 {
		if countText(d.text) != len(d.text) {
			r.fail("text that is not ASCII")
		}
		return
	}
	for i := range d.runs {
		k := &d.runs[i]
		if k.kind != runInsert {
			continue
		}
		n := d.end(i) - k.lv
		wide := d.textEnd(i)-k.text > n
		if countText(d.text[k.text:d.textEnd(i)]) != int(n) || wide && n > maxWideRun {
			r.fail("run %d has not the text of %d elements", i, n)
			return
		}
	}
}

func (r *openReader) unusual() {
	if r.err = r.head.findGrants(); r.err == nil {
		r.err = r.d.checkUnusual()
	}
}

// spans builds the tree. Each element must be there once, which shows in its text.
func (r *openReader) spans() {
	d := r.d
	b := spantree.NewBuilder(&d.history, r.count.spans)
	seen := bitset(make([]uint64, (len(d.text)+63)/64))
	total, run := 0, 0
	for range r.count.spans {
		behind := r.tables[tableRuns].next()
		run += int(behind>>1) ^ -int(behind&1)
		if run < 0 || run >= len(d.runs) || d.runs[run].kind != runInsert {
			r.fail("a span in run %d", run)
			break
		}
		k := &d.runs[run]
		inside, n := r.tables[tableInside].next(), r.tables[tableSpans].next()
		if inside >= uint64(d.end(run)-k.lv) || n > math.MaxUint32 {
			r.fail("a span of %d, %d inside its run", n, inside)
			break
		}
		s := spantree.Stretch{First: k.lv + uint32(inside), N: uint32(n >> 1), Dead: n&1 == 1}
		from, to, whole := d.spanText(run, s)
		if !whole || !seen.add(from, to) {
			r.fail("the %d elements from %d on are no span, or there twice", s.N, s.First)
			break
		}
		total += int(to - from)
		chain := s.First
		if inside == 0 {
			chain = k.chain
		}
		b.Add(d.part(s, chain, d.text[from:to]))
	}
	if r.done(tableRuns, tableInside, tableSpans); r.err == nil && total != len(d.text) {
		r.fail("elements are missing")
	}
	if r.err == nil {
		d.tree = b.Tree()
	}
}

// spanText returns where the text of s is, which begins in run i. It returns false when not all of s are
// elements, and with keys that ascend.
func (d *Doc) spanText(i int, s spantree.Stretch) (from, to uint32, ok bool) {
	if s.N == 0 || s.N > d.next-s.First {
		return 0, 0, false
	}
	from = d.textAt(i, s.First)
	end := s.First + s.N
	for d.end(i) < end {
		d.hint = i
		i++
		if k := &d.runs[i]; k.kind != runInsert || !d.Less(k.lv-1, k.lv) {
			return 0, 0, false
		}
	}
	return from, d.textAt(i, end), true
}

// textAt returns where the text of lv begins, which is in run i or right behind it.
func (d *Doc) textAt(i int, lv uint32) uint32 {
	k := &d.runs[i]
	off, end := lv-k.lv, d.textEnd(i)
	if end-k.text == d.end(i)-k.lv { // ASCII
		return k.text + off
	}
	return k.text + uint32(byteOffset(d.text[k.text:end], int(off)))
}

// overlaps reads which elements are deleted more than once.
func (r *openReader) overlaps() {
	t, d := &r.tables[tableOverlaps], r.d
	for last := uint32(0); t.at < len(t.b) && t.err == nil; {
		lv := uint64(last) + t.number("distance", math.MaxUint32)
		o := overlap{uint32(lv), t.number32("elements", 1), t.number32("deletes", 1)}
		if t.err == nil && (lv >= uint64(d.next) || !d.elementsBefore(d.next, o.lv, o.n)) {
			t.fail("%d elements from %d on, deleted more than once", o.n, lv)
		}
		d.again = append(d.again, o)
		last = o.lv + o.n
	}
	r.done(tableOverlaps)
}

// bitset is a set of numbers.
type bitset []uint64

// add adds the numbers from … to-1 and says whether none of them was in the set.
func (s bitset) add(from, to uint32) bool {
	used := uint64(0)
	for from < to {
		n := min(to-from, 64-from%64)
		word, mask := &s[from/64], uint64(1<<n-1)<<(from%64)
		used |= *word & mask
		*word |= mask
		from += n
	}
	return used == 0
}
