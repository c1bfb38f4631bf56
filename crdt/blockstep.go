package crdt

import "bytes"

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
		o.d.piecesFrom(s.ref, s.count, func(lv, n uint32) {
			o.d.hide(lv, n, nil)
			h.last = lv + n - 1
		})
	case strokeRestore:
		o.note(run{lv: lv, ref: s.ref, kind: runRestore})
		o.d.cancel(s.ref, nil)
	case strokeOther:
		if o.reads() {
			o.d.note(lv, bytes.Clone(s.raw))
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
// there.
func (o *opColumn) mayStep(h *hand, lv, n uint32) {
	s, d := &h.now, o.d
	ok := true
	switch s.kind {
	case strokeForth:
		ok = d.elementsBefore(lv, s.ref, n)
	case strokeBack:
		ok = n <= s.ref+1 && d.elementsBefore(lv, s.ref+1-n, n)
	case strokeRange, strokeRangeBack:
		ok = d.seqsBefore(lv, s.ref, s.count)
	case strokeRestore:
		_, _, ok = d.target(s.ref)
	case strokeOther:
		ok = n == s.seqs
	}
	if !ok {
		o.fail("an op refers to what is not there")
	}
}
