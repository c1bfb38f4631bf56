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

// editAt returns the edit that brought change (or, where it is negative, took it
// away) behind the stretch before.
func editAt(before, change spantree.Sums) Edit {
	e := Edit{At: int(before.Visible), Line: int(before.Newlines)}
	if change.Visible > 0 {
		e.Inserted, e.LinesInserted = int(change.Visible), int(change.Newlines)
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
