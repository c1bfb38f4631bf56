package layout

import (
	"sort"

	"github.com/go-text/typesetting/font"
	"golang.org/x/image/math/fixed"
)

// tabEms is the distance of tab stops in ems.
const tabEms = 2

// Paragraph is a paragraph set in lines; there is at least one. It is never
// changed.
type Paragraph struct {
	style  Style
	width  fixed.Int26_6
	runes  int
	pieces []*piece
	lines  []Line
}

// Line is one line of a paragraph: the code points Start … End-1.
type Line struct {
	Start, End int
	// Width is that of the text without white space at its end, which hangs.
	Width fixed.Int26_6
	from  spot
}

// spot is a unit of a paragraph.
type spot struct{ piece, unit int }

// Glyph is one glyph on a line: X from the left edge of the page, Y upwards
// from the baseline.
type Glyph struct {
	Face *font.Face
	ID   font.GID
	X, Y fixed.Int26_6
}

// Len is the length in code points.
func (p *Paragraph) Len() int { return p.runes }

// Style is what the paragraph is set in.
func (p *Paragraph) Style() Style { return p.style }

// Lines are the lines from top to bottom. The caller must not change them.
func (p *Paragraph) Lines() []Line { return p.lines }

// Top is the distance of line i from the top of the paragraph, in pixels.
func (p *Paragraph) Top(i int) int { return i * p.style.Leading }

// Height is the height with the space below, in pixels.
func (p *Paragraph) Height() int { return len(p.lines)*p.style.Leading + p.style.After }

// LineAt returns the line that the offset lies in. At a soft break, lineEnd
// takes the line before it.
func (p *Paragraph) LineAt(offset int, lineEnd bool) int {
	i := sort.Search(len(p.lines), func(i int) bool { return p.lines[i].Start > offset }) - 1
	if lineEnd && i > 0 && p.lines[i].Start == offset {
		i--
	}
	return max(i, 0)
}

// LineAtY returns the line at a distance from the top of the paragraph, the
// nearest if there is none.
func (p *Paragraph) LineAtY(y int) int {
	return min(max(y/p.style.Leading, 0), len(p.lines)-1)
}

// Glyphs appends the glyphs of line i.
func (p *Paragraph) Glyphs(to []Glyph, i int) []Glyph {
	for _, u := range p.set(i) {
		if u.flags&tab != 0 {
			continue
		}
		for _, g := range u.piece.glyphs[u.glyph : u.glyph+u.glyphs] {
			to = append(to, Glyph{g.face, g.id, u.x + g.x, g.y})
		}
	}
	return to
}

// wrap breaks the paragraph into lines: each takes as many units as fit, up to
// the last place where a line may end, or to the last unit if there is none.
func (p *Paragraph) wrap() {
	line, last := Line{}, Line{} // last: the line if it ended at the last chance
	var x, ink fixed.Int26_6
	at, pos, chance := spot{}, 0, spot{}
	emit := func(end Line, next spot) {
		p.lines = append(p.lines, end)
		line = Line{Start: end.End, from: next}
		last, at, pos, x, ink = line, next, end.End, 0, 0
	}
	for at.piece < len(p.pieces) {
		u := &p.pieces[at.piece].units[at.unit]
		advance := p.advance(u, x)
		if x+advance > p.width && u.flags&space == 0 && pos > line.Start {
			if last.End > line.Start {
				emit(last, chance)
			} else {
				line.End, line.Width = pos, ink
				emit(line, at)
			}
			continue
		}
		x += advance
		pos += int(u.runes)
		if u.flags&space == 0 {
			ink = x
		}
		at = p.after(at)
		if u.flags&breakAfter != 0 {
			last, chance = Line{line.Start, pos, ink, line.from}, at
		}
	}
	line.End, line.Width = pos, ink
	p.lines = append(p.lines, line)
}

func (p *Paragraph) after(at spot) spot {
	if at.unit++; at.unit == len(p.pieces[at.piece].units) {
		return spot{at.piece + 1, 0}
	}
	return at
}

// advance is the width of a unit that begins at x.
func (p *Paragraph) advance(u *unit, x fixed.Int26_6) fixed.Int26_6 {
	if u.flags&tab == 0 {
		return u.advance
	}
	stop := p.style.Size * tabEms
	return stop - x%stop
}

// setUnit is a unit on its line.
type setUnit struct {
	*unit
	piece   *piece
	start   int           // its first code point
	x       fixed.Int26_6 // its left edge
	advance fixed.Int26_6
}

func (u *setUnit) end() int { return u.start + int(u.runes) }

// set returns the units of line i in the order of the text.
func (p *Paragraph) set(i int) []setUnit {
	line := p.lines[i]
	units := make([]setUnit, 0, line.End-line.Start)
	var x fixed.Int26_6
	for at, pos := line.from, line.Start; pos < line.End; at = p.after(at) {
		piece := p.pieces[at.piece]
		u := &piece.units[at.unit]
		advance := p.advance(u, x)
		units = append(units, setUnit{u, piece, pos, x, advance})
		x += advance
		pos += int(u.runes)
	}
	mirror(units)
	return units
}

// mirror puts each run of units that read from right to left in that order.
func mirror(units []setUnit) {
	for i := 0; i < len(units); i++ {
		j := i
		for j < len(units) && units[j].flags&rightToLeft != 0 {
			j++
		}
		if j == i {
			continue
		}
		right := units[j-1].x + units[j-1].advance
		for k := i; k < j; k++ {
			right -= units[k].advance
			units[k].x = right
		}
		i = j - 1
	}
}
