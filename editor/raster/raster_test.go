package raster

import (
	"bytes"
	"image"
	"image/color"
	"testing"

	"golang.org/x/image/math/fixed"

	"inkling/assets/fonts"
	"inkling/editor/layout"
)

func glyphs(t testing.TB, text string, size float64) ([]layout.Glyph, layout.Style) {
	t.Helper()
	face, err := layout.ParseFace(fonts.Text)
	if err != nil {
		t.Fatal(err)
	}
	style := layout.NewStyle(face, size, 1.5, 0)
	p := layout.NewSetter(layout.Faces{Text: face}).Set(text, style, fixed.I(100000))
	return p.Glyphs(nil, 0), style
}

var (
	black = color.NRGBA{0, 0, 0, 255}
	white = color.NRGBA{255, 255, 255, 255}
)

// TestInkFillsTheImage: the image is cropped to its ink (masks are whole pixels
// around curves, so one empty row or column at an edge is allowed), and all the
// ink is in it: no wider image has more.
func TestInkFillsTheImage(t *testing.T) {
	p := NewPainter()
	for _, text := range []string{"x", "Ägypten fjord", "—", ".", "ffi Wörter"} {
		g, style := glyphs(t, text, 18)
		img := p.Draw(nil, g, style.Size, NewTone(black, white))
		if img.Pixels == nil {
			t.Fatalf("%q has no ink", text)
		}
		if !hasInk(img.Pixels, 2) {
			t.Errorf("%q: an edge of the image is empty", text)
		}
		if img.At.Y > 0 || img.At.Y < -style.Leading {
			t.Errorf("%q: ink begins %d pixels below the baseline", text, img.At.Y)
		}
	}
}

// hasInk: there is ink within n pixels of each edge.
func hasInk(img *image.RGBA, n int) bool {
	r := img.Rect
	for _, edge := range []image.Rectangle{
		{r.Min, image.Pt(r.Max.X, r.Min.Y+n)}, {r.Min, image.Pt(r.Min.X+n, r.Max.Y)},
		{image.Pt(r.Min.X, r.Max.Y-n), r.Max}, {image.Pt(r.Max.X-n, r.Min.Y), r.Max},
	} {
		any := false
		edge = edge.Intersect(r)
		for y := edge.Min.Y; y < edge.Max.Y; y++ {
			for x := edge.Min.X; x < edge.Max.X; x++ {
				any = any || img.RGBAAt(x, y).A > 0
			}
		}
		if !any {
			return false
		}
	}
	return true
}

// TestReusedPixelsAreClean: a line drawn into used pixels is the line drawn into
// new ones.
func TestReusedPixelsAreClean(t *testing.T) {
	p, tone := NewPainter(), NewTone(black, white)
	long, style := glyphs(t, "a long line that was here before", 18)
	short, _ := glyphs(t, "short", 18)
	used := p.Draw(nil, long, style.Size, tone).Pixels
	a, b := p.Draw(used, short, style.Size, tone), p.Draw(nil, short, style.Size, tone)
	if a.At != b.At || !bytes.Equal(a.Pixels.Pix, b.Pixels.Pix) {
		t.Error("used pixels show through")
	}
	if len(a.Pixels.Pix) != 4*a.Pixels.Rect.Dx()*a.Pixels.Rect.Dy() || a.Pixels.Stride != 4*a.Pixels.Rect.Dx() {
		t.Error("there are gaps between the rows")
	}
}

// TestQuarters: a glyph moved by a quarter of a pixel looks different, moved by
// a whole pixel the same, one further right.
func TestQuarters(t *testing.T) {
	p, tone := NewPainter(), NewTone(black, white)
	g, style := glyphs(t, "l", 18)
	first := p.Draw(nil, g, style.Size, tone)
	g[0].X += 16
	if quarter := p.Draw(nil, g, style.Size, tone); bytes.Equal(first.Pixels.Pix, quarter.Pixels.Pix) {
		t.Error("a quarter of a pixel makes no difference")
	}
	g[0].X += 48
	whole := p.Draw(nil, g, style.Size, tone)
	if whole.At != first.At.Add(image.Pt(1, 0)) || !bytes.Equal(first.Pixels.Pix, whole.Pixels.Pix) {
		t.Error("a whole pixel changes the glyph")
	}
}

// TestToneIsMonotone: more coverage is never less ink, none is none and all is
// all, dark on light and light on dark; light text is not made heavier than dark.
func TestToneIsMonotone(t *testing.T) {
	dark, light := NewTone(black, white), NewTone(white, black)
	for _, tone := range []*Tone{dark, light, NewTone(white, white)} {
		if tone.bend[0] != 0 || tone.bend[255] != 255 {
			t.Errorf("bend goes from %d to %d", tone.bend[0], tone.bend[255])
		}
		for c := 1; c < 256; c++ {
			if tone.bend[c] < tone.bend[c-1] {
				t.Errorf("coverage %d is lighter than %d", c, c-1)
			}
		}
	}
	if dark.bend[128] > 128 || light.bend[128] < 128 {
		t.Errorf("half covered: dark %d, light %d", dark.bend[128], light.bend[128])
	}
}

// TestMasksAreBounded: however many glyphs are drawn, what is kept stays below
// its maximum.
func TestMasksAreBounded(t *testing.T) {
	p, tone := NewPainter(), NewTone(black, white)
	for size := 100; size < 180; size++ {
		g, style := glyphs(t, "The quick brown fox jumps over the lazy dog", float64(size))
		p.Draw(nil, g, style.Size, tone)
		for _, generation := range []map[maskKey]mask{p.masks.young, p.masks.old} {
			n := 0
			for _, m := range generation {
				n += len(m.coverage.Pix)
			}
			if n > maxMasks {
				t.Fatalf("%d bytes of masks are kept, at most %d allowed", n, maxMasks)
			}
		}
	}
	if p.masks.old == nil {
		t.Fatal("the masks never filled a generation; the test shows nothing")
	}
}

func BenchmarkDrawLine(b *testing.B) {
	p, tone := NewPainter(), NewTone(black, white)
	g, style := glyphs(b, "It was a bright cold day in April, and the clocks were striking", 18)
	var img Image
	for b.Loop() {
		img = p.Draw(img.Pixels, g, style.Size, tone)
	}
}
