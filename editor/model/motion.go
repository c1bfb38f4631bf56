package model

// Motion is a way from one offset to another.
type Motion struct {
	// collapse: over a selection the motion only goes to its edge.
	collapse, forward bool
	to                func(t Text, from int) int
}

// The motions that need no lines. Left and Right go by grapheme; WordLeft goes
// to the start of a word, WordRight to the end of one, and both stop at the
// edges of a paragraph.
var (
	Left      = Motion{collapse: true, to: left}
	Right     = Motion{collapse: true, forward: true, to: right}
	WordLeft  = Motion{to: wordLeft}
	WordRight = Motion{forward: true, to: wordRight}
	TextStart = Motion{to: func(Text, int) int { return 0 }}
	TextEnd   = Motion{forward: true, to: func(t Text, _ int) int { return t.Len() }}
)

func left(t Text, from int) int  { return backward(t, from, graphemeStart) }
func right(t Text, from int) int { return onward(t, from, graphemeEnd) }

func wordLeft(t Text, from int) int  { return backward(t, from, wordStart) }
func wordRight(t Text, from int) int { return onward(t, from, wordEnd) }

// backward applies step to the paragraph before from; at its start it goes to
// the end of the paragraph before.
func backward(t Text, from int, step func(s string, at int) int) int {
	i := t.ParagraphAt(from)
	start := t.Start(i)
	if from == start {
		return max(from-1, 0)
	}
	s := t.Paragraph(i)
	return start + runesTo(s, step(s, byteAt(s, from-start)))
}

// onward applies step to the paragraph behind from; at its end it goes to the
// start of the next paragraph.
func onward(t Text, from int, step func(s string, at int) int) int {
	i := t.ParagraphAt(from)
	start, s := t.Start(i), t.Paragraph(i)
	at := byteAt(s, from-start)
	if at == len(s) {
		return min(from+1, t.Len())
	}
	return start + runesTo(s, step(s, at))
}

// Grain is what a press of the mouse selects by.
type Grain int

const (
	ByCharacter Grain = iota
	ByWord
	ByParagraph
)

// around returns the stretch of the grain that the offset lies in.
func (g Grain) around(t Text, at int) (from, to int) {
	if g == ByCharacter {
		return at, at
	}
	i := t.ParagraphAt(at)
	start, s := t.Start(i), t.Paragraph(i)
	if g == ByParagraph {
		return start, start + runesTo(s, len(s))
	}
	a, b := wordAround(s, byteAt(s, at-start))
	return start + runesTo(s, a), start + runesTo(s, b)
}
