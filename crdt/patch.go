package crdt

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

// changed adds that behind the stretch before, change came (or, where it is
// negative, went away). Edits that touch become one.
func (p *Patch) changed(before, change sums) {
	e := Edit{At: before[visible], Line: before[newlines]}
	switch {
	case change[visible] > 0:
		e.Inserted, e.LinesInserted = change[visible], change[newlines]
	case change[visible] < 0:
		e.Removed, e.LinesRemoved = -change[visible], -change[newlines]
	default:
		return
	}
	if n := len(*p); n == 0 || !(*p)[n-1].absorb(e) {
		*p = append(*p, e)
	}
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
