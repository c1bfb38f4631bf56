package raster

import (
	"image"
	"image/draw"
	"math"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

const (
	// quarters is the number of horizontal places between two pixels. Four keep
	// the error of a letter's place below an eighth of a pixel, which nobody sees.
	quarters = 4
	// maxMasks bounds the pixels in each of the two generations of masks, in
	// bytes. A page of Latin text has about 300 masks of 200 bytes.
	maxMasks = 4 << 20
	// maxSide bounds a mask's width and height in pixels; a glyph that is larger
	// is not drawn.
	maxSide = 2048
)

// mask is the coverage of a glyph; at is its top left corner, seen from the
// glyph's origin, y downwards.
type mask struct {
	coverage *image.Alpha
	at       image.Point
}

type maskKey struct {
	face    *font.Face
	glyph   font.GID
	size    fixed.Int26_6
	quarter uint8
}

// masks keeps masks in two generations: when young is full it becomes old, and
// what was in old and not asked for since is dropped.
type masks struct {
	young, old map[maskKey]mask
	bytes      int // of young
	vector     vector.Rasterizer
}

func (m *masks) mask(key maskKey) mask {
	if k, ok := m.young[key]; ok {
		return k
	}
	k, ok := m.old[key]
	if !ok {
		k = m.draw(key)
	}
	size := len(k.coverage.Pix) + 64 // and about so much for the entry
	if m.bytes+size > maxMasks || m.young == nil {
		m.young, m.old, m.bytes = map[maskKey]mask{}, m.young, 0
	}
	m.young[key] = k
	m.bytes += size
	return k
}

// draw rasterises a glyph.
func (m *masks) draw(key maskKey) mask {
	empty := mask{coverage: &image.Alpha{}}
	outline, ok := outlineOf(key.face, key.glyph)
	if !ok {
		return empty
	}
	scale := float32(key.size) / 64 / float32(key.face.Upem())
	shift := float32(key.quarter) / quarters
	box := bounds(outline, scale, shift)
	if box.Empty() || box.Dx() > maxSide || box.Dy() > maxSide {
		return empty
	}
	m.vector.Reset(box.Dx(), box.Dy())
	trace(&m.vector, outline, func(p opentype.SegmentPoint) (x, y float32) {
		return p.X*scale + shift - float32(box.Min.X), -p.Y*scale - float32(box.Min.Y)
	})
	coverage := image.NewAlpha(image.Rect(0, 0, box.Dx(), box.Dy()))
	m.vector.DrawOp = draw.Src
	m.vector.Draw(coverage, coverage.Rect, image.Opaque, image.Point{})
	return mask{coverage, box.Min}
}

func outlineOf(face *font.Face, glyph font.GID) ([]opentype.Segment, bool) {
	switch data := face.GlyphData(glyph).(type) {
	case font.GlyphOutline:
		return data.Segments, len(data.Segments) > 0
	case font.GlyphSVG:
		return data.Outline.Segments, len(data.Outline.Segments) > 0
	case font.GlyphBitmap:
		if data.Outline != nil {
			return data.Outline.Segments, len(data.Outline.Segments) > 0
		}
	}
	return nil, false
}

// bounds returns whole pixels around the outline. Control points lie outside the
// curve, if anywhere, so their box holds it.
func bounds(outline []opentype.Segment, scale, shift float32) image.Rectangle {
	minX, minY := float32(math.Inf(1)), float32(math.Inf(1))
	maxX, maxY := -minX, -minY
	for i := range outline {
		for _, p := range outline[i].ArgsSlice() {
			minX, maxX = min(minX, p.X*scale+shift), max(maxX, p.X*scale+shift)
			minY, maxY = min(minY, -p.Y*scale), max(maxY, -p.Y*scale)
		}
	}
	floor := func(v float32) int { return int(math.Floor(float64(v))) }
	return image.Rect(floor(minX), floor(minY), floor(maxX)+1, floor(maxY)+1)
}

func trace(z *vector.Rasterizer, outline []opentype.Segment, place func(opentype.SegmentPoint) (x, y float32)) {
	for i := range outline {
		var a [6]float32
		for k, p := range outline[i].ArgsSlice() {
			a[2*k], a[2*k+1] = place(p)
		}
		switch outline[i].Op {
		case opentype.SegmentOpMoveTo:
			z.ClosePath()
			z.MoveTo(a[0], a[1])
		case opentype.SegmentOpLineTo:
			z.LineTo(a[0], a[1])
		case opentype.SegmentOpQuadTo:
			z.QuadTo(a[0], a[1], a[2], a[3])
		case opentype.SegmentOpCubeTo:
			z.CubeTo(a[0], a[1], a[2], a[3], a[4], a[5])
		}
	}
	z.ClosePath()
}
