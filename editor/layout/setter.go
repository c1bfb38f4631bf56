package layout

import (
	"golang.org/x/image/math/fixed"
)

// maxKept bounds the pieces a Setter keeps: each of its two generations holds
// pieces of this many code points, about 8 MB with their glyphs. A paragraph
// that is longer than both is shaped anew at every key.
const maxKept = 1 << 18

// Setter sets paragraphs in its faces.
type Setter struct {
	shaper shaper
	// young and old are the kept pieces: when young is full it becomes old, and
	// what was in old and not asked for since is dropped.
	young, old map[pieceKey]*piece
	kept       int // code points in young
}

type pieceKey struct {
	text string
	size fixed.Int26_6
}

// NewSetter returns a setter.
func NewSetter(faces Faces) *Setter {
	s := &Setter{shaper: shaper{faces: faces}}
	s.Forget()
	return s
}

// Forget drops all shaped pieces: another face has become available.
func (s *Setter) Forget() {
	s.young, s.old, s.kept = map[pieceKey]*piece{}, nil, 0
}

// Set lays out a paragraph in lines of at most the width. A line is wider only
// if one unit alone is.
func (s *Setter) Set(text string, style Style, width fixed.Int26_6) *Paragraph {
	p := &Paragraph{style: style, width: width}
	for text != "" {
		n := cutPiece(text)
		piece := s.piece(pieceKey{text[:n], style.Size})
		p.pieces = append(p.pieces, piece)
		p.runes += piece.runes
		text = text[n:]
	}
	p.wrap()
	return p
}

func (s *Setter) piece(key pieceKey) *piece {
	if p, ok := s.young[key]; ok {
		return p
	}
	p, ok := s.old[key]
	if !ok {
		p = s.shaper.shape(key.text, key.size)
	}
	if s.kept > maxKept {
		s.young, s.old, s.kept = map[pieceKey]*piece{}, s.young, 0
	}
	s.young[key] = p
	s.kept += p.runes
	return p
}
