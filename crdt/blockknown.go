package crdt

// What runs that were read refer to: it must be there, and their replicas must have seen it.

// elementsBefore says whether the n local versions from first on are elements, in front of lv.
func (d *Doc) elementsBefore(lv, first, n uint32) bool {
	if uint64(first)+uint64(n) > uint64(lv) {
		return false
	}
	for i := d.run(first); i < len(d.runs) && d.runs[i].lv < first+n; i++ {
		if d.runs[i].kind != runInsert {
			return false
		}
	}
	return true
}

// seqsBefore says whether the n consecutive Seqs from that of first on are elements, in front of lv. first is.
func (d *Doc) seqsBefore(lv, first, n uint32) bool {
	r, seq := d.op(first)
	ok := n <= r.next-seq
	if ok {
		d.piecesFrom(first, n, func(first, n uint32) { ok = ok && d.elementsBefore(lv, first, n) })
	}
	return ok
}

// allKnown says whether all ops refer to what their replicas had seen. What they refer to is
// there.
func (d *Doc) allKnown() bool {
	if len(d.replicas) < 2 {
		return true
	}
	i := 0
	for k := range d.arrivals {
		a := &d.arrivals[k]
		end := d.arrivalEnd(k)
		for lv := a.lv; lv < end; {
			for d.end(i) <= lv {
				i++
			}
			stop := min(end, d.end(i))
			if !d.knownRun(i, d.replicas[a.by], lv, stop-lv) {
				return false
			}
			lv = stop
		}
	}
	return true
}

// knownRun says whether r had seen what the n ops from lv on refer to, which are of run i.
func (d *Doc) knownRun(i int, r *replica, lv, n uint32) bool {
	k := &d.runs[i]
	off := lv - k.lv
	switch {
	case k.kind == runInsert && off > 0:
		return d.sees(r, lv, lv-1, 1)
	case k.kind == runInsert:
		return k.ref == none || d.sees(r, lv, k.ref, 1)
	case k.kind == runDelete && k.aux == 1:
		return d.seesEach(r, lv, n, k.ref+off, +1)
	case k.kind == runBack:
		return d.seesEach(r, lv, n, k.ref-off, -1)
	case k.kind == runDelete:
		ok := true
		d.piecesFrom(k.ref, k.aux, func(first, n uint32) { ok = ok && d.sees(r, lv, first, n) })
		return ok
	}
	return true
}

// sees says whether r had seen n elements from first on when it made the change that lv is in.
func (d *Doc) sees(r *replica, lv, first, n uint32) bool {
	change, _ := d.changes.change(lv)
	seq := d.seqOf(change)
	for n > 0 {
		i := d.arrival(first)
		a, here := &d.arrivals[i], min(n, d.arrivalEnd(i)-first)
		if of := d.replicas[a.by]; of != r {
			place, ok := r.placeOf(of)
			if !ok || a.seq+(first-a.lv)+here > r.table[place].at(seq) {
				return false
			}
		}
		first, n = first+here, n-here
	}
	return true
}

// seesEach is sees for n Deletes of one element each, the first of which hides first, each
// further one the next in the direction.
func (d *Doc) seesEach(r *replica, lv, n, first uint32, direction int) bool {
	least := min(first, first+uint32(direction)*(n-1))
	if d.sees(r, lv, least, n) {
		return true
	}
	for i := range n {
		if !d.sees(r, lv+i, first+uint32(direction)*i, 1) {
			return false
		}
	}
	return true
}

// piecesFrom is pieces for n consecutive Seqs from that of first on. No chain has forked.
func (h *history) piecesFrom(first, n uint32, f func(lv, n uint32)) {
	r, seq := h.op(first)
	h.pieces(r, seq, n, f)
}
