package crdt

import (
	"time"

	"inkling/crdt/internal/spantree"
)

// Insert types text at offset at, for the attached replica. now is the present
// time; it serves to group what one undo takes back, and people see it, to the
// minute. Inserting nothing does nothing. O(1) where the last edit ended, else O(log n).
func (d *Doc) Insert(at int, text string, now time.Time) Edit {
	d.mustRange(at, at)
	d.mustAttach()
	mustUTF8(text)
	if text == "" {
		return Edit{}
	}
	origin, p := d.left(at)
	d.undo.edit(now, d.own.next, origin)
	from, old := d.spotAt(at, p), d.tree.Sums()
	for text != "" {
		part := d.draftText(text, now)
		named := d.neighbour(p, origin)
		lv := d.take(d.own, part.n)
		chain := d.joined(lv, origin, named)
		d.addInsert(lv, origin, chain, named, part.text)
		p = d.tree.Insert(p, lv, part.n)
		origin = lv + part.n - 1
		text = text[len(part.text):]
	}
	d.undo.place = origin
	return d.edited(from, d.tree.Sums().Minus(old))
}

// Delete removes the range [from, to), for the attached replica. Deleting nothing
// does nothing. O(k log n) for k spans.
func (d *Doc) Delete(from, to int, now time.Time) Edit {
	d.mustRange(from, to)
	d.mustAttach()
	if from == to {
		return Edit{}
	}
	left, p := d.left(from)
	first, _ := d.tree.At(p)
	if first.Dead {
		p = d.tree.Nth(spantree.Visible, from)
		first, _ = d.tree.At(p)
	}
	d.undo.edit(now, d.own.next, d.deletePlace(left, first.First, from, to))
	start, old := d.spotAt(from, p), d.tree.Sums()
	if n := uint32(to - from); n <= first.N && d.arrival(first.First) == d.arrival(first.First+n-1) {
		d.deleteOp(stretch{first.First, n}, now)
		d.tree.SetDead(p, n, true)
	} else {
		var gone stretches
		d.stretches(from, to, func(lv, n uint32) { gone.add(d, lv, n) })
		d.deleteAll(gone, now, nil)
	}
	d.undo.place = left
	return d.edited(start, d.tree.Sums().Minus(old))
}

// deletePlace returns where a Delete of [from, to) goes on from: at its end, when
// the last edit ended there, else at its beginning.
func (d *Doc) deletePlace(left, first uint32, from, to int) uint32 {
	if to-from > 1 {
		first = d.element(to - 1)
	}
	if d.undo.place == first {
		return first
	}
	return left
}

// Grant makes a device a member, for the attached replica. name is what it calls
// itself; at most 256 bytes of it are kept. A device that is one already gets no second Grant.
func (d *Doc) Grant(device DeviceKey, name string, now time.Time) {
	d.mustAttach()
	mustUTF8(name)
	if _, ok := d.membership(device); ok {
		return
	}
	payload := append(device[:], prefix(name, maxNameBytes)...)
	d.BreakUndo()
	d.draftOp(len(payload), now)
	d.note(d.take(d.own, 1), appendOp(nil, Grant, 0, 1, payload))
}

// stretch is n elements of one replica with consecutive Seqs, from the local
// version lv on.
type stretch struct{ lv, n uint32 }

type stretches []stretch

// add appends n elements with consecutive local versions, arrival by arrival, as part
// of the last stretch where their Seqs follow.
func (list *stretches) add(d *Doc, lv, n uint32) {
	for n > 0 {
		here := min(n, d.arrivalEnd(d.arrival(lv))-lv)
		list.addOne(d, stretch{lv, here})
		lv, n = lv+here, n-here
	}
}

func (list *stretches) addOne(d *Doc, t stretch) {
	if k := len(*list) - 1; k >= 0 && d.follows((*list)[k], t) {
		(*list)[k].n += t.n
		return
	}
	*list = append(*list, t)
}

// deleteAll deletes elements that are visible.
func (d *Doc) deleteAll(gone stretches, now time.Time, patch *Patch) {
	for _, t := range gone {
		d.deleteOp(t, now)
		r, seq := d.op(t.lv)
		d.pieces(r, seq, t.n, func(lv, n uint32) { d.hide(lv, n, patch) })
	}
}

// deleteOp puts the Delete of t into the draft.
func (d *Doc) deleteOp(t stretch, now time.Time) {
	if !d.extendDelete(t) {
		d.draftOp(0, now)
		d.addDelete(d.take(d.own, 1), t.lv, t.n)
	}
}

// extendDelete makes t part of the last op, if that is a Delete of the open change
// and of this undo group that t touches.
func (d *Doc) extendDelete(t stretch) bool {
	if d.draft.deletes != d.undo.serial || d.draft.from == none {
		return false
	}
	lv := d.next - 1
	first, n, ok := d.target(lv)
	if !ok {
		return false
	}
	last := stretch{first, n}
	switch {
	case d.follows(t, last):
		last.lv = t.lv
	case d.follows(last, t):
	default:
		return false
	}
	d.setDelete(lv, last.lv, last.n+t.n)
	return true
}

// follows says whether the Seqs of t go on where those of s end.
func (d *Doc) follows(s, t stretch) bool {
	a, seq := d.op(s.lv)
	b, next := d.op(t.lv)
	return a == b && seq+s.n == next
}
