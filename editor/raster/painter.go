package raster

import (
	"image"

	"golang.org/x/image/math/fixed"

	"inkling/editor/layout"
)

// maxWidth and maxHeight bound the image of a line in pixels, at 64 MB. What
// lies beyond is not drawn.
const (
	maxWidth  = 1 << 14
	maxHeight = 1 << 10
)

// Painter draws lines.
type Painter struct {
	masks    masks
	coverage image.Alpha
	placed   []placed
}

// placed is a mask at its place on the line.
type placed struct {
	mask mask
	at   image.Point
}

// Image is the ink of a line. At is its top left corner, seen from the start of
// the baseline, y downwards; Pixels begin at (0, 0) and have no gaps between
// rows. An empty line has no Pixels.
type Image struct {
	Pixels *image.RGBA
	At     image.Point
}

// NewPainter returns a painter.
func NewPainter() *Painter { return &Painter{} }

// Draw draws glyphs of a size in the tone. It uses the pixels of the image
// reuse, which may be nil, if they suffice.
func (p *Painter) Draw(reuse *image.RGBA, glyphs []layout.Glyph, size fixed.Int26_6, tone *Tone) Image {
	ink := p.place(glyphs, size)
	if ink.Empty() {
		return Image{}
	}
	p.cover(ink)
	pixels := fit(reuse, ink.Size())
	tone.paint(pixels.Pix, p.coverage.Pix)
	return Image{pixels, ink.Min}
}

// place looks up the masks and returns the box around them.
func (p *Painter) place(glyphs []layout.Glyph, size fixed.Int26_6) image.Rectangle {
	p.placed = p.placed[:0]
	var ink image.Rectangle
	for _, g := range glyphs {
		x := g.X + 64/quarters/2 // to the nearest quarter
		m := p.masks.mask(maskKey{g.Face, g.ID, size, uint8(x & 63 * quarters / 64)})
		if m.coverage.Rect.Empty() {
			continue
		}
		at := m.at.Add(image.Pt(x.Floor(), -g.Y.Round()))
		p.placed = append(p.placed, placed{m, at})
		ink = ink.Union(m.coverage.Rect.Add(at))
	}
	return ink.Intersect(image.Rect(-maxHeight, -maxHeight/2, maxWidth, maxHeight/2))
}

// cover adds up the masks in p.coverage, whose origin is that of the ink.
func (p *Painter) cover(ink image.Rectangle) {
	w, h := ink.Dx(), ink.Dy()
	if cap(p.coverage.Pix) < w*h {
		p.coverage.Pix = make([]uint8, w*h)
	}
	p.coverage.Pix = p.coverage.Pix[:w*h]
	clear(p.coverage.Pix)
	for _, g := range p.placed {
		box := g.mask.coverage.Rect.Add(g.at).Intersect(ink)
		for y := box.Min.Y; y < box.Max.Y; y++ {
			from := g.mask.coverage.Pix[g.mask.coverage.PixOffset(box.Min.X-g.at.X, y-g.at.Y):]
			to := p.coverage.Pix[(y-ink.Min.Y)*w+box.Min.X-ink.Min.X:]
			for x := range box.Dx() {
				a, b := uint32(to[x]), uint32(from[x])
				to[x] = uint8(a + b - a*b/255)
			}
		}
	}
}

// paint writes the tone's colour, multiplied by its alpha, for each coverage.
func (t *Tone) paint(pix, coverage []uint8) {
	r, g, b := uint32(t.color.R), uint32(t.color.G), uint32(t.color.B)
	for i, c := range coverage {
		a := uint32(t.bend[c]) * uint32(t.color.A) / 255
		px := pix[4*i : 4*i+4 : 4*i+4]
		px[0], px[1], px[2], px[3] = uint8(r*a/255), uint8(g*a/255), uint8(b*a/255), uint8(a)
	}
}

// fit returns an image of the size, of the old one's pixels if they suffice.
func fit(old *image.RGBA, size image.Point) *image.RGBA {
	n := 4 * size.X * size.Y
	if old == nil || cap(old.Pix) < n {
		return image.NewRGBA(image.Rectangle{Max: size})
	}
	return &image.RGBA{Pix: old.Pix[:n], Stride: 4 * size.X, Rect: image.Rectangle{Max: size}}
}
