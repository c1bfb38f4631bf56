package layout

import (
	"bytes"
	"fmt"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
)

// Faces is what text is set in. Text is tried first. Other finds a face for a
// code point that Text lacks, nil when there is none (yet); it may be nil.
type Faces struct {
	Text  *font.Face
	Other func(r rune) *font.Face
}

var _ shaping.Fontmap = Faces{}

// ParseFace reads a static TrueType or OpenType file.
func ParseFace(file []byte) (*font.Face, error) {
	face, err := font.ParseTTF(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("layout: parse font of %d bytes: %w", len(file), err)
	}
	return face, nil
}

// ResolveFace returns the face for a code point. White space and characters
// without a form of their own stay in the text face.
func (f Faces) ResolveFace(r rune) *font.Face {
	if f.has(r) {
		return f.Text
	}
	if f.Other != nil {
		if face := f.Other(r); face != nil {
			return face
		}
	}
	return f.Text
}

func (f Faces) has(r rune) bool {
	if r == '\t' || r == '\u200d' || r >= '\ufe00' && r <= '\ufe0f' {
		return true
	}
	_, ok := f.Text.NominalGlyph(r)
	return ok
}

// Style is how one kind of paragraph is set.
type Style struct {
	Size fixed.Int26_6 // pixels per em
	// Leading is the distance from one line to the next, Baseline that from
	// the top of a line to its baseline.
	Leading, Baseline int
	// After is the space below the last line.
	After int
}

// NewStyle returns a style of about the size, in pixels per em: the size is
// rounded so that the letters without ascenders are a whole number of pixels
// high. Their upper edges are then sharp without hinting. Leading is a multiple
// of the size, after a multiple of the leading.
func NewStyle(face *font.Face, size, leading, after float64) Style {
	upem := float64(face.Upem())
	xHeight := float64(face.LineMetric(font.XHeight)) / upem
	if xHeight > 0 {
		size = float64(int(size*xHeight+0.5)) / xHeight
	}
	line := int(size*leading + 0.5)
	ascent, descent := 0.8, 0.2
	if e, ok := face.FontHExtents(); ok {
		ascent, descent = float64(e.Ascender)/upem, -float64(e.Descender)/upem
	}
	return Style{
		Size:     fixed.Int26_6(size*64 + 0.5),
		Leading:  line,
		Baseline: int((float64(line)+(ascent-descent)*size)/2 + 0.5),
		After:    int(float64(line)*after + 0.5),
	}
}
