package crdt

import (
	"slices"
	"time"
)

// maxUndoGroups bounds the undo list; the oldest groups go first.
const maxUndoGroups = 10_000

// undoPause is the pause that ends an undo group.
const undoPause = time.Second

// undo is what this person can take back: the own ops, in groups that are taken
// back together. A group is a range of own Seqs, so that what others do in between
// does not matter; the ops themselves are in history.
type undo struct {
	done, undone []group // oldest first; what an Undo did is a group of undone
	grows        bool    // the last group of done takes further edits
	serial       int     // counts groups
	last         int64   // time of the last edit, in nanoseconds since the Unix epoch
	place        uint32  // the element behind which the last edit ended
}

// group is the own Seqs from … to-1.
type group struct{ from, to uint32 }

// edit says that a local edit begins at the own Seq next, behind the element place;
// it goes on from the last one or begins a group.
func (u *undo) edit(now time.Time, next, place uint32) {
	at := now.UnixNano()
	if u.grows && u.place == place {
		if pause := at - u.last; pause >= 0 && pause < int64(undoPause) {
			u.last = at
			return
		}
	}
	u.close(next)
	u.done = append(u.done, group{from: next, to: next})
	if len(u.done) >= 2*maxUndoGroups {
		u.done = append([]group(nil), u.done[len(u.done)-maxUndoGroups:]...)
	}
	u.grows, u.last, u.undone = true, at, nil
	u.serial++
}

// close ends the group that grows, at the own Seq next.
func (u *undo) close(next uint32) {
	if u.grows {
		u.done[len(u.done)-1].to = next
		u.grows = false
	}
}

// BreakUndo ends the current undo group: what is edited next is taken back on its own.
func (d *Doc) BreakUndo() {
	if d.own != nil {
		d.undo.close(d.own.next)
	}
}

// ForgetUndo makes that nothing edited so far can be undone or redone.
func (d *Doc) ForgetUndo() { d.undo = undo{serial: d.undo.serial + 1} }

// Undo takes back the last group of local edits that still shows: what it
// inserted and is still visible is deleted, and its deletions are cancelled. Text
// that others wrote is never deleted. It returns false when there is nothing to undo.
func (d *Doc) Undo(now time.Time) (Patch, bool) {
	return d.takeBack(&d.undo.done, &d.undo.undone, now)
}

// Redo takes back the last Undo. Local edits end what can be redone.
func (d *Doc) Redo(now time.Time) (Patch, bool) {
	return d.takeBack(&d.undo.undone, &d.undo.done, now)
}

// takeBack reverts the last group of from that still shows; what that does becomes
// a group of to.
func (d *Doc) takeBack(from, to *[]group, now time.Time) (Patch, bool) {
	d.BreakUndo()
	if d.Forked() {
		return nil, false
	}
	for n := len(*from); n > 0; n = len(*from) {
		g := (*from)[n-1]
		*from = (*from)[:n-1]
		d.undo.serial++
		first := d.own.next
		var patch Patch
		d.revert(g, now, &patch)
		if d.own.next > first {
			*to = append(*to, group{first, d.own.next})
		}
		if len(patch) > 0 {
			return patch, true
		}
	}
	return nil, false
}

// revert does the opposite of the ops of g, the last one first.
func (d *Doc) revert(g group, now time.Time, patch *Patch) {
	for seq := g.to; seq > g.from; {
		lv := d.own.lv(seq - 1)
		i := d.run(lv)
		n := uint32(1)
		switch r := &d.runs[i]; r.kind {
		case runInsert:
			own := d.arrivals[d.arrival(lv)].lv // the run may begin with others' text
			n = min(lv-max(r.lv, own)+1, seq-g.from)
			d.deleteAll(d.visibleOf(d.own, seq-n, n), now, patch)
		case runDelete, runBack:
			if !d.typedWithin(g, lv) {
				d.restore(lv, now, patch)
			}
		case runRestore:
			if d.seqOf(r.ref) >= g.from {
				break // g itself had deleted that
			}
			d.deleteAll(d.visibleOf(d.targets(r.ref)), now, patch)
		}
		seq -= n
	}
}

