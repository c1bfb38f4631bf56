package editor

import (
	"golang.org/x/image/math/fixed"

	"inkling/editor/layout"
	"inkling/editor/model"
)

// viewport is the lines in the window.
type viewport struct {
	// y is where the line with flow.hold has its top, from the top of the
	// window. It only changes when the person scrolls.
	y int
	// placed is false until the start of the text has been put on the page.
	placed bool
	// atStart: the text begins at its margin, and is to do so on a page of
	// another size too.
	atStart bool
	// reveal asks the next fill to bring the caret into the window.
	reveal bool
	lines  []visibleLine
	// above and total are the heights in front of the window and of the whole
	// text with its margins, partly by estimate; for the scrollbar.
	above, total int
}

// visibleLine is line number line of a paragraph, with its top at y.
type visibleLine struct {
	paragraph int
	set       *layout.Paragraph
	line      int
	y         int
}

func (l *visibleLine) bottom() int { return l.y + l.set.Style().Leading }

// fill finds the lines in the window. The line on hold stays where it is as far
// as the ends of the text allow.
func (v *viewport) fill(f *flow, caret model.Place) {
	f.steady(func() {
		if !v.placed {
			f.hold, v.y, v.placed = 0, f.page.top, true
		}
		v.fillFrom(f)
		if v.reveal {
			v.show(f, f.locate(caret), caret.LineEnd)
		}
	})
	v.reveal = false
}

// show scrolls as little as brings the line of the spot into the window.
func (v *viewport) show(f *flow, s spot, lineEnd bool) {
	set := f.paragraph(s.paragraph)
	line := set.LineAt(s.rune, lineEnd)
	leading, edge := set.Style().Leading, min(f.page.body.Leading, f.page.height/4)
	lowest := max(f.page.height-edge-leading, 0)
	for i := range v.lines {
		if l := &v.lines[i]; l.paragraph == s.paragraph && l.line == line {
			switch {
			case l.y < 0:
				v.scroll(f, l.y-min(edge, lowest))
			case l.bottom() > f.page.height:
				v.scroll(f, l.y-lowest)
			}
			return
		}
	}
	y := lowest
	switch {
	case s.paragraph == 0 && line == 0:
		y = f.page.top
	case len(v.lines) == 0 || before(s.paragraph, line, v.lines[0]):
		y = min(edge, lowest)
	}
	v.holdAt(f, spot{s.paragraph, set.Lines()[line].Start}, y)
	v.fillFrom(f)
}

func before(paragraph, line int, l visibleLine) bool {
	return paragraph < l.paragraph || paragraph == l.paragraph && line < l.line
}

// scroll moves the text up by dy pixels.
func (v *viewport) scroll(f *flow, dy int) {
	v.y -= dy
	v.fillFrom(f)
}

// scrollTo puts the text so that a height of above is in front of the window.
func (v *viewport) scrollTo(f *flow, above int) {
	f.steady(func() {
		y := above - f.page.top
		i := f.index.At(y)
		v.holdAt(f, spot{i, 0}, f.index.Top(i)-y)
		v.fillFrom(f)
	})
}

// holdAt hangs the window on the line that starts at the spot.
func (v *viewport) holdAt(f *flow, s spot, y int) {
	v.y = y
	f.look(func(t model.Text) {
		f.hold = min(t.Start(min(s.paragraph, t.Paragraphs()-1))+s.rune, t.Len())
		f.holdAnchor = t.Anchor(f.hold, false)
	})
}

// fillFrom sets the lines around the hold and moves them if the text would end
// too high or begin too low. Three rounds are enough: the start of the text
// wins over its end.
func (v *viewport) fillFrom(f *flow) {
	for range 3 {
		first, top := v.top(f)
		bottom, last := v.collect(f, first, top)
		v.measure(f, first, top)
		shift := v.shift(f, first == 0, last, top, bottom)
		if shift == 0 {
			break
		}
		v.y += shift
	}
	if len(v.lines) > 0 {
		l := v.lines[v.steadiest()]
		v.holdAt(f, spot{l.paragraph, l.set.Lines()[l.line].Start}, l.y)
	}
}

