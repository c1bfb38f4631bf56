package crdt

import (
	"bytes"
	"math"

	"inkling/crdt/internal/spantree"
)

// openReader reads an open-block step by step; each step relies on those before it.
type openReader struct {
	reader
	d      *Doc
	head   blockHead
	seqs   uint32 // local versions
	count  struct{ runs, spans, tables, text int }
	tables [openTables]table
}

// frame reads all that is not packed, unpacks the rest, and makes the document without its changes.
func (r *openReader) frame() {
	r.plain()
	packed := r.column()
	r.end(openCost(r.count.tables, r.count.text))
	if r.err == nil && (r.seqs == none || r.count.runs+r.count.spans > r.count.tables) {
		r.fail("%d seqs, %d runs and %d spans in %d bytes", r.seqs, r.count.runs, r.count.spans, r.count.tables)
	}
	if r.err == nil {
		r.unpack(packed)
	}
}

// plain reads what is not packed.
func (r *openReader) plain() {
	r.begin(openMagic, openVersion)
	r.d = r.head.readChains(&r.reader)
	r.seqs = r.number32("seqs", 0)
	for _, n := range []*int{&r.count.runs, &r.count.spans, &r.count.tables, &r.count.text} {
		*n = int(r.number("count", MaxBlockText))
	}
}

func (r *openReader) unpack(packed []byte) {
	unpacked, err := decompress(packed, r.count.tables+r.count.text)
	if err != nil {
		r.fail("tables and text: %v", err)
		return
	}
	all := reader{b: unpacked[:r.count.tables]}
	for i := range r.tables {
		r.tables[i].b = all.column()
	}
	if r.err = all.err; r.err == nil && all.at != len(all.b) {
		r.fail("bytes behind the tables")
	}
	r.d.text = unpacked[r.count.tables:]
}

// table is numbers, read one after the other. After the first error it returns zeros.
type table struct{ reader }

func (t *table) next() uint64 {
	switch b := t.b[t.at:]; {
	case len(b) > 0 && b[0] < 0x80:
		t.at++
		return uint64(b[0])
	case len(b) > 1 && b[1]-1 < 0x7f:
		t.at += 2
		return uint64(b[0]&0x7f) | uint64(b[1])<<7
	}
	return t.number("a number", math.MaxUint64)
}

// done takes the error of tables that have been read, which must be at their ends.
func (r *openReader) done(tables ...int) {
	for _, i := range tables {
		t := &r.tables[i]
		if t.err == nil && t.at != len(t.b) {
			t.fail("bytes behind table %d", i)
		}
		if r.err == nil {
			r.err = t.err
		}
	}
}

// groups gives the document its replicas' chains: all but what the ops are.
func (r *openReader) groups() {
	t, d := &r.tables[tableGroups], r.d
	minutes := int64(0)
	for d.next < r.seqs && t.err == nil {
		var g changeGroup
		place := t.number("replica", math.MaxUint32)
		g.size, g.count = t.number32("size", 1), t.number32("changes", 1)
		minutes += t.signed("minutes")
		g.minutes = minutes
		causes := t.number("causes", MaxCauses)
		if t.err == nil && (place >= uint64(len(d.replicas)) || uint64(g.size)*uint64(g.count) > uint64(r.seqs-d.next)) {
			t.fail("a group of %d changes of %d seqs by replica %d", g.count, g.size, place)
		}
		if t.err != nil {
			break
		}
		g.by = d.replicas[place]
		if g.causes = r.causes(g.by, int(causes)); t.err == nil && !g.inTable() {
			t.fail("causes are not in order, or not of others")
		}
		if t.err == nil {
			d.addGroup(&g)
		}
	}
	for _, k := range d.replicas {
		if k.next == 0 {
			t.fail("a replica that wrote nothing")
		}
	}
	r.done(tableGroups)
}

// causes reads the causes of by's next change.
func (r *openReader) causes(by *replica, n int) (list []groupCause) {
	t := &r.tables[tableGroups]
	places, last := len(by.table), -1
	for range n {
		c, before := groupCause{place: int(t.number32("place", 0)) - 1}, uint32(0)
		switch {
		case c.place < 0:
			c.of = r.d.replicas[t.number("replica", uint64(len(r.d.replicas)-1))]
			c.place = places
			places++
		case c.place < len(by.table):
			m := &by.table[c.place]
			c.of, before = m.of, m.last()
		}
		if t.err == nil && (c.of == nil || c.place <= last) {
			t.fail("a cause at place %d behind %d of %d", c.place, last, places)
		}
		if t.err != nil {
			break
		}
		c.next = before + uint32(t.number("advance", uint64(c.of.next-before)))
		if t.err == nil && (c.next == before || !r.d.endsAt(c.of, c.next)) {
			t.fail("a cause names %d of replica %s, where no change ends", c.next, c.of.id)
		}
		list, last = append(list, c), c.place
	}
	return list
}

