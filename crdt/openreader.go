package crdt

import "math"

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

// table is numbers, read one after the other. What it returns behind an error means nothing.
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
