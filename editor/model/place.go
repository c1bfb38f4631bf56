package model

// Place is an offset in one version of the text.
type Place struct {
	Version uint64
	Offset  int
	// LineEnd tells apart the two sides of a soft line break: the same offset
	// is the end of one line (LineEnd) and the start of the next.
	LineEnd bool
}

// Selection is the stretch of text between two anchors. Tail is where it began,
// Head where the caret is; Head may come before Tail. Equal places: a caret.
type Selection struct{ Tail, Head Anchor }

// Lines is the text as it is broken into lines on the page.
type Lines interface {
	// X is the distance of the place from the left edge of the page, in pixels.
	X(at Place) int
	// Below is the place n lines below at (above, for n < 0) and nearest to x.
	// Above the first line is the start of the text, below the last its end.
	Below(at Place, n, x int) Place
	// Edge is the start or the end of the line that at lies in.
	Edge(at Place, end bool) Place
}

// locate carries a place to the version of t.
func locate(t Text, at Place) int {
	if patch, ok := t.Patch(); ok {
		at.Offset = patch.Carry(at.Offset, false)
	}
	return min(max(at.Offset, 0), t.Len())
}
