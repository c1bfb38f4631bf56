package editor

import (
	"encoding/binary"
	"hash/maphash"
	"image"

	"fyne.io/fyne/v2/canvas"
	"golang.org/x/image/math/fixed"

	"inkling/editor/layout"
	"inkling/editor/raster"
)

// maxSpare bounds the line objects that wait to be used again.
const maxSpare = 64

// sheet draws the lines in the window. A line that was in the window before keeps
// its image, also when its paragraph has been set anew and it looks the same.
type sheet struct {
	painter *raster.Painter
	lines   []*drawnLine
	spare   []*drawnLine
	glyphs  []layout.Glyph
	hash    maphash.Hash
}

// drawnLine is a line with its image; x, y is where its ink begins.
type drawnLine struct {
	set       *layout.Paragraph
	line      int
	signature uint64 // of its glyphs
	image     raster.Image
	raster    *canvas.Raster
	x, y      int
}

func (s *sheet) init() { s.painter = raster.NewPainter() }

// forget lets all lines be drawn anew.
func (s *sheet) forget() {
	s.spare = append(s.spare, s.lines...)
	s.lines = nil
}

// show returns the lines drawn in the tone, for a text whose left edge is at
// left.
func (s *sheet) show(visible []visibleLine, tone *raster.Tone, left int) []*drawnLine {
	old := s.lines
	s.lines = make([]*drawnLine, len(visible))
	for i, v := range visible { // the same line of the same paragraph
		s.lines[i] = pick(old, func(d *drawnLine) bool { return d.set == v.set && d.line == v.line })
	}
	for i, v := range visible {
		if s.lines[i] == nil {
			s.lines[i] = s.draw(v, old, tone)
		}
		d := s.lines[i]
		d.set, d.line = v.set, v.line
		d.x = left + d.image.At.X
		d.y = v.y + v.set.Style().Baseline + d.image.At.Y
	}
	for _, d := range old {
		if d != nil && len(s.spare) < maxSpare {
			d.set = nil
			s.spare = append(s.spare, d)
		}
	}
	return s.lines
}

// draw draws a line, or finds it among the old ones.
func (s *sheet) draw(v visibleLine, old []*drawnLine, tone *raster.Tone) *drawnLine {
	size := v.set.Style().Size
	s.glyphs = v.set.Glyphs(s.glyphs[:0], v.line)
	signature := s.sign(size)
	if d := pick(old, func(d *drawnLine) bool { return d.signature == signature }); d != nil {
		return d
	}
	d := s.blank()
	d.signature = signature
	d.image = s.painter.Draw(d.image.Pixels, s.glyphs, size, tone)
	d.raster.Refresh()
	return d
}

// pick takes out of old the line that fits, nil if there is none.
func pick(old []*drawnLine, fits func(*drawnLine) bool) *drawnLine {
	for i, d := range old {
		if d != nil && fits(d) {
			old[i] = nil
			return d
		}
	}
	return nil
}

func (s *sheet) blank() *drawnLine {
	if n := len(s.spare); n > 0 {
		d := s.spare[n-1]
		s.spare = s.spare[:n-1]
		return d
	}
	d := &drawnLine{}
	d.raster = canvas.NewRaster(func(int, int) image.Image { return d.image.Pixels })
	d.raster.ScaleMode = canvas.ImageScalePixels
	return d
}

// sign returns a number that is the same for the same glyphs at the same places.
func (s *sheet) sign(size fixed.Int26_6) uint64 {
	s.hash.Reset()
	maphash.WriteComparable(&s.hash, size)
	for i := range s.glyphs {
		g := &s.glyphs[i]
		var b [12]byte
		binary.LittleEndian.PutUint32(b[0:], uint32(g.ID))
		binary.LittleEndian.PutUint32(b[4:], uint32(g.X))
		binary.LittleEndian.PutUint32(b[8:], uint32(g.Y))
		s.hash.Write(b[:])
		maphash.WriteComparable(&s.hash, g.Face)
	}
	return s.hash.Sum64()
}
