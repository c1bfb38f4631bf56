package textmodel

// rival is the text that now stands where a gap's text was typed. It goes along
// with the gap byte by byte, as long as the two are equal.
type rival struct {
	*passage
	gap   int // the piece whose rival it is
	piece int // where the next byte is
	off   int
	equal int // bytes that were
}

// Levels of trust, 8 of either kind; see guessLevels.
const rivalLevels = 8

// offer makes the next byte the guess of g for the i-th byte of the gap.
func (r *rival) offer(g *guess, i int) {
	g.byte = 0
	if r.arrive() {
		level := min(i, rivalLevels-1)*rivalLevels + min(r.equal, rivalLevels-1)
		g.offer(r.pieces[r.piece].Text[r.off], level)
	}
}

// arrive goes on to a piece that has a next byte, and says whether there is one
// within reach.
func (r *rival) arrive() bool {
	for r.piece < len(r.pieces) && r.piece <= r.gap+reach {
		if r.filled[r.piece] && r.off < len(r.pieces[r.piece].Text) {
			return true
		}
		r.piece, r.off = r.piece+1, 0
	}
	return false
}

// compare goes on behind the byte c of the gap, or ends if that is another one.
func (r *rival) compare(c byte) {
	if !r.arrive() {
		return
	}
	if r.pieces[r.piece].Text[r.off] != c {
		r.piece = len(r.pieces)
		return
	}
	r.off++
	r.equal++
}
