package crdt

import "bytes"

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
		return r.within(k.ref, n) || d.elementsBefore(lv, k.ref, n)
	case shapeBack:
		k.kind = runBack
		return n <= k.ref+1 && (r.within(k.ref+1-n, n) || d.elementsBefore(lv, k.ref+1-n, n))
	case shapeRange:
		k.aux = r.tables[tableExtras].number32("count", 2)
		return n == 1 && r.tables[tableExtras].err == nil && d.seqsBefore(lv, k.ref, k.aux)
	}
	k.kind, k.aux = runRestore, 0
	d.cancelled[k.ref] = struct{}{}
	_, _, ok = d.target(k.ref)
	return ok && n == 1 && d.replicaOf(k.ref) == d.replicaOf(lv)
}

// within says whether n local versions from first on are elements of the run that ref found.
func (r *openReader) within(first, n uint32) bool {
	k, end := &r.d.runs[r.d.hint], r.d.runs[r.d.hint+1].lv
	return k.kind == runInsert && first >= k.lv && first < end && n <= end-first
}

// replicaOf returns the place of the replica that lv is of.
func (h *history) replicaOf(lv uint32) uint32 { return h.arrivals[h.arrival(lv)].by }
