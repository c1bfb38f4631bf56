// Package layout sets paragraphs: which glyph goes where, where lines break,
// where a caret stands, and how high everything is.
//
// # Idea
//
// A paragraph is cut into pieces of about a hundred characters at places that
// its text alone decides (cut.go). Each piece is shaped once and kept, so that a
// key costs the shaping of one piece however long its paragraph is. A shaped
// piece is a row of units, the smallest stretches that can be set apart from
// each other (piece.go). Lines are broken greedily over the units
// (paragraph.go). How high the paragraphs are that nobody has seen yet is an
// estimate (index.go).
//
// # Words
//
//	Faces    what text is set in: one chosen face, and others for what it lacks
//	Style    size, leading and spacing of one kind of paragraph
//	Setter   sets paragraphs; keeps shaped pieces
//	piece    part of a paragraph, shaped
//	unit     graphemes that share glyphs, mostly one
//	Line     one line of a set paragraph
//	Index    heights of all paragraphs of a document
//
// Horizontal measures are 26.6 fixed point device pixels, vertical ones whole
// device pixels. Offsets are code points from the start of the paragraph.
//
// # Smallest example
//
//	setter := layout.NewSetter(faces)
//	p := setter.Set("Hello", style, fixed.I(600))
//	offset, lineEnd := p.Hit(0, fixed.I(20))
//	x := p.X(offset, lineEnd)
//
// # What it does not do
//
// It draws nothing (package raster does) and knows no document. Text that runs
// from right to left is shaped and put in order within a line, but every
// paragraph runs from left to right. Nothing here is safe for concurrent use
// but SystemFaces.
package layout
