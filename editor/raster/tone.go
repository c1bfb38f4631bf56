package raster

import (
	"image/color"
	"math"
)

// Tone is a text colour together with how it is blended into the page.
type Tone struct {
	color color.NRGBA
	bend  [256]uint8 // coverage → alpha
}

// gamma lies between blending as stored (1) and blending as light adds up (2.2).
// At 1.4 the stems of dark text keep their weight and those of light text do not
// swell; FreeType and Skia settle at similar values.
const gamma = 1.4

// NewTone returns the tone for text of one colour on a page of another.
func NewTone(text, page color.NRGBA) *Tone {
	t := &Tone{color: text}
	fore, back := math.Pow(luma(text), gamma), math.Pow(luma(page), gamma)
	for c := range t.bend {
		alpha := float64(c) / 255
		if span := luma(text) - luma(page); math.Abs(span) > 1.0/32 {
			mixed := math.Pow(back+alpha*(fore-back), 1/gamma)
			alpha = (mixed - luma(page)) / span
		}
		t.bend[c] = uint8(alpha*255 + 0.5)
	}
	return t
}

// luma is how bright a colour is as stored, 0 … 1 (Rec. 709 weights).
func luma(c color.NRGBA) float64 {
	return (0.2126*float64(c.R) + 0.7152*float64(c.G) + 0.0722*float64(c.B)) / 255
}