// endsAt says whether a change of k that has arrived ends in front of next.
func (d *Doc) endsAt(k *replica, next uint32) bool {
	known, whole := d.ends(viewCause{k.id, next})
	return known && whole
}

// runs reads the ops.
func (r *openReader) runs() {
	d := r.d
	d.runs = make([]run, 0, r.count.runs)
	other := bodyReader{reader: r.tables[tableOther].reader}
	lv, text := uint32(0), uint64(0)
	for range r.count.runs {
		v := r.tables[tableLengths].next()
		n, shape := uint32(v>>shapeBits), int(v&(1<<shapeBits-1))
		if v>>shapeBits-1 >= uint64(r.seqs-lv) {
			r.fail("a run of %d ops, %d are left", v>>shapeBits, r.seqs-lv)
			break
		}
		d.runs = append(d.runs, run{lv: lv, text: uint32(text)})
		ok := false
		switch shape {
		case shapeOther:
			ok = r.other(&other, lv, n)
		case shapeInsert, shapeNamed:
			if ok = r.insert(lv, shape); ok && len(r.tables[tableWide].b) > 0 {
				text += min(r.tables[tableWide].next(), MaxBlockText)
			}
			text += uint64(n)
		case shapeForth, shapeBack, shapeRange, shapeRestore:
			ok = r.refers(lv, n, shape)
		}
		if !ok || text > uint64(r.count.text) {
			r.fail("a run of %d ops of shape %d that cannot be", n, shape)
			break
		}
		lv += n
	}
	if r.tables[tableOther].reader = other.reader; r.err == nil && (lv != r.seqs || text != uint64(r.count.text)) {
		r.fail("%d ops and %d bytes of text, want %d and %d", lv, text, r.seqs, r.count.text)
	}
	r.done(tableLengths, tableBacks, tableOffsets, tableExtras, tableWide, tableOther)
}

// other reads an op that does nothing to the text.
func (r *openReader) other(b *bodyReader, lv, n uint32) bool {
	start := b.at
	b.seq, b.ops, b.typed = r.d.seqOf(lv), 0, false
	if b.op(); b.err != nil || b.seq != r.d.seqOf(lv)+n {
		return false
	}
	last := len(r.d.runs) - 1
	text := r.d.runs[last].text
	r.d.runs = r.d.runs[:last]
	r.d.note(lv, bytes.Clone(b.b[start:b.at]))
	r.d.runs[last].text = text
	return true
}

// ref reads what the run that was begun last refers to, which is in a run in front of it.
func (r *openReader) ref() (lv uint32, ok bool) {
	d, i := r.d, len(r.d.runs)-1
	back := r.tables[tableBacks].next()
	if back == 0 || back > uint64(i) {
		return none, back == 0
	}
	d.hint = i - int(back)
	k, end := &d.runs[d.hint], d.runs[d.hint+1].lv
	offset := r.tables[tableOffsets].next()
	return end - 1 - uint32(offset), offset < uint64(end-k.lv)
}

// insert reads what the run of elements from lv on has beside its text.
func (r *openReader) insert(lv uint32, shape int) (ok bool) {
	d := r.d
	k := &d.runs[len(d.runs)-1]
	k.kind, k.chain, k.aux = runInsert, lv, none
	if k.ref, ok = r.ref(); !ok || k.ref != none && d.runs[d.hint].kind != runInsert {
		return false
	}
	if shape == shapeNamed {
		t := &r.tables[tableExtras]
		k.aux = lv - uint32(t.number("named element", uint64(lv)))
		if k.aux == lv || d.replicaOf(k.aux) != d.replicaOf(lv) {
			return false
		}
		k.chain = d.joined(lv, k.ref, k.aux)
	}
	return true
}

// refers reads a run of n Deletes, or a Restore.
func (r *openReader) refers(lv, n uint32, shape int) (ok bool) {
	d := r.d
	k := &d.runs[len(d.runs)-1]
	k.kind, k.aux = runDelete, 1
	if k.ref, ok = r.ref(); !ok || k.ref == none {
		return false
	}
	switch shape {
	case shapeForth:
		return d.elementsBefore(lv, k.ref, n)
	case shapeBack:
		k.kind = runBack
		return n <= k.ref+1 && d.elementsBefore(lv, k.ref+1-n, n)
	case shapeRange:
		k.aux = r.tables[tableExtras].number32("count", 2)
		return n == 1 && r.tables[tableExtras].err == nil && d.seqsBefore(lv, k.ref, k.aux)
	}
	k.kind, k.aux = runRestore, 0
	d.cancelled[k.ref] = struct{}{}
	_, _, ok = d.target(k.ref)
	return ok && n == 1 && d.replicaOf(k.ref) == d.replicaOf(lv)
}

// replicaOf returns the place of the replica that lv is of.
func (h *history) replicaOf(lv uint32) uint32 { return h.arrivals[h.arrival(lv)].by }

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

func (r *openReader) unusual() { r.err = r.d.checkUnusual() }

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
