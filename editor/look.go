package editor

import (
	"image/color"

	"fyne.io/fyne/v2/theme"

	"inkling/editor/raster"
)

// look is the colours of the page, made from those of the theme.
type look struct {
	fore, page, accent color.NRGBA
	tone               *raster.Tone
	selection          color.NRGBA
	caret              color.NRGBA
	scrollbar          color.NRGBA
}

// read takes over the colours of the theme. It reports whether text must be
// drawn anew.
func (l *look) read() bool {
	fore := opaque(theme.Color(theme.ColorNameForeground))
	page := opaque(theme.Color(theme.ColorNameBackground))
	accent := opaque(theme.Color(theme.ColorNamePrimary))
	if l.tone != nil && fore == l.fore && page == l.page && accent == l.accent {
		return false
	}
	*l = look{
		fore: fore, page: page, accent: accent,
		// A little of the page in the ink: full contrast glares on a screen.
		tone:      raster.NewTone(mix(fore, page, 0.06), page),
		selection: mix(accent, page, 0.74),
		caret:     accent,
		scrollbar: mix(fore, page, 0.8),
	}
	return true
}

// opaque returns the colour without its transparency.
func opaque(c color.Color) color.NRGBA {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	n.A = 255
	return n
}

// mix returns a with a part of b in it, from 0 to 1.
func mix(a, b color.NRGBA, part float64) color.NRGBA {
	blend := func(x, y uint8) uint8 { return uint8(float64(x)*(1-part) + float64(y)*part + 0.5) }
	return color.NRGBA{blend(a.R, b.R), blend(a.G, b.G), blend(a.B, b.B), 255}
}

// onTop returns black or white, whichever is easier to read on the colour.
func onTop(c color.NRGBA) color.NRGBA {
	if 299*int(c.R)+587*int(c.G)+114*int(c.B) > 150*1000 {
		return color.NRGBA{0, 0, 0, 255}
	}
	return color.NRGBA{255, 255, 255, 255}
}