// top returns the first paragraph that reaches into the window, and its top.
func (v *viewport) top(f *flow) (i, top int) {
	var held spot
	f.look(func(t model.Text) {
		f.hold = min(f.hold, t.Len())
		held = f.spot(t, f.hold)
	})
	set := f.paragraph(held.paragraph)
	return v.first(f, held.paragraph, v.y-set.Top(set.LineAt(held.rune, false)))
}

// shift is how far the text has to move down to lie as it may: not lower than
// the margin above it and, if it is longer than the window, not higher than with
// its end in the middle.
func (v *viewport) shift(f *flow, first, last bool, top, bottom int) int {
	switch margin := f.page.top; {
	case first && top > margin:
		return margin - top
	case first && last && bottom-top+2*margin <= f.page.height:
		return margin - top
	case first && last:
		return max(0, min(margin-top, f.page.height/2-bottom))
	case last:
		return max(0, f.page.height/2-bottom)
	}
	return 0
}

// first is top, given that of any paragraph i.
func (v *viewport) first(f *flow, i, top int) (int, int) {
	for top > 0 && i > 0 {
		i--
		top -= f.paragraph(i).Height()
	}
	for i < f.len()-1 {
		h := f.paragraph(i).Height()
		if top+h > 0 {
			break
		}
		top += h
		i++
	}
	return i, top
}

// collect gathers the lines in the window from paragraph i on, whose top is at
// y. It returns where it came to, and whether that is the end of the text.
func (v *viewport) collect(f *flow, i, y int) (bottom int, last bool) {
	v.lines = v.lines[:0]
	for ; i < f.len() && y < f.page.height; i++ {
		set := f.paragraph(i)
		for k := set.LineAtY(-y); k < len(set.Lines()) && y+set.Top(k) < f.page.height; k++ {
			l := visibleLine{i, set, k, y + set.Top(k)}
			if l.bottom() > 0 {
				v.lines = append(v.lines, l)
			}
		}
		y += set.Height()
	}
	return y, i == f.len()
}

// steadiest returns the line that is to stay: the first that is wholly visible.
func (v *viewport) steadiest() int {
	for i := range v.lines {
		if v.lines[i].y >= 0 {
			return i
		}
	}
	return 0
}

func (v *viewport) measure(f *flow, first, top int) {
	v.atStart = first == 0 && top == f.page.top
	v.above = f.index.Top(first) - top + f.page.top
	v.total = f.index.Height() + f.page.top + f.page.height/2
	if v.atStart && f.index.Height()+2*f.page.top <= f.page.height {
		v.total = f.page.height
	}
}

// hit returns the spot nearest to a point in the window; below the text that is
// its end.
func (v *viewport) hit(f *flow, x, y int) (s spot, lineEnd bool) {
	if len(v.lines) == 0 {
		return spot{}, false
	}
	at := 0
	for at < len(v.lines)-1 && y >= v.lines[at+1].y {
		at++
	}
	l := v.lines[at]
	if l.paragraph == f.len()-1 && l.line == len(l.set.Lines())-1 && y >= l.bottom() {
		return spot{l.paragraph, l.set.Len()}, false
	}
	offset, lineEnd := l.set.Hit(l.line, fixed.I(x-f.page.left))
	return spot{l.paragraph, offset}, lineEnd
}

// find returns the visible line of a spot.
func (v *viewport) find(s spot, lineEnd bool) (*visibleLine, bool) {
	for i := range v.lines {
		if l := &v.lines[i]; l.paragraph == s.paragraph && l.line == l.set.LineAt(s.rune, lineEnd) {
			return l, true
		}
	}
	return nil, false
}
