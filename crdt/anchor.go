package crdt

import "inkling/crdt/internal/spantree"

// Bias says to which side of a place an [Anchor] clings.
type Bias bool

const (
	// Before: the anchor stands before its element, and what is inserted there
	// comes before the anchor.
	Before Bias = false
	// After: the anchor stands after its element, and what is inserted there
	// comes after the anchor.
	After Bias = true
)

// Anchor is a place in a document that survives edits. ID names the element the
// place clings to and Bias the side of it: with After the place is behind ID
// (the root, for the start of the text), with Before it is in front of ID (the
// root, for the end of the text). While the element is deleted the place is where
// the element was.
type Anchor struct {
	ID   ID
	Bias Bias
}

// Anchor returns a lasting name for the place at offset, which clings to the
// visible element on its left (After) or on its right (Before). O(log n).
func (d *Doc) Anchor(offset int, bias Bias) Anchor {
	d.mustRange(offset, offset)
	a := Anchor{Bias: bias}
	if bias == After && offset > 0 {
		a.ID = d.Author(offset - 1)
	}
	if bias == Before && offset < d.Len() {
		a.ID = d.Author(offset)
	}
	return a
}

// Offset returns where a is now. It is known when a's element has arrived; else
// offset is 0. O(log n).
func (d *Doc) Offset(a Anchor) (offset int, known bool) {
	if a.ID.IsRoot() {
		if a.Bias == Before {
			return d.Len(), true
		}
		return 0, true
	}
	lv, ok := d.lv(a.ID)
	if !ok || !d.isElement(lv) {
		return 0, false
	}
	p := d.tree.Find(lv)
	offset = d.tree.Rank(spantree.Visible, p)
	if s, _ := d.tree.At(p); a.Bias == After && !s.Dead {
		offset++
	}
	return offset, true
}
