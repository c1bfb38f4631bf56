package crdt

import "time"

// Insert types text at offset at, for the attached replica. now is the present
// time; it serves to group what one undo takes back. Inserting nothing does
// nothing.
func (d *Doc) Insert(at int, text string, now time.Time) Patch {
	d.mustRange(at, at)
	d.mustAttach()
	mustUTF8(text)
	if text == "" {
		return nil
	}
	origin, p := d.left(at)
	d.undo.edit(now, d.own.next, d.undo.place == origin)
	var patch Patch
	for text != "" {
		o := Op{Kind: Insert, Origin: origin.id()}
		o.Chain, o.Chained = d.neighbour(p, d.own, origin)
		o.Text = d.draftInsert(o, text)
		n := o.Seqs()
		p = d.insertBehind(origin, p, d.own, &o, &patch)
		d.undo.add(step{shown: true, stretch: stretch{d.own, d.own.next - n, n}})
		origin = element{d.own, d.own.next - 1}
		text = text[len(o.Text):]
	}
	d.undo.place = origin
	return patch
}

// Delete removes the range [from, to), for the attached replica. Deleting nothing
// does nothing.
func (d *Doc) Delete(from, to int, now time.Time) Patch {
	d.mustRange(from, to)
	d.mustAttach()
	if from == to {
		return nil
	}
	left, _ := d.left(from)
	right, _ := d.left(to)
	d.undo.edit(now, d.own.next, d.undo.place == left || d.undo.place == right)
	var gone []stretch
	d.seq.stretches(from, to, func(r *run, first, n uint32) {
		gone = appendStretch(gone, stretch{r.by, r.seq + first, n})
	})
	var patch Patch
	d.deleteAll(gone, &patch)
	d.undo.place = left
	return patch
}

// deleteAll deletes elements that are visible and tells the undo list.
func (d *Doc) deleteAll(gone []stretch, patch *Patch) {
	for _, t := range gone {
		if d.extendDelete(t) {
			d.hide(t, +1, patch)
			continue
		}
		o := Op{Kind: Delete, Target: t.span()}
		d.draftOp(o)
		d.undo.add(step{stretch: stretch{d.own, d.own.next, 1}})
		d.integrateDelete(d.own, &o, patch)
	}
}

// appendStretch appends t to list, where it can as part of the last one.
func appendStretch(list []stretch, t stretch) []stretch {
	if n := len(list); n > 0 {
		last := &list[n-1]
		if last.by == t.by && last.seq+last.n == t.seq {
			last.n += t.n
			return list
		}
	}
	return append(list, t)
}

// stretches calls f for the pieces of runs that the visible range [from, to)
// consists of: n elements of r from its element first on.
func (s *sequence) stretches(from, to int, f func(r *run, first, n uint32)) {
	if from == to {
		return
	}
	p := s.nth(visible, from)
	for left := uint32(to - from); left > 0; p, _ = s.element(p) {
		r := s.run(p)
		if n := min(left, r.n-p.off); r.visible() {
			f(r, p.off, n)
			left -= n
		}
		p.run, p.off = p.run+1, 0
	}
}

func (d *Doc) mustAttach() {
	if d.own == nil {
		panic("crdt: a local edit before Attach")
	}
}
