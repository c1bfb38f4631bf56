package spantree

// A Stretch is N elements with the consecutive LVs First, First+1, … that stand
// next to each other in ascending order of their keys and are all visible or all
// dead.
type Stretch struct {
	First, N uint32
	Dead     bool
}

// A span is a stretch as it is stored: |n| elements from lv on, dead if n < 0.
type span struct {
	lv uint32
	n  int32
}

// spanOf packs a stretch.
func spanOf(first, n uint32, dead bool) span {
	if dead {
		return span{first, -int32(n)}
	}
	return span{first, int32(n)}
}

// stretch unpacks s from its element off on.
func (s span) stretch(off uint32) Stretch {
	return Stretch{First: s.lv + off, N: s.len() - off, Dead: s.dead()}
}

func (s span) dead() bool { return s.n < 0 }

// len is the number of elements, visible or not.
func (s span) len() uint32 { return uint32(max(s.n, -s.n)) }

// end is the LV behind the last element.
func (s span) end() uint32 { return s.lv + s.len() }

// visible is the number of visible elements.
func (s span) visible() int32 { return max(s.n, 0) }

// has says whether element lv is in s.
func (s span) has(lv uint32) bool { return lv-s.lv < s.len() }

// grown is s with d more elements at its end, or fewer if d < 0.
func (s span) grown(d int32) span {
	if s.dead() {
		d = -d
	}
	return span{s.lv, s.n + d}
}

// from is s without its first d elements, or with -d more in front of them.
func (s span) from(d int32) span {
	s = s.grown(-d)
	return span{s.lv + uint32(d), s.n}
}

// fits says whether b, standing right behind a, makes one span with it. This is
// the only place where keys decide about spans: LVs can be consecutive, and two
// siblings of concurrent authors still stand in descending order.
func (t *Tree) fits(a, b span) bool {
	return a.end() == b.lv && a.dead() == b.dead() && t.source.Less(b.lv-1, b.lv)
}

// sumsOf counts the elements of s.
func (t *Tree) sumsOf(s span) Sums {
	n := int32(s.len())
	if s.dead() {
		return Sums{Total: n}
	}
	return Sums{Visible: n, Total: n, Newlines: t.newlines(s.lv, uint32(n))}
}

func (t *Tree) newlines(first, n uint32) int32 {
	return int32(t.source.Newlines(first, n))
}

// newlinesIn counts the newlines of spans of a leaf, which are no more than most. It stops
// when it has that many: most leaves have few newlines, or none.
func (t *Tree) newlinesIn(spans []span, most int32) (n int32) {
	for _, s := range spans {
		if n == most {
			break
		}
		n += t.sumsOf(s).Newlines
	}
	return n
}
