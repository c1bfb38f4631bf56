package spantree

import "iter"

// All walks through all spans in document order. The tree must not change
// meanwhile.
func (t *Tree) All() iter.Seq[Stretch] {
	return func(yield func(Stretch) bool) {
		for l := t.first; l != nil; l = l.next {
			for _, s := range l.all() {
				if !yield(s.stretch(0)) {
					return
				}
			}
		}
	}
}

// Range walks through the n elements right of p, or up to the end if they are
// fewer, stretch by stretch; the first and the last may be parts of spans. The
// tree must not change meanwhile.
func (t *Tree) Range(p Pos, n int) iter.Seq[Stretch] {
	return func(yield func(Stretch) bool) {
		for p, n := p, n; n > 0; {
			s, ok := t.At(p)
			if !ok {
				return
			}
			s.N = uint32(min(int(s.N), n))
			if !yield(s) {
				return
			}
			p = t.Next(p, s.N)
			n -= int(s.N)
		}
	}
}
