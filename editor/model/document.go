package model

// Anchor is a place that survives edits. Only the Document that made it
// understands it. Anchors are comparable with ==; nil is none.
type Anchor any

// Edit is one replacement in the text: at offset At (in code points) Removed
// went away and Inserted came. The paragraphs Line … Line+LinesRemoved became
// Line … Line+LinesInserted.
type Edit struct{ At, Removed, Inserted, Line, LinesRemoved, LinesInserted int }

// Patch is edits in the order in which a view must make them: the offsets of
// each count from the text as the edits before it have left it.
type Patch []Edit

// Text is the document inside one View call. It is not valid after that call.
// Offsets go from 0 to Len, paragraphs from 0 to Paragraphs-1; there is always
// at least one paragraph.
type Text interface {
	// Version names the state of the text. It rises with every edit.
	Version() uint64
	// Patch is what happened since the version that View was given; false: too
	// much, the view must start anew.
	Patch() (Patch, bool)
	// Len is the length in code points.
	Len() int
	Paragraphs() int
	// Paragraph returns the text of paragraph i without its "\n".
	Paragraph(i int) string
	// Start returns the offset of the first code point of paragraph i.
	Start(i int) int
	// ParagraphAt returns the paragraph that the offset lies in.
	ParagraphAt(offset int) int
	// Anchor makes an anchor. With after it clings to the character before the
	// place, so that text inserted there comes behind it; without, to the
	// character after the place.
	Anchor(offset int, after bool) Anchor
	// Offset returns where the anchor is now: 0 for one it does not know.
	Offset(a Anchor) int
}

// Document is a text that this window shares with others.
type Document interface {
	// View locks the document and calls f with its text. f must be short (at
	// most 1 ms) and must not call the Document.
	View(since uint64, f func(Text))
	// Replace puts text in the place of from … to. The offsets are those of
	// version and are carried through what happened later. It returns the place
	// behind the inserted text; false: the document takes no edits now, and
	// nothing was changed.
	Replace(version uint64, from, to int, text string) (Anchor, bool)
	// BreakUndo lets the next edit start a new undo step.
	BreakUndo()
	// Undo takes back the newest step of this person's own edits and returns
	// the place of the change; false: there is none.
	Undo() (Anchor, bool)
	// Redo takes back the newest Undo.
	Redo() (Anchor, bool)
}

// Carry returns where offset is after the patch. A place at the very spot of an
// insertion stays in front of it with after, and goes behind it without, as an
// Anchor made with the same bias would.
func (p Patch) Carry(offset int, after bool) int {
	for _, e := range p {
		switch {
		case offset < e.At || offset == e.At && after:
		case offset < e.At+e.Removed || offset == e.At && e.Removed > 0:
			offset = e.At
			if !after {
				offset += e.Inserted
			}
		default:
			offset += e.Inserted - e.Removed
		}
	}
	return offset
}
