package editor

import (
	"golang.org/x/image/math/fixed"

	"inkling/editor/model"
)

// lines is the flow as the model sees it: the text broken into lines.
type lines struct{ flow *flow }

var _ model.Lines = lines{}

func (l lines) X(at model.Place) (x int) {
	l.flow.steady(func() {
		s := l.flow.locate(at)
		x = l.flow.paragraph(s.paragraph).X(s.rune, at.LineEnd).Round()
	})
	return x
}

func (l lines) Below(at model.Place, n, x int) (to model.Place) {
	l.flow.steady(func() {
		s := l.flow.locate(at)
		set := l.flow.paragraph(s.paragraph)
		line := set.LineAt(s.rune, at.LineEnd) + n
		for line < 0 && s.paragraph > 0 {
			s.paragraph--
			set = l.flow.paragraph(s.paragraph)
			line += len(set.Lines())
		}
		for line >= len(set.Lines()) && s.paragraph < l.flow.len()-1 {
			line -= len(set.Lines())
			s.paragraph++
			set = l.flow.paragraph(s.paragraph)
		}
		lineEnd := false
		switch {
		case line < 0:
			s.rune = 0
		case line >= len(set.Lines()):
			s.rune = set.Len()
		default:
			s.rune, lineEnd = set.Hit(line, fixed.I(x))
		}
		to = l.flow.place(s, lineEnd)
	})
	return to
}

func (l lines) Edge(at model.Place, end bool) (to model.Place) {
	l.flow.steady(func() {
		s := l.flow.locate(at)
		set := l.flow.paragraph(s.paragraph)
		offset, lineEnd := set.Edge(set.LineAt(s.rune, at.LineEnd), end)
		to = l.flow.place(spot{s.paragraph, offset}, lineEnd)
	})
	return to
}
