package spantree

// A Pos is a gap between two elements, in front of the first or behind the last.
// It is good until the tree changes. Two gaps of one tree are equal (==) if and
// only if they are the same place.
type Pos struct {
	leaf *leaf
	// The gap is in front of element off of span i. Only the gap at the end of the
	// tree has i == leaf.n, and off == 0.
	i, off uint32
}

// pos is the gap in front of element off of span i of l, where off may be the
// span's length and i the number of spans.
func pos(l *leaf, i int, off uint32) Pos {
	if i < int(l.n) && off == l.spans[i].len() {
		i, off = i+1, 0
	}
	if i == int(l.n) && l.next != nil {
		l, i = l.next, 0
	}
	return Pos{l, uint32(i), off}
}

// Start is the gap in front of the first element.
func (t *Tree) Start() Pos { return Pos{leaf: t.first} }

// End is the gap behind the last element.
func (t *Tree) End() Pos { return Pos{leaf: t.last, i: uint32(t.last.n)} }

// At is what stands right of p: the rest of the span there. False at the end.
func (t *Tree) At(p Pos) (Stretch, bool) {
	if p.i == uint32(p.leaf.n) {
		return Stretch{}, false
	}
	return p.leaf.spans[p.i].stretch(p.off), true
}

// Left is the element left of p. ok is false at the start.
func (t *Tree) Left(p Pos) (lv uint32, dead, ok bool) {
	if p.off > 0 {
		s := p.leaf.spans[p.i]
		return s.lv + p.off - 1, s.dead(), true
	}
	l, i := p.left()
	if l == nil {
		return 0, false, false
	}
	s := l.spans[i]
	return s.end() - 1, s.dead(), true
}

// left is the span in front of span p.i; a nil leaf if there is none.
func (p Pos) left() (*leaf, int) {
	if p.i > 0 {
		return p.leaf, int(p.i) - 1
	}
	if l := p.leaf.prev; l != nil {
		return l, int(l.n) - 1
	}
	return nil, 0
}

// Next is the gap n elements right of p. All n must be of the stretch at p; Next
// panics if they are not.
func (t *Tree) Next(p Pos, n uint32) Pos {
	if n == 0 {
		return p
	}
	if n > p.leaf.spans[p.i].len()-p.off {
		panic("spantree: Next beyond its stretch")
	}
	return pos(p.leaf, int(p.i), p.off+n)
}

// Behind is the gap behind the element right of p, which must not be the end.
func (t *Tree) Behind(p Pos) Pos { return t.Next(p, 1) }

// Find is the gap in front of element lv. It panics if lv is not in the tree: an
// LV of one's own making that is not there is a mistake in the program. O(log n).
func (t *Tree) Find(lv uint32) Pos {
	p, ok := t.Lookup(lv)
	if !ok {
		panic("spantree: Find of an unknown element")
	}
	return p
}

// Lookup is Find for an LV that may be unknown.
func (t *Tree) Lookup(lv uint32) (Pos, bool) {
	number, ok := t.index.find(lv)
	if !ok {
		return Pos{}, false
	}
	l := t.leaves[number]
	if c := &t.cursor; c.leaf == l && c.i < int(l.n) && l.spans[c.i].has(lv) {
		return Pos{l, uint32(c.i), lv - l.spans[c.i].lv}, true
	}
	for i, s := range l.all() {
		if s.has(lv) {
			return Pos{l, uint32(i), lv - s.lv}, true
		}
	}
	return Pos{}, false
}
