// Package model is writing without a window: where the person is in the text
// and what each command does there.
//
// # Idea
//
// The text belongs to a [Document], which others may edit at any moment. The
// editor never holds a copy of it. It looks at the text inside one call of
// Document.View, names places that must last by an [Anchor], and asks for a
// change with Document.Replace, naming the version it looked at. A [Pen] does
// this for one window: it keeps the selection, and turns commands (move a word
// left, delete, paste) into edits.
//
// # Words
//
//	Document   the text as the editor needs it; declared here, implemented above
//	Text       the document inside one View call
//	Anchor     a place that survives edits, clinging to a character
//	Place      an offset together with the version it counts in
//	Selection  Tail, which stays, and Head, which moves; both anchors
//	Caret      the head as it is drawn
//	Motion     a way from one offset to another: a grapheme, a word, the end
//	Grain      what a mouse selects by: character, word, paragraph
//	Lines      the text as it is broken into lines on the page; the widget knows
//	Pen        one window's selection and its commands
//
// Offsets count Unicode code points. A grapheme is what a reader takes for one
// character (UAX #29); the caret never stops inside one.
//
// # Smallest example
//
//	pen := model.NewPen(doc)
//	pen.Type("Hello", now)
//	pen.Move(model.WordLeft, true)   // true: extend the selection
//	pen.Delete(model.Left, now)
//	pen.Undo()
//
// # What it does not do
//
// It draws nothing, breaks no lines, reads no clock (times are arguments) and
// does not merge: a Document does. A Pen is for one goroutine.
package model
