package spantree

// Address names the gap p without LVs, so that another tree with the same
// elements in the same order, however they are numbered, finds it: the number of
// visible elements in front of it, and of dead ones directly left of it, back to
// the last visible one. Almost always dead is 0. O(log n), also in the middle of
// a million dead elements.
func (t *Tree) Address(p Pos) (visible, dead int) {
	visible = t.Rank(Visible, p)
	if _, isDead, _ := t.Left(p); !isDead {
		return visible, 0
	}
	total := t.Rank(Total, p)
	return visible, total - t.behindVisible(visible)
}

// ByAddress is the gap that [Tree.Address] names so. False if there is none:
// addresses may come from outside.
func (t *Tree) ByAddress(visible, dead int) (Pos, bool) {
	if visible < 0 || visible > int(t.sums.Visible) || dead < 0 || dead > int(t.sums.Total) {
		return Pos{}, false
	}
	if dead == 0 {
		return t.gapBehind(visible), true
	}
	total := t.behindVisible(visible) + dead
	if total > int(t.sums.Total) {
		return Pos{}, false
	}
	p := t.gap(total)
	return p, t.Rank(Visible, p) == visible
}

// behindVisible is the total rank of the gap behind the first n visible elements.
func (t *Tree) behindVisible(n int) int { return t.Rank(Total, t.gapBehind(n)) }

// gapBehind is the first gap that has n visible elements in front of it.
func (t *Tree) gapBehind(n int) Pos {
	if n == 0 {
		return t.Start()
	}
	return t.Behind(t.Nth(Visible, n-1))
}

// gap is the gap with that many elements in front of it.
func (t *Tree) gap(total int) Pos {
	if total == int(t.sums.Total) {
		return t.End()
	}
	return t.Nth(Total, total)
}
