package spantree

// Insert puts n new visible elements with the LVs first, first+1, … at p and
// returns the gap behind them. Their keys must ascend. They become part of the
// span at their left or right if they continue it. It panics if the tree would
// hold 2³¹ elements or more. O(log n); O(1) amortised, apart from adding to the
// sums of each level, where the last change was.
func (t *Tree) Insert(p Pos, first, n uint32) Pos {
	if n == 0 {
		return p
	}
	t.reserve(first, n)
	s := spanOf(first, n, false)
	if p.off > 0 {
		return t.insertInside(p, s)
	}
	if l, i := p.left(); l != nil && t.fits(l.spans[i], s) {
		return t.append(l, i, s)
	}
	l, i := p.leaf, int(p.i)
	if i < int(l.n) && t.fits(s, l.spans[i]) {
		t.touch(l, i)
		l.spans[i] = l.spans[i].from(-int32(n))
		t.enter(l, s)
		return pos(l, i, n)
	}
	l, i = t.room(l, i, 1)
	t.touch(l, i)
	l.open(i, 1)
	l.spans[i] = s
	t.spans++
	t.enter(l, s)
	return pos(l, i, n)
}

// append makes s part of span i of l, in front of it. It may close the last gap
// to the span behind.
func (t *Tree) append(l *leaf, i int, s span) Pos {
	t.touch(l, i)
	at := &l.spans[i]
	*at = at.grown(s.n)
	t.index.set(s.lv, s.len(), l.number)
	t.add(l, t.sumsOf(s))
	if poor := t.join(l, i); poor != nil {
		t.thin(poor)
		return t.Behind(t.Find(s.end() - 1))
	}
	return pos(l, i, at.len())
}

// insertInside puts s between two elements of one span.
func (t *Tree) insertInside(p Pos, s span) Pos {
	l, i := t.room(p.leaf, int(p.i), 2)
	t.touch(l, i)
	whole := l.spans[i]
	l.open(i+1, 2)
	l.spans[i] = whole.grown(int32(p.off) - int32(whole.len()))
	l.spans[i+1] = s
	l.spans[i+2] = whole.from(int32(p.off))
	t.spans += 2
	t.enter(l, s)
	return pos(l, i+1, s.len())
}

// enter counts and indexes s, which has become a span of l or the front of one.
func (t *Tree) enter(l *leaf, s span) {
	t.index.set(s.lv, s.len(), l.number)
	t.add(l, t.sumsOf(s))
	t.lower(l, s.lv)
}

// SetDead makes the n elements right of p dead or visible and returns by how much
// that changed the sums: not at all if they were so already. All n must be of the
// stretch at p; it panics if they are not. O(log n).
func (t *Tree) SetDead(p Pos, n uint32, dead bool) Sums {
	if n == 0 {
		return Sums{}
	}
	s := p.leaf.spans[p.i]
	if n > s.len()-p.off {
		panic("spantree: SetDead beyond its stretch")
	}
	if s.dead() == dead {
		return Sums{}
	}
	d := Sums{Visible: int32(n), Newlines: t.newlines(s.lv+p.off, n)}
	if dead {
		d.Visible, d.Newlines = -d.Visible, -d.Newlines
	}
	if !t.shift(p, n, dead) {
		t.flip(p, n, dead, d)
	} else {
		t.add(p.leaf, d)
	}
	return d
}

// shift moves the seam between two spans: where a part at one end of its span
// fits the neighbour on that end, the neighbour takes it. That is how backspacing
// goes. Only within a leaf.
func (t *Tree) shift(p Pos, n uint32, dead bool) bool {
	l, i := p.leaf, int(p.i)
	s := &l.spans[i]
	if n == s.len() {
		return false
	}
	part := spanOf(s.lv+p.off, n, dead)
	if i > 0 && p.off == 0 && t.fits(l.spans[i-1], part) {
		t.touch(l, i-1)
		l.spans[i-1] = l.spans[i-1].grown(int32(n))
		*s = s.from(int32(n))
		return true
	}
	if i+1 < int(l.n) && part.end() == s.end() && t.fits(part, l.spans[i+1]) {
		t.touch(l, i)
		*s = s.grown(-int32(n))
		l.spans[i+1] = l.spans[i+1].from(-int32(n))
		return true
	}
	return false
}

// flip makes the n elements at p a span of their own, of the other kind, and
// joins it with its neighbours where they fit. d is the change of the sums.
func (t *Tree) flip(p Pos, n uint32, dead bool, d Sums) {
	l, i := t.isolate(p, n)
	l.spans[i] = spanOf(l.spans[i].lv, n, dead)
	t.add(l, d)
	right := t.join(l, i)
	var left *leaf
	if i > 0 {
		left = t.join(l, i-1)
	} else if l.prev != nil {
		left = t.join(l.prev, int(l.prev.n)-1)
	}
	t.thin(right)
	t.thin(left)
}

// isolate cuts the span at p so that the n elements right of p are a span, and
// says which. They may fit their neighbours then.
func (t *Tree) isolate(p Pos, n uint32) (*leaf, int) {
	whole := p.leaf.spans[p.i]
	rest := whole.len() - p.off - n
	cuts := 0
	if p.off > 0 {
		cuts++
	}
	if rest > 0 {
		cuts++
	}
	l, i := t.room(p.leaf, int(p.i), cuts)
	t.touch(l, i)
	l.open(i+1, cuts)
	t.spans += cuts
	if p.off > 0 {
		l.spans[i] = whole.grown(-int32(n + rest))
		i++
	}
	l.spans[i] = whole.from(int32(p.off)).grown(-int32(rest))
	if rest > 0 {
		l.spans[i+1] = whole.from(int32(p.off + n))
	}
	return l, i
}
