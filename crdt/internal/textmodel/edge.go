package textmodel

// edge says how far the next byte is from the ends of its gap. People begin and
// stop at the ends of words, and a gap of one byte is mostly a slip.
type edge struct {
	behind int // bytes of the gap that came before
	ahead  int // bytes that are left, with the next one
}

// noEdge is for text that is no gap.
var noEdge = edge{behind: 1 << 10, ahead: 1 << 10}

// placeClasses is how many classes of edges there are.
const placeClasses = 4 * 4

func (e edge) class() int { return min(e.behind, 3)<<2 | min(e.ahead-1, 3) }

// context is finer than class; it is below 1<<6.
func (e edge) context() uint32 { return uint32(min(e.behind, 3)<<4 | min(e.ahead, 12)) }
