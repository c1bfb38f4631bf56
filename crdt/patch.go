package crdt

import "inkling/crdt/internal/spantree"

// Edit is one replacement in the visible text, for a view to follow: at offset
// At, Removed code points went away and Inserted ones came. Line is the
// paragraph (0-based; a paragraph ends at "\n") that At lies in; the paragraphs
// Line … Line+LinesRemoved became Line … Line+LinesInserted.
type Edit struct {
	At, Removed, Inserted             int
	Line, LinesRemoved, LinesInserted int
}

// Patch is edits in the order in which a view must make them: the offsets of
// each count from the text as the edits before it have left it.
type Patch []Edit

// spot is a place in the visible text with its paragraph. A Doc remembers that of
// the last edit, because the next one is mostly there and paragraphs take long to count.
type spot struct{ at, line int }

// nearby is how far from the last spot paragraphs are counted by reading the text.
const nearby = 64

// spotAt returns the spot of the gap p, which is at the offset at.
func (d *Doc) spotAt(at int, p spantree.Pos) spot {
	switch away := at - d.spot.at; {
	case away == 0:
	case 0 < away && away <= nearby && at <= d.Len():
		d.spot = spot{at, d.spot.line + d.newlines(d.tree.Nth(spantree.Visible, d.spot.at), away)}
	case -nearby <= away && away < 0 && d.spot.at <= d.Len():
		d.spot = spot{at, d.spot.line - d.newlines(p, -away)}
	default:
		d.spot = spot{at, d.tree.Rank(spantree.Newlines, p)}
	}
	return d.spot
}

// newlines counts the newlines among the n visible elements right of p.
func (d *Doc) newlines(p spantree.Pos, n int) (count int) {
	for n > 0 {
		s, _ := d.tree.At(p)
		if !s.Dead {
			s.N = min(s.N, uint32(n))
			count += d.Newlines(s.First, s.N)
			n -= int(s.N)
		}
		p = d.tree.Next(p, s.N)
	}
	return count
}

// edited returns the edit that happened at from, with the change of the sums that it
// made, and remembers where it ended.
func (d *Doc) edited(from spot, change spantree.Sums) Edit {
	e := Edit{At: from.at, Line: from.line}
	d.spot = from
	if change.Visible > 0 {
		e.Inserted, e.LinesInserted = int(change.Visible), int(change.Newlines)
		d.spot = spot{from.at + e.Inserted, from.line + e.LinesInserted}
	} else {
		e.Removed, e.LinesRemoved = -int(change.Visible), -int(change.Newlines)
	}
	return e
}

// empty says whether e changes nothing.
func (e Edit) empty() bool { return e.Removed == 0 && e.Inserted == 0 }

// add appends e. Edits that touch become one.
func (p *Patch) add(e Edit) {
	if n := len(*p); !e.empty() && (n == 0 || !(*p)[n-1].absorb(e)) {
		*p = append(*p, e)
	}
}

// patches is where the first edit of a patch gets its memory: most patches have but
// one, and many small allocations take longer than one large one.
type patches []Edit

// make returns an empty patch with room for one edit.
func (p *patches) make() Patch {
	if len(*p) == 0 {
		*p = make([]Edit, 64)
	}
	one := (*p)[:0:1]
	*p = (*p)[1:]
	return Patch(one)
}

// absorb makes e, which happened after l, part of l where both touch.
func (l *Edit) absorb(e Edit) bool {
	switch {
	case e.At == l.At+l.Inserted:
	case e.At+e.Removed == l.At:
		l.At, l.Line = e.At, e.Line
	default:
		return false
	}
	l.Removed += e.Removed
	l.Inserted += e.Inserted
	l.LinesRemoved += e.LinesRemoved
	l.LinesInserted += e.LinesInserted
	return true
}
