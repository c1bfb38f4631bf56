package textmodel

import (
	"cmp"
	"slices"
)

// reach is how many pieces are looked at to either side of a gap. It bounds the
// time that a row of pieces without an end takes.
const reach = 64

// passage is the pieces while gaps are filled one after the other.
type passage struct {
	pieces []Piece
	filled []bool // its text is there: Known, or coded already
	model  *predictor
}

// fillGaps codes all gaps, in typing order, after the Known text was read.
func fillGaps(pieces []Piece, code bitCoder) error {
	p := passage{pieces: pieces, filled: make([]bool, len(pieces))}
	var gaps []int
	known, unknown := 0, 0 // bytes
	for i, piece := range pieces {
		if p.filled[i] = piece.Known; piece.Known {
			known += len(piece.Text)
		} else {
			unknown += len(piece.Text)
			gaps = append(gaps, i)
		}
	}
	if unknown == 0 {
		return nil
	}
	p.model = newPredictor(known + unknown)
	p.read(known)
	slices.SortStableFunc(gaps, func(a, b int) int { return cmp.Compare(pieces[a].Born, pieces[b].Born) })
	for _, i := range gaps {
		if err := p.fill(i, code); err != nil {
			return err
		}
	}
	return nil
}

// rehearsal is how much of the Known text is not only read but guessed: enough
// for the model to learn which of its sources are good. All of it would make the
// gaps 0.5 % smaller and the time half as long again.
const rehearsal = 16 << 10

// read makes the Known text, so many bytes, known to the model. The rehearsal is
// at the end of it.
func (p *passage) read(known int) {
	for _, piece := range p.pieces {
		if !piece.Known {
			continue
		}
		for _, c := range piece.Text {
			if known > rehearsal {
				p.model.read(c)
			} else {
				p.model.rehearse(c)
			}
			known--
		}
	}
}

// fill codes one gap.
func (p *passage) fill(gap int, code bitCoder) error {
	m := p.model
	rival := rival{passage: p, gap: gap, piece: p.lookLeft(gap)}
	m.window.recount()
	m.match.jump(&m.window)
	text := p.pieces[gap].Text
	for i, c := range text {
		rival.offer(&m.rivalled, i)
		c, err := m.code(c, edge{behind: i, ahead: len(text) - i}, code)
		if err != nil {
			return err
		}
		if text[i] != c { // Encode does not write
			text[i] = c
		}
		rival.compare(c)
	}
	p.filled[gap] = true
	return nil
}

// lookLeft puts into the window what stood in front of a gap when its text was
// typed: the pieces at its left that are older. Later ones at its left were typed
// into the same place; the first of them is where its rival begins, and is
// returned. Without one the rival begins behind the gap.
func (p *passage) lookLeft(gap int) (rival int) {
	window := &p.model.window.bytes
	n := windowSize // bytes that are missing, all in front
	rival = gap + 1
	for i := gap - 1; i >= 0 && n > 0 && i >= gap-reach; i-- {
		switch {
		case !p.filled[i]:
		case p.pieces[i].Born < p.pieces[gap].Born:
			n = prepend(window, n, p.pieces[i].Text)
		case n == windowSize:
			rival = i
		}
	}
	clear(window[:n])
	return rival
}

// prepend puts the end of text in front of what is in the window, of which n
// bytes are missing, and returns how many still are.
func prepend(window *[windowSize]byte, n int, text []byte) int {
	text = text[max(0, len(text)-n):]
	return n - copy(window[n-len(text):], text)
}
