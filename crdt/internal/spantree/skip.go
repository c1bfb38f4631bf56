package spantree

// Skip is the place rule of an RGA (Roh et al., "Replicated abstract data types",
// 2011): the first gap at or right of p whose right element has a key less than
// lv's, or the end. With p behind the element after which lv was typed, that is
// where lv belongs, for the elements typed after a sibling have greater keys than
// the sibling. lv itself need not be in the tree.
//
// A node whose least element is not less is passed over whole, and so is a span
// whose first element is not: O(log n) among any number of siblings.
func (t *Tree) Skip(p Pos, lv uint32) Pos {
	s, ok := t.At(p)
	if !ok || t.source.Less(s.First, lv) {
		return p
	}
	l := p.leaf
	if t.source.Less(l.child().least, lv) {
		for i := int(p.i) + 1; i < int(l.n); i++ {
			if t.source.Less(l.spans[i].lv, lv) {
				return Pos{leaf: l, i: uint32(i)}
			}
		}
	}
	slot := l.slot
	for n := l.parent; n != nil; slot, n = n.slot, n.parent {
		for _, k := range n.all()[slot+1:] {
			if t.source.Less(k.least, lv) {
				return t.firstBelow(k, lv)
			}
		}
	}
	return t.End()
}

// firstBelow is the gap in front of the first element under k with a key less
// than lv's. There is one.
func (t *Tree) firstBelow(k child, lv uint32) Pos {
	for k.leaf == nil {
		for _, k = range k.inner.all() {
			if t.source.Less(k.least, lv) {
				break
			}
		}
	}
	i := 0
	for !t.source.Less(k.leaf.spans[i].lv, lv) {
		i++
	}
	return Pos{leaf: k.leaf, i: uint32(i)}
}
