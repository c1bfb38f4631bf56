package crdt

// findStrokes gives each hand its replica's strokes, in order.
func (d *Doc) findStrokes(hands []*hand) {
	for i := range d.arrivals {
		a := &d.arrivals[i]
		end := d.arrivalEnd(i)
		h := hands[a.by]
		for k, lv := d.run(a.lv), a.lv; lv < end; k++ {
			stop := min(end, d.end(k))
			s := d.strokeOf(&d.runs[k], lv, stop-lv)
			if n := len(h.strokes); n == 0 || !h.strokes[n-1].absorb(s, h.last) {
				h.strokes = append(h.strokes, s)
			}
			h.last, lv = stop-1, stop
		}
	}
	for _, h := range hands {
		h.last = none
	}
}

// strokeOf returns the n Seqs from lv on, which are of run r.
func (d *Doc) strokeOf(r *run, lv, n uint32) stroke {
	off := lv - r.lv
	s := stroke{kind: strokeOther, seqs: n, ref: r.ref, count: 1, named: none}
	switch r.kind {
	case runInsert:
		s.kind, s.named = strokeInsert, r.aux
		if off > 0 {
			s.ref, s.named = lv-1, none
		}
	case runDelete:
		s.kind, s.ref, s.count = strokeForth, r.ref+off, r.aux
		if r.aux > 1 {
			s.kind = strokeRange
		}
	case runBack:
		s.kind, s.ref = strokeBack, r.ref-off
		if n == 1 {
			s.kind = strokeForth
		}
	case runRestore:
		s.kind = strokeRestore
	case runOther:
		s.raw = d.other[lv]
	}
	return s
}

// absorb makes next a part of s, which it follows, if they are one stroke. last is the
// local version of the last Seq of s.
func (s *stroke) absorb(next stroke, last uint32) bool {
	single := s.kind == strokeForth && s.seqs == 1
	switch {
	case s.kind == strokeInsert && next.kind == strokeInsert:
		if next.named != none || next.ref != last {
			return false
		}
	case s.kind == strokeForth && next.kind == strokeForth && next.ref == s.ref+s.seqs:
	case (single || s.kind == strokeBack) && next.ref+s.seqs == s.ref && (next.kind == strokeBack || next.kind == strokeForth && next.seqs == 1):
		s.kind = strokeBack
	default:
		return false
	}
	s.seqs += next.seqs
	return true
}
