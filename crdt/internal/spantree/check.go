package spantree

import (
	"errors"
	"fmt"
)

// Check verifies every invariant of the tree: counts, least elements, links,
// spans, the index for every element and the cursor. It is for tests, and for a
// program that suspects its memory. O(n) questions to the source.
func (t *Tree) Check() error {
	c := checker{tree: t, next: t.first}
	sums, _, err := c.inner(t.root, nil, 0)
	if err != nil {
		return err
	}
	switch {
	case sums != t.sums:
		return fmt.Errorf("sums are %v, should be %v", t.sums, sums)
	case c.next != nil:
		return errors.New("the list of leaves is longer than the tree")
	case c.leaf != t.last:
		return errors.New("the last leaf is another")
	case c.spans != t.spans || c.inners != t.inners || c.leaves != len(t.leaves)-len(t.free):
		return fmt.Errorf("%d spans, %d leaves, %d inner nodes counted wrongly", c.spans, c.leaves, c.inners)
	}
	return errors.Join(t.index.check(), t.checkCursor())
}

// A checker walks through the tree in document order.
type checker struct {
	tree                  *Tree
	leaf, next            *leaf // the last one seen; the one that must follow
	depth                 int   // of the leaves
	spans, leaves, inners int
}

// inner checks n and all below it and says what its child record must be.
func (c *checker) inner(n, parent *inner, depth int) (sums Sums, least uint32, err error) {
	c.inners++
	if n.parent != parent || n.n == 0 || int(n.n) > c.tree.size.kids {
		return sums, 0, fmt.Errorf("an inner node with %d kids, or another parent", n.n)
	}
	for i, k := range n.all() {
		got := child{leaf: k.leaf, inner: k.inner}
		slot := uint8(0)
		if k.leaf != nil {
			slot = k.leaf.slot
			got.sums, got.least, err = c.oneLeaf(k.leaf, n, depth)
		} else {
			slot = k.inner.slot
			got.sums, got.least, err = c.inner(k.inner, n, depth+1)
		}
		switch {
		case err != nil:
			return sums, 0, err
		case int(slot) != i:
			return sums, 0, fmt.Errorf("kid %d believes that it is kid %d", i, slot)
		case got != k && c.tree.spans > 0:
			return sums, 0, fmt.Errorf("a child is %+v, should be %+v", k, got)
		}
		if sums.add(got.sums); i == 0 || c.tree.source.Less(got.least, least) {
			least = got.least
		}
	}
	return sums, least, nil
}

func (c *checker) oneLeaf(l *leaf, parent *inner, depth int) (sums Sums, least uint32, err error) {
	t := c.tree
	if c.leaves == 0 {
		c.depth = depth
	}
	c.leaves++
	switch {
	case c.next != l || l.prev != c.leaf || l.parent != parent:
		err = fmt.Errorf("leaf %d is linked wrongly", l.number)
	case c.depth != depth:
		err = fmt.Errorf("leaf %d is not as deep as the first", l.number)
	case t.leaves[l.number] != l:
		err = fmt.Errorf("leaf %d is not known by its number", l.number)
	case int(l.n) > t.size.spans || l.n == 0 && t.spans > 0:
		err = fmt.Errorf("leaf %d has %d spans", l.number, l.n)
	}
	if err != nil || t.spans == 0 {
		c.leaf, c.next = l, l.next
		return sums, 0, err
	}
	for i, s := range l.all() {
		if err := c.span(l, i, s); err != nil {
			return sums, 0, err
		}
	}
	c.leaf, c.next = l, l.next
	return t.count(l, 0), t.leastOf(l.all()), nil
}

// span checks span i of l; c.leaf is still the leaf in front of l.
func (c *checker) span(l *leaf, i int, s span) error {
	t := c.tree
	c.spans++
	if s.n == 0 {
		return fmt.Errorf("leaf %d has an empty span", l.number)
	}
	for lv := s.lv + 1; lv < s.end(); lv++ {
		if !t.source.Less(lv-1, lv) {
			return fmt.Errorf("keys do not ascend from %d to %d", lv-1, lv)
		}
	}
	if pl, pi := (Pos{leaf: l, i: uint32(i)}).left(); pl != nil && t.fits(pl.spans[pi], s) {
		return fmt.Errorf("spans %v and %v should be one", pl.spans[pi], s)
	}
	for lv := s.lv; lv < s.end(); {
		number, ok := t.index.find(lv)
		if !ok || number != l.number {
			return fmt.Errorf("element %d is in leaf %d, the index leads to %d, %t", lv, l.number, number, ok)
		}
		lv = t.index.stop(t.index.locate(lv))
	}
	return nil
}

func (x *index) check() error {
	var last entry
	for c, chunk := range x.chunks {
		if len(chunk) == 0 || len(chunk) > x.limit || x.firsts[c] != chunk[0].lv {
			return fmt.Errorf("index chunk %d has %d entries, or another first", c, len(chunk))
		}
		for i, e := range chunk {
			if (c > 0 || i > 0) && e.lv <= last.lv || i > 0 && e.leaf == last.leaf {
				return fmt.Errorf("index entry %v behind %v", e, last)
			}
			last = e
		}
	}
	if len(x.firsts) != len(x.chunks) || x.tail != last {
		return fmt.Errorf("the index has %d chunks and %d firsts, and ends with %v, not %v",
			len(x.chunks), len(x.firsts), last, x.tail)
	}
	return nil
}

func (t *Tree) checkCursor() error {
	c := t.cursor
	if c.leaf == nil {
		return nil
	}
	if c.leaf.parent == nil || c.before != before(c.leaf) || c.i < 0 || c.i > int(c.leaf.n) {
		return errors.New("the cursor is lost")
	}
	got := cursor{leaf: c.leaf, before: c.before}
	for got.i < c.i {
		got.forth()
	}
	if got != c {
		return fmt.Errorf("the cursor has %d, %d in front of span %d, should be %d, %d",
			c.visible, c.total, c.i, got.visible, got.total)
	}
	return nil
}
