package layout

import "golang.org/x/image/math/fixed"

// X returns where the caret stands on its line, from the left edge of the page.
// White space that hangs over the right edge keeps it there.
func (p *Paragraph) X(offset int, lineEnd bool) fixed.Int26_6 {
	units := p.set(p.LineAt(offset, lineEnd))
	for i := range units {
		if offset < units[i].end() {
			return min(units[i].edge(offset), p.width)
		}
	}
	if len(units) == 0 {
		return 0
	}
	last := &units[len(units)-1]
	return min(last.edge(last.end()), max(p.width, last.x))
}

// edge returns the x of the caret at an offset in the unit.
func (u *setUnit) edge(offset int) fixed.Int26_6 {
	into := fixed.Int26_6(offset - u.start)
	if u.graphemes == 1 && offset < u.end() {
		into = 0
	}
	into = u.advance * into / fixed.Int26_6(u.runes)
	if u.flags&rightToLeft != 0 {
		return u.x + u.advance - into
	}
	return u.x + into
}

// Hit returns the place on line i that is nearest to x.
func (p *Paragraph) Hit(i int, x fixed.Int26_6) (offset int, lineEnd bool) {
	units := p.set(i)
	if len(units) == 0 || x < 0 {
		return p.Edge(i, false)
	}
	for k := range units {
		if u := &units[k]; x >= u.x && x < u.x+u.advance {
			offset = u.nearest(x)
			if offset == p.lines[i].End {
				return p.Edge(i, true)
			}
			return offset, false
		}
	}
	return p.Edge(i, true)
}

// nearest returns the caret place in the unit nearest to x.
func (u *setUnit) nearest(x fixed.Int26_6) int {
	into := x - u.x
	if u.flags&rightToLeft != 0 {
		into = u.advance - into
	}
	n := fixed.Int26_6(u.graphemes)
	step := (into*n*2 + u.advance) / (u.advance * 2)
	return u.start + int(step*fixed.Int26_6(u.runes)/n)
}

// Edge returns the start or the end of line i. The end of a line that a space
// broke is in front of that space: behind it is the next line.
func (p *Paragraph) Edge(i int, end bool) (offset int, lineEnd bool) {
	line := p.lines[i]
	switch units := p.set(i); {
	case !end:
		return line.Start, false
	case i == len(p.lines)-1:
		return line.End, false
	case units[len(units)-1].flags&space != 0:
		return units[len(units)-1].start, false
	}
	return line.End, true
}

// Extent is a stretch of a line, from Left to Right in pixels.
type Extent struct{ Left, Right fixed.Int26_6 }

// Extents returns what the offsets from … to cover on line i: one extent, or
// several where directions mix.
func (p *Paragraph) Extents(i, from, to int) []Extent {
	var all []Extent
	for _, u := range p.set(i) {
		if u.end() <= from || u.start >= to {
			continue
		}
		a, b := u.edge(max(from, u.start)), u.edge(min(to, u.end()))
		e := Extent{min(a, b, p.width), min(max(a, b), max(p.width, u.x))}
		if n := len(all); n > 0 && all[n-1].Right == e.Left {
			all[n-1].Right = e.Right
		} else if n > 0 && all[n-1].Left == e.Right {
			all[n-1].Left = e.Left
		} else {
			all = append(all, e)
		}
	}
	return all
}
