package crdt

import (
	"slices"
	"time"
)

// Limits of the undo list; the oldest groups go first.
const (
	maxUndoGroups = 10_000
	maxUndoSteps  = 1 << 20 // of all groups
)

// undoPause is the pause that ends an undo group.
const undoPause = time.Second

// undo is what this person can take back: local ops since the document was made,
// in groups that are taken back together. It holds ids, not offsets, so that
// what others do in between does not matter.
type undo struct {
	done, undone []group
	steps        int      // in done and undone
	to           *[]group // the list whose last group takes the steps of what is going on
	grows        bool     // the last group of done takes further edits
	serial       int      // counts groups
	last         time.Time
	place        element // the element behind which the last edit ended
}

// group is the steps of one undo, oldest first.
type group struct {
	first uint32 // own Seq at its beginning
	steps []step
}

// step is one thing a local op did. Either the elements came to be visible, or
// the own op seq, a Delete, hid some.
type step struct {
	shown bool
	stretch
}

// edit says that a local edit begins at the own Seq next; it goes on from the last one or
// begins a group.
func (u *undo) edit(now time.Time, next uint32, adjacent bool) {
	pause := now.Sub(u.last)
	if !u.grows || !adjacent || pause < 0 || pause >= undoPause {
		u.begin(&u.done, next)
		u.grows = true
	}
	u.last = now
	u.drop(u.undone...)
	u.undone = nil
}

// begin opens a group at the end of list, and forgets old ones if need be.
func (u *undo) begin(list *[]group, next uint32) {
	u.serial++
	u.to = list
	*list = append(*list, group{first: next})
	for len(*list) > maxUndoGroups || (u.steps > maxUndoSteps && len(*list) > 1) {
		u.drop((*list)[0])
		*list = slices.Delete(*list, 0, 1)
	}
}

func (u *undo) drop(groups ...group) {
	for _, g := range groups {
		u.steps -= len(g.steps)
	}
}

// add notes a step of what is going on.
func (u *undo) add(s step) {
	g := &(*u.to)[len(*u.to)-1]
	if n := len(g.steps); n > 0 && s.shown {
		if last := &g.steps[n-1]; last.shown && last.by == s.by && last.seq+last.n == s.seq {
			last.n += s.n
			return
		}
	}
	g.steps = append(g.steps, s)
	u.steps++
}

// pop takes the last group off list.
func (u *undo) pop(list *[]group) group {
	g := (*list)[len(*list)-1]
	*list = (*list)[:len(*list)-1]
	u.drop(g)
	return g
}

// BreakUndo ends the current undo group: what is edited next is taken back on its own.
func (d *Doc) BreakUndo() { d.undo.grows = false }

// Undo takes back the last group of local edits that still shows: what it
// inserted and is still visible is deleted, and its deletions are cancelled. Text
// of others is never deleted. It returns false when there is nothing to undo.
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
	u := &d.undo
	u.grows, u.last = false, now
	for len(*from) > 0 {
		g := u.pop(from)
		u.begin(to, d.own.next)
		patch := d.revert(g)
		if len((*to)[len(*to)-1].steps) == 0 {
			u.pop(to)
		}
		if len(patch) > 0 {
			return patch, true
		}
	}
	return nil, false
}

func (d *Doc) revert(g group) (patch Patch) {
	for _, s := range slices.Backward(g.steps) {
		switch {
		case s.shown:
			d.deleteAll(d.visibleOf(s.stretch), &patch)
		case !d.typedWithin(g, s.seq):
			d.restore(s.seq, &patch)
		}
	}
	return patch
}

// typedWithin says whether the own Delete seq hit only what group g inserted
// itself: typed and corrected at once. That was not there before g.
func (d *Doc) typedWithin(g group, seq uint32) bool {
	rec := d.own.record(seq)
	return rec.by == d.own && rec.ref >= g.first
}

// visibleOf returns the elements of t that are visible.
func (d *Doc) visibleOf(t stretch) (shown []stretch) {
	for t.n > 0 {
		p := d.seq.find(t.by, t.seq)
		r := d.seq.run(p)
		n := min(t.n, r.n-p.off)
		if r.visible() {
			shown = appendStretch(shown, stretch{t.by, t.seq, n})
		}
		t.seq, t.n = t.seq+n, t.n-n
	}
	return shown
}

// restore cancels the own Delete seq.
func (d *Doc) restore(seq uint32, patch *Patch) {
	rec := d.own.record(seq)
	shown := stretch{rec.by, rec.ref, rec.targets}
	o := Op{Kind: Restore, Target: Span{Replica: d.own.id, Seq: seq, Len: 1}}
	d.draftOp(o)
	d.undo.add(step{shown: true, stretch: shown})
	d.integrateRestore(d.own, &o, patch)
}
