package spantree

// room makes sure that l can take k more spans at its span i, at most 2, and
// says where span i is now. It changes no span and no total, so it has to come
// before any change.
func (t *Tree) room(l *leaf, i, k int) (*leaf, int) {
	if int(l.n)+k <= t.size.spans {
		return l, i
	}
	if i == int(l.n) && l.next == nil { // written from front to end, leaves are full
		right := t.newRight(l)
		t.moveRight(l, right, 1)
		return right, 1
	}
	if left := l.sibling(-1); left != nil && t.takes(left, l) {
		n := int(l.n-left.n) / 2
		t.moveLeft(left, l, n)
		if i < n {
			return left, int(left.n) - n + i
		}
		return l, i - n
	}
	right := l.sibling(1)
	if right == nil || !t.takes(right, l) {
		right = t.newRight(l)
	}
	t.moveRight(l, right, int(l.n-right.n)/2)
	if at := int(l.n); i >= at {
		return right, i - at
	}
	return l, i
}

// takes says whether to has room for enough of l's spans that both can grow then.
// Where it has, l need not be split: that keeps the leaves of a text typed by
// people 72 % full instead of 62 %. A limit above ⅝ gains little memory, and costs
// more moves.
func (t *Tree) takes(to, l *leaf) bool {
	return int(to.n) <= t.size.spans*5/8 && to.n+4 <= l.n
}

// newRight makes an empty leaf behind l, with the same parent.
func (t *Tree) newRight(l *leaf) *leaf {
	if int(l.parent.n) == t.size.kids {
		t.splitInner(l.parent)
	}
	right := t.newLeaf()
	t.link(l, right)
	l.parent.insert(int(l.slot)+1, child{leaf: right})
	return right
}

// moveRight moves the last k spans of l to the front of right, its neighbour in
// one parent.
func (t *Tree) moveRight(l, right *leaf, k int) {
	at := int(l.n) - k
	t.touch(l, at)
	t.touch(right, 0)
	right.open(0, k)
	copy(right.spans[:], l.spans[at:l.n])
	l.n -= uint8(k)
	t.moved(right.spans[:k], l, right)
}

// moveLeft moves the first k spans of right to the end of l, its neighbour in one
// parent.
func (t *Tree) moveLeft(l, right *leaf, k int) {
	at := int(l.n)
	t.touch(l, at)
	t.touch(right, 0)
	l.n += uint8(copy(l.spans[at:], right.spans[:k]))
	right.n = uint8(copy(right.spans[:], right.spans[k:right.n]))
	t.moved(l.spans[at:l.n], right, l)
}

// moved corrects the records of two kids of one parent, and the index, after
// spans went from one to the other.
func (t *Tree) moved(spans []span, from, to *leaf) {
	a, b := from.child(), to.child()
	sums := Sums{Newlines: t.newlinesIn(spans, a.sums.Newlines)}
	for _, s := range spans {
		sums.Visible += s.visible()
		sums.Total += int32(s.len())
		t.index.set(s.lv, s.len(), to.number)
	}
	a.sums.subtract(sums)
	b.sums.add(sums)
	least, lost := a.least, from.n == 0 || !from.has(a.least)
	if !lost {
		least = t.leastOf(spans)
	} else if from.n > 0 {
		a.least = t.leastOf(from.all())
	}
	if int(to.n) == len(spans) || t.source.Less(least, b.least) {
		b.least = least
	}
}
