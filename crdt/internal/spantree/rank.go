package spantree

// Nth is the gap in front of the k-th element of unit u, counted from 0; for
// [Newlines] that is the gap in front of a newline. It panics unless
// 0 ≤ k < t.Sums().Of(u). O(1) near the last place used, else O(log n).
func (t *Tree) Nth(u Unit, k int) Pos {
	if k < 0 || k >= t.sums.Of(u) {
		panic("spantree: Nth outside the document")
	}
	t.seekNth(u, k)
	c := &t.cursor
	rest := int32(k - c.before.Of(u))
	switch u {
	case Visible:
		return c.nthVisible(rest)
	case Total:
		return c.nthTotal(rest)
	}
	return t.nthNewline(c.leaf, int(rest))
}

// nthVisible moves the cursor to the k-th visible element of its leaf.
func (c *cursor) nthVisible(k int32) Pos {
	for k < c.visible {
		c.back()
	}
	for k-c.visible >= c.leaf.spans[c.i].visible() {
		c.forth()
	}
	return Pos{c.leaf, uint32(c.i), uint32(k - c.visible)}
}

// nthTotal moves the cursor to the k-th element of its leaf.
func (c *cursor) nthTotal(k int32) Pos {
	for k < c.total {
		c.back()
	}
	for uint32(k-c.total) >= c.leaf.spans[c.i].len() {
		c.forth()
	}
	return Pos{c.leaf, uint32(c.i), uint32(k - c.total)}
}

// nthNewline asks the source span by span, then halves the span that has it:
// twice the span's length in all, if the source has to look at each element.
func (t *Tree) nthNewline(l *leaf, k int) Pos {
	i := 0
	for ; ; i++ {
		n := int(t.sumsOf(l.spans[i]).Newlines)
		if k < n {
			break
		}
		k -= n
	}
	lv, n := l.spans[i].lv, l.spans[i].len()
	for n > 1 {
		half := n / 2
		if found := t.source.Newlines(lv, half); k < found {
			n = half
		} else {
			k -= found
			lv += half
			n -= half
		}
	}
	return Pos{l, uint32(i), lv - l.spans[i].lv}
}

// Rank counts the elements of unit u in front of p: the inverse of [Tree.Nth].
// O(1) near the last place used, else O(log n); for [Newlines] it asks the source
// about the spans of one leaf.
func (t *Tree) Rank(u Unit, p Pos) int {
	switch c := t.aim(p.leaf, int(p.i)); u {
	case Visible:
		return int(c.before.Visible + c.visible + p.visible())
	case Total:
		return int(c.before.Total+c.total) + int(p.off)
	}
	return t.Before(p).Of(Newlines)
}

// Before counts the elements in front of p in each unit, at the cost of
// Rank(Newlines, p).
func (t *Tree) Before(p Pos) Sums {
	c := t.aim(p.leaf, int(p.i))
	sum := c.before
	sum.Visible += c.visible + p.visible()
	sum.Total += c.total + int32(p.off)
	most := p.leaf.child().sums.Newlines
	found := t.newlinesIn(p.leaf.spans[:p.i], most)
	if n := p.visible(); n > 0 && found < most {
		found += t.newlines(p.leaf.spans[p.i].lv, uint32(n))
	}
	sum.Newlines += found
	return sum
}

// visible counts the visible elements between the start of p's span and p.
func (p Pos) visible() int32 {
	if p.off == 0 || p.leaf.spans[p.i].dead() {
		return 0
	}
	return int32(p.off)
}
