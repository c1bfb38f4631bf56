package spantree

// A cursor is the place used last, with the ranks in front of it. People and
// programs edit where they edited before, so most searches end here.
//
// Invariant: before counts what is in front of leaf; visible and total count the
// spans of leaf in front of span i, 0 ≤ i ≤ leaf.n.
type cursor struct {
	leaf           *leaf // nil: nowhere
	before         Sums
	i              int
	visible, total int32
}

// touch must be called before spans of l from i on change. Changes behind the
// cursor do it no harm; a cursor elsewhere is given up, for what is in front of
// it may change.
func (t *Tree) touch(l *leaf, i int) {
	c := &t.cursor
	if c.leaf != l {
		c.leaf = nil
		return
	}
	for c.i > i {
		c.back()
	}
}

func (c *cursor) back() {
	c.i--
	s := c.leaf.spans[c.i]
	c.visible -= s.visible()
	c.total -= int32(s.len())
}

func (c *cursor) forth() {
	s := c.leaf.spans[c.i]
	c.visible += s.visible()
	c.total += int32(s.len())
	c.i++
}

// aim moves the cursor to span i of l. O(1) from a neighbouring place, else
// O(log n).
func (t *Tree) aim(l *leaf, i int) *cursor {
	c := &t.cursor
	t.seek(l)
	for c.i < i {
		c.forth()
	}
	for c.i > i {
		c.back()
	}
	return c
}

// seek moves the cursor to some span of l.
func (t *Tree) seek(l *leaf) {
	c := &t.cursor
	switch {
	case c.leaf == l:
	case c.leaf != nil && c.leaf.next == l:
		before := c.before
		before.add(c.leaf.child().sums)
		*c = cursor{leaf: l, before: before}
	case c.leaf != nil && c.leaf.prev == l:
		t.seekBack(l)
	default:
		*c = cursor{leaf: l, before: before(l)}
	}
}

// seekBack moves the cursor to the end of l, the leaf in front of its own.
func (t *Tree) seekBack(l *leaf) {
	c, sums := &t.cursor, l.child().sums
	before := c.before
	before.subtract(sums)
	*c = cursor{leaf: l, before: before, i: int(l.n), visible: sums.Visible, total: sums.Total}
}

// before counts everything in front of l, from below.
func before(l *leaf) (sum Sums) {
	slot := l.slot
	for n := l.parent; n != nil; slot, n = n.slot, n.parent {
		for i := range slot {
			sum.add(n.kids[i].sums)
		}
	}
	return sum
}

// seekNth moves the cursor to the leaf with the k-th element of unit u.
func (t *Tree) seekNth(u Unit, k int) {
	c := &t.cursor
	if c.leaf == nil {
		t.descend(u, k)
		return
	}
	start := c.before.Of(u)
	end := start + c.leaf.child().sums.Of(u)
	n, i := c.leaf.parent, int(c.leaf.slot)
	switch {
	case start <= k && k < end:
	case k >= end && i+1 < int(n.n) && k < end+n.kids[i+1].sums.Of(u):
		t.seek(c.leaf.next)
	case k < start && i > 0 && k >= start-n.kids[i-1].sums.Of(u):
		t.seek(c.leaf.prev)
	default:
		t.descend(u, k)
	}
}

// descend is seekNth from the root.
func (t *Tree) descend(u Unit, k int) {
	var before Sums
	n := t.root
	for {
		i := 0
		for s := n.kids[i].sums; k >= s.Of(u); s = n.kids[i].sums {
			k -= s.Of(u)
			before.add(s)
			i++
		}
		if l := n.kids[i].leaf; l != nil {
			t.cursor = cursor{leaf: l, before: before}
			return
		}
		n = n.kids[i].inner
	}
}
