package spantree

import "slices"

// maxSpans makes a leaf 288 bytes, a size class of Go's allocator.
const maxSpans = 32

// A leaf holds the spans of one part of the document. A leaf in a tree is never
// empty, but for the one leaf of an empty tree. Its sums and its least element
// are in its parent's child.
type leaf struct {
	parent     *inner // nil: no longer in the tree
	prev, next *leaf
	number     uint32 // its name in the index
	slot       uint8  // its place in parent.kids
	n          uint8  // spans in use
	spans      [maxSpans]span
}

// all is the spans in use.
func (l *leaf) all() []span { return l.spans[:l.n] }

// child is the parent's record of l.
func (l *leaf) child() *child { return &l.parent.kids[l.slot] }

// sibling is the kid of l's parent that stands d slots behind l; nil if none does.
func (l *leaf) sibling(d int) *leaf {
	i := int(l.slot) + d
	if i < 0 || i >= int(l.parent.n) {
		return nil
	}
	return l.parent.kids[i].leaf
}

// open makes room for k spans in front of span i.
func (l *leaf) open(i, k int) {
	copy(l.spans[i+k:int(l.n)+k], l.spans[i:l.n])
	l.n += uint8(k)
}

// remove takes out span i.
func (l *leaf) remove(i int) {
	copy(l.spans[i:], l.spans[i+1:l.n])
	l.n--
}

// newLeaf makes an unlinked leaf with a number.
func (t *Tree) newLeaf() *leaf {
	l := &leaf{}
	if last := len(t.free) - 1; last >= 0 {
		l.number = t.free[last]
		t.free = t.free[:last]
		t.leaves[l.number] = l
		return l
	}
	l.number = uint32(len(t.leaves))
	t.leaves = append(t.leaves, l)
	return l
}

// count sums the spans of l from span i on.
func (t *Tree) count(l *leaf, i int) (sum Sums) {
	for _, s := range l.all()[i:] {
		sum.add(t.sumsOf(s))
	}
	return sum
}

// leastOf finds the least element of spans. Keys ascend within a span, so the first
// elements are enough.
func (t *Tree) leastOf(spans []span) uint32 {
	least := spans[0].lv
	for _, s := range spans[1:] {
		if t.source.Less(s.lv, least) {
			least = s.lv
		}
	}
	return least
}

// has says whether a span of l begins with lv.
func (l *leaf) has(lv uint32) bool {
	return slices.ContainsFunc(l.all(), func(s span) bool { return s.lv == lv })
}

// link puts right behind l in the list of leaves.
func (t *Tree) link(l, right *leaf) {
	right.prev, right.next = l, l.next
	if l.next != nil {
		l.next.prev = right
	} else {
		t.last = right
	}
	l.next = right
}

// unlink takes l out of the list of leaves.
func (t *Tree) unlink(l *leaf) {
	if l.prev != nil {
		l.prev.next = l.next
	} else {
		t.first = l.next
	}
	if l.next != nil {
		l.next.prev = l.prev
	} else {
		t.last = l.prev
	}
}
