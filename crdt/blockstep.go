package crdt

// step does the next n Seqs of h's stroke, which get the local versions from lv on.
func (o *opColumn) step(h *hand, lv, n uint32) {
	if o.reads() {
		if o.mayStep(h, lv, n); o.err != nil {
			return
		}
	}
	began := h.left == h.now.seqs
	switch s := &h.now; s.kind {
	case strokeInsert:
		o.stepInsert(h, lv, n, began)
	case strokeForth:
		o.stepDelete(h, lv, n, s.ref, s.ref+n-1)
		s.ref += n
	case strokeBack:
		o.stepDelete(h, lv, n, s.ref, s.ref-(n-1))
		s.ref -= n
	case strokeRange, strokeRangeBack:
		o.note(run{lv: lv, ref: s.ref, aux: s.count, kind: runDelete})
		o.d.history.pieces(s.ref, s.count, func(lv, n uint32) {
			o.d.hide(lv, n, nil)
			h.last = lv + n - 1
		})
	case strokeRestore:
		o.note(run{lv: lv, ref: s.ref, kind: runRestore})
		o.d.cancel(s.ref, nil)
	case strokeOther:
		if o.reads() {
			o.d.note(lv, s.raw)
		}
	}
	h.seq += n
	h.left -= n
}

func (o *opColumn) stepInsert(h *hand, lv, n uint32, began bool) {
	s, t := &h.now, o.d.tree
	p := o.gap
	if began {
		o.cursor += int(n)
	} else {
		p = t.Behind(t.Find(s.ref))
		o.owner = nil
	}
	if k := len(o.d.runs) - 1; o.reads() && (k < 0 || s.named != none || lv == 0 || s.ref != lv-1 || o.d.runs[k].kind != runInsert) {
		o.note(run{lv: lv, ref: s.ref, chain: o.d.joined(lv, s.ref, s.named), aux: s.named, kind: runInsert})
	}
	t.Insert(p, lv, n)
	h.last = lv + n - 1
	s.ref, s.named = h.last, none
}

// stepDelete does n Deletes of one element each, from the target first to the target last.
func (o *opColumn) stepDelete(h *hand, lv, n, first, last uint32) {
	kind := runDelete
	if last < first {
		kind = runBack
	}
	o.note(run{lv: lv, ref: first, aux: 1, kind: kind})
	o.d.hide(min(first, last), n, nil)
	h.last, o.owner = last, nil
}

// note adds a run that has been read.
func (o *opColumn) note(r run) {
	if o.reads() {
		o.d.runs = append(o.d.runs, r)
	}
}

// mayStep fails unless the next n Seqs of h's stroke, which has been read, refer to what is
// there and what the replica had seen.
func (o *opColumn) mayStep(h *hand, lv, n uint32) {
	s, d := &h.now, o.d
	ok := true
	switch s.kind {
	case strokeInsert:
		ok = s.ref == none || o.mayName(h, lv, s.ref, 1)
	case strokeForth:
		ok = o.elements(s.ref, n, lv) && o.mayDelete(h, lv, n, s.ref, +1)
	case strokeBack:
		ok = n <= s.ref+1 && o.elements(s.ref+1-n, n, lv) && o.mayDelete(h, lv, n, s.ref, -1)
	case strokeRange, strokeRangeBack:
		r, seq := d.op(s.ref)
		ok = s.count <= r.next-seq
		if ok {
			d.history.pieces(s.ref, s.count, func(first, n uint32) {
				ok = ok && o.elements(first, n, lv) && o.mayName(h, lv, first, n)
			})
		}
	case strokeRestore:
		_, _, ok = d.target(s.ref)
	case strokeOther:
		ok = n == s.seqs
	}
	if !ok {
		o.fail("an op refers to what is not there or was not known to its replica")
	}
}

// elements says whether n local versions from first on are elements in front of lv.
func (o *opColumn) elements(first, n, lv uint32) bool {
	if first >= lv || n > lv-first {
		return false
	}
	d := o.d
	for i := d.run(first); i < len(d.runs) && d.runs[i].lv < first+n; i++ {
		if d.runs[i].kind != runInsert {
			return false
		}
	}
	return true
}

// mayName says whether h's replica had seen n elements from first on when it made the
// change that lv, its next Seq, is in.
func (o *opColumn) mayName(h *hand, lv, first, n uint32) bool {
	d := o.d
	if len(d.replicas) == 1 {
		return true
	}
	change, _ := d.changes.change(lv)
	return o.declared(h.r, h.seq-(lv-change), first, n)
}

// declared says whether r had seen n elements from first on in its change that begins at seq.
func (o *opColumn) declared(r *replica, seq, first, n uint32) bool {
	d := o.d
	for n > 0 {
		i := d.arrival(first)
		a := &d.arrivals[i]
		here := n
		if i+1 < len(d.arrivals) {
			here = min(n, d.arrivals[i+1].lv-first)
		}
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

// mayDelete is mayName for n Deletes from lv on, of one element each, the first of which hides first;
// each further one hides the next in the direction.
func (o *opColumn) mayDelete(h *hand, lv, n, first uint32, direction int) bool {
	least := min(first, first+uint32(direction)*(n-1))
	if o.mayName(h, lv, least, n) {
		return true
	}
	d := o.d
	for i := range n {
		change, _ := d.changes.change(lv + i)
		if !o.declared(h.r, h.seq+i-(lv+i-change), first+uint32(direction)*i, 1) {
			return false
		}
	}
	return true
}
