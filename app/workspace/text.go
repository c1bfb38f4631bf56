package workspace

import "inkling/crdt"

// Text is a session's document as it is during one call of [Session.View].
type Text struct {
	s     *Session
	since uint64
}

// View locks the document and calls f once with its text. f must be short and must
// not call the session; the Text is not valid after it. since is the version that
// the caller saw last, for [Text.Patch].
func (s *Session) View(since uint64, f func(Text)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(Text{s, since})
}

// Version numbers the text as it is now.
func (t Text) Version() uint64 { return t.s.log.version() }

// Patch returns what happened since the version that View was given; false when
// that is not known any more and the view has to start anew.
func (t Text) Patch() (crdt.Patch, bool) { return t.s.log.since(t.since) }

// Len returns the length in code points.
func (t Text) Len() int { return t.s.doc.Len() }

// Paragraphs returns the number of paragraphs, at least 1.
func (t Text) Paragraphs() int { return t.s.doc.Lines() }

// Paragraph returns the text of paragraph i without its newline.
func (t Text) Paragraph(i int) string {
	return t.s.doc.Slice(t.s.doc.LineStart(i), t.end(i))
}

// end returns the offset behind the last code point of paragraph i.
func (t Text) end(i int) int {
	if i+1 < t.s.doc.Lines() {
		return t.s.doc.LineStart(i+1) - 1
	}
	return t.s.doc.Len()
}

// Start returns the offset of the first code point of paragraph i.
func (t Text) Start(i int) int { return t.s.doc.LineStart(i) }

// ParagraphAt returns the paragraph that offset lies in.
func (t Text) ParagraphAt(offset int) int { return t.s.doc.LineAt(offset) }

// Anchor returns the place at offset as one that survives edits; with After it
// clings to the code point before it.
func (t Text) Anchor(offset int, bias crdt.Bias) crdt.Anchor { return t.s.doc.Anchor(offset, bias) }

// Offset returns where a is now, 0 when its element has not arrived.
func (t Text) Offset(a crdt.Anchor) int {
	offset, _ := t.s.doc.Offset(a)
	return offset
}