// typedWithin says whether the own Delete lv hit only what group g inserted
// itself: typed and corrected at once. That was not there before g.
func (d *Doc) typedWithin(g group, lv uint32) bool {
	first, _, _ := d.target(lv)
	r, seq := d.op(first)
	return r == d.own && seq >= g.from
}

// visibleOf returns those of the n elements of r from seq on that are visible.
func (d *Doc) visibleOf(r *replica, seq, n uint32) (shown stretches) {
	d.pieces(r, seq, n, func(lv, n uint32) {
		for n > 0 {
			s, _ := d.tree.At(d.tree.Find(lv))
			here := min(n, s.N)
			if !s.Dead {
				shown.add(d, lv, here)
			}
			lv, n = lv+here, n-here
		}
	})
	return shown
}

// restore cancels the own Delete lv, unless that has been done.
func (d *Doc) restore(lv uint32, now time.Time, patch *Patch) {
	if _, done := d.cancelled[lv]; done {
		return
	}
	d.draftOp(0, now)
	d.draft.deletes = 0
	op := d.take(d.own, 1)
	d.addRun(run{lv: op, ref: lv, kind: runRestore})
	d.cancel(lv, patch)
}

// UndoList returns what can be undone and redone, in a form for a disk: see
// [Doc.SetUndoList]. At most 10,000 groups, 10 bytes each or less. It does not end the current group.
func (d *Doc) UndoList() []byte {
	b := []byte{undoVersion}
	next := uint32(0)
	if d.own != nil {
		next = d.own.next
	}
	b = appendNumber(b, int(next))
	for i, list := range [][]group{d.undo.done, d.undo.undone} {
		grows := i == 0 && d.undo.grows
		list = list[max(0, len(list)-maxUndoGroups):]
		b = appendNumber(b, len(list))
		last := uint32(0)
		for k, g := range list {
			if grows && k == len(list)-1 {
				g.to = next
			}
			b = appendNumber(b, int(g.from-last))
			b = appendNumber(b, int(g.to-g.from))
			last = g.to
		}
	}
	return b
}

// undoVersion is the first byte of an undo list. Then follow the Seq behind the last own edit that it knows of, and
// what can be undone and what can be redone, each: the number of groups; per group, ascending, the Seqs
// between it and the one before, and its length.
const undoVersion = 1

// SetUndoList makes d undo and redo what [Doc.UndoList] told of the attached replica. Edits of that replica
// which the list does not know of yet become one group, and nothing can be redone then.
// A list that does not fit to what d has of the replica gives a [*FormatError].
func (d *Doc) SetUndoList(b []byte) error {
	d.mustAttach()
	r := reader{b: b}
	if v := r.byte("version"); r.err == nil && v != undoVersion {
		r.fail("undo list version %d is unknown", v)
	}
	next := r.number32("next", 0)
	if next > d.own.next {
		r.fail("a list of %d edits of %d", next, d.own.next)
	}
	var lists [2][]group
	for i := range lists {
		lists[i] = r.undoGroups(next)
	}
	if r.err == nil && r.at != len(b) {
		r.fail("%d bytes more than the list needs", len(b)-r.at)
	}
	if r.err != nil {
		return r.err
	}
	d.undo = undo{done: slices.Clip(lists[0]), undone: lists[1], serial: d.undo.serial + 1}
	if next < d.own.next {
		d.undo.done, d.undo.undone = append(d.undo.done, group{next, d.own.next}), nil
	}
	return nil
}

// undoGroups reads a list of groups of edits with Seqs below next.
func (r *reader) undoGroups(next uint32) (list []group) {
	last := uint64(0)
	for range r.number("groups", maxUndoGroups) {
		from := last + r.number("from", maxSeq)
		last = from + r.number("length", maxSeq)
		if last > uint64(next) {
			r.fail("a group that ends at %d of %d", last, next)
		}
		if r.err != nil {
			return nil
		}
		list = append(list, group{uint32(from), uint32(last)})
	}
	return list
}
