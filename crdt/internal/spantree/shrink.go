package spantree

// join makes span i of l and the span behind it one, if they fit. It returns the
// leaf that lost a span, to be given to thin once nobody counts on leaves to stay,
// or nil.
func (t *Tree) join(l *leaf, i int) *leaf {
	s := &l.spans[i]
	if i+1 < int(l.n) {
		b := l.spans[i+1]
		if !t.fits(*s, b) {
			return nil
		}
		t.touch(l, i)
		*s = s.grown(int32(b.len()))
		l.remove(i + 1)
		t.spans--
		return l
	}
	right := l.next
	if right == nil || !t.fits(*s, right.spans[0]) {
		return nil
	}
	b := right.spans[0]
	d := t.sumsOf(b)
	t.touch(l, i)
	t.touch(right, 0)
	*s = s.grown(int32(b.len()))
	right.remove(0)
	t.spans--
	t.index.set(b.lv, b.len(), l.number)
	t.add(l, d)
	t.add(right, Sums{-d.Visible, -d.Total, -d.Newlines})
	t.raise(right)
	return right
}

// thin drops l if it is empty, and moves its few spans to a neighbour that has
// room. So no two leaves of one parent are nearly empty, and backspacing gives
// its memory back.
func (t *Tree) thin(l *leaf) {
	if l == nil || l.parent == nil || int(l.n) >= t.size.spans/4 {
		return
	}
	if l.n == 0 {
		t.dropLeaf(l)
		return
	}
	if right := l.sibling(1); right != nil && t.mergeable(l, right) {
		t.mergeLeaf(l, right)
	} else if left := l.sibling(-1); left != nil && t.mergeable(left, l) {
		t.mergeLeaf(left, l)
	}
}

// mergeable: a quarter of a leaf stays free, so that the next insert does not
// split again what was just merged.
func (t *Tree) mergeable(l, right *leaf) bool {
	return int(l.n)+int(right.n) <= t.size.spans*3/4
}

func (t *Tree) mergeLeaf(l, right *leaf) {
	t.moveLeft(l, right, int(right.n))
	t.dropLeaf(right)
}

// dropLeaf takes the empty leaf l out of the tree.
func (t *Tree) dropLeaf(l *leaf) {
	if t.cursor.leaf == l {
		t.cursor.leaf = nil
	}
	t.unlink(l)
	t.leaves[l.number] = nil
	t.free = append(t.free, l.number)
	t.dropKid(l.parent, int(l.slot))
	l.parent = nil
}

// dropKid takes the kid without elements out of slot i of n, and n after it if
// that was the last.
func (t *Tree) dropKid(n *inner, i int) {
	n.remove(i)
	switch {
	case n.parent == nil:
		t.lowerRoot()
	case n.n == 0:
		t.inners--
		t.dropKid(n.parent, int(n.slot))
	default:
		t.raiseAbove(n)
		t.thinInner(n)
	}
}

// lowerRoot takes away roots that have only one kid.
func (t *Tree) lowerRoot() {
	for t.root.n == 1 && t.root.kids[0].inner != nil {
		t.root = t.root.kids[0].inner
		t.root.parent = nil
		t.inners--
	}
}

// thinInner moves n's few kids together with those of a neighbour that has room.
func (t *Tree) thinInner(n *inner) {
	if int(n.n) >= t.size.kids/4 {
		return
	}
	for _, i := range [2]int{int(n.slot), int(n.slot) - 1} {
		if i < 0 || i+1 >= int(n.parent.n) {
			continue
		}
		l, right := n.parent.kids[i].inner, n.parent.kids[i+1].inner
		if int(l.n)+int(right.n) <= t.size.kids*3/4 {
			t.mergeInner(l, right)
			return
		}
	}
}

// mergeInner moves all kids of right to l, its left neighbour in one parent.
func (t *Tree) mergeInner(l, right *inner) {
	at := int(l.n)
	l.n += uint8(copy(l.kids[at:], right.all()))
	l.adopt(at)
	*l.child() = t.summary(l)
	t.inners--
	t.dropKid(right.parent, int(right.slot))
}
