package spantree

// maxKids makes an inner node 1008 bytes, for a size class of 1024. With 16 the
// trees of long texts have a level more, and typing is slower by it.
const maxKids = 31

// An inner node holds leaves or inner nodes. The root is always an inner node.
type inner struct {
	parent  *inner // nil: the root
	slot, n uint8  // its place in parent.kids; kids in use
	kids    [maxKids]child
}

// A child is what an inner node knows of a node below it. The counts stand here
// and not in the node itself, so that a search reads one node per level.
type child struct {
	sums  Sums
	least uint32 // the element with the least key; any in an empty tree
	leaf  *leaf  // one of the two is nil
	inner *inner
}

// all is the kids in use.
func (n *inner) all() []child { return n.kids[:n.n] }

// child is the parent's record of n, which is not the root.
func (n *inner) child() *child { return &n.parent.kids[n.slot] }

// insert puts k into slot i. The node must not be full.
func (n *inner) insert(i int, k child) {
	copy(n.kids[i+1:n.n+1], n.kids[i:n.n])
	n.kids[i] = k
	n.n++
	n.adopt(i)
}

// remove takes the kid out of slot i.
func (n *inner) remove(i int) {
	copy(n.kids[i:], n.kids[i+1:n.n])
	n.n--
	n.kids[n.n] = child{}
	n.adopt(i)
}

// adopt tells the kids from slot i on where they are.
func (n *inner) adopt(i int) {
	for ; i < int(n.n); i++ {
		if l := n.kids[i].leaf; l != nil {
			l.parent, l.slot = n, uint8(i)
		} else {
			below := n.kids[i].inner
			below.parent, below.slot = n, uint8(i)
		}
	}
}

func (t *Tree) newInner() *inner {
	t.inners++
	return &inner{}
}

// summary is the child record of n, from its kids.
func (t *Tree) summary(n *inner) child {
	k := child{least: n.kids[0].least, inner: n}
	for _, below := range n.all() {
		k.sums.add(below.sums)
		if t.source.Less(below.least, k.least) {
			k.least = below.least
		}
	}
	return k
}

// splitInner moves half of n's kids into a new node behind it. Room above is made
// first, while all sums are still right.
func (t *Tree) splitInner(n *inner) {
	switch {
	case n.parent == nil:
		t.root = t.newInner()
		t.root.insert(0, t.summary(n))
	case int(n.parent.n) == t.size.kids:
		t.splitInner(n.parent)
	}
	right := t.newInner()
	right.n = uint8(copy(right.kids[:], n.all()[n.n/2:]))
	n.n -= right.n
	clear(n.kids[n.n:])
	right.adopt(0)
	*n.child() = t.summary(n)
	n.parent.insert(int(n.slot)+1, t.summary(right))
}

// add adds d to the sums of l and of all above it.
func (t *Tree) add(l *leaf, d Sums) {
	t.sums.add(d)
	for n, slot := l.parent, l.slot; n != nil; n, slot = n.parent, n.slot {
		n.kids[slot].sums.add(d)
	}
}

// lower tells l and all above it that it has got the element lv.
func (t *Tree) lower(l *leaf, lv uint32) {
	if t.spans == 1 {
		l.child().least = lv
		return
	}
	for k, n := l.child(), l.parent; t.source.Less(lv, k.least); n = n.parent {
		k.least = lv
		if n.parent == nil {
			return
		}
		k = n.child()
	}
}

// raise finds the least element of l anew: it may have lost its own.
func (t *Tree) raise(l *leaf) {
	if l.n == 0 {
		return // and will be dropped
	}
	l.child().least = t.leastOf(l.all())
	t.raiseAbove(l.parent)
}

// raiseAbove finds the least elements of n and of those above it anew, as far as
// they change.
func (t *Tree) raiseAbove(n *inner) {
	for ; n.parent != nil; n = n.parent {
		k, least := n.child(), t.summary(n).least
		if k.least == least {
			return
		}
		k.least = least
	}
}
