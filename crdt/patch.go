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
