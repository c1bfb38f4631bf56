//go:build linux

package uitest

import (
	"cmp"
	"image"
	"image/color"
	"slices"
)

// Colours of the program's light theme by which its parts are found.
var (
	buttonColour = color.RGBA{0xeb, 0xe8, 0xe1, 0xff} // a button
	callColour   = color.RGBA{0x2b, 0x5c, 0x8a, 0xff} // a button that calls for a click
	dangerColour = color.RGBA{0xb3, 0x26, 0x1e, 0xff} // a button for what cannot be taken back
	fieldColour  = color.RGBA{0xff, 0xff, 0xff, 0xff} // a field to type in
	noticeColour = color.RGBA{0xe6, 0xee, 0xf6, 0xff} // the banner above the page
	panelColour  = color.RGBA{0xf4, 0xf1, 0xeb, 0xff} // the list and the panel
)

// personColours are those in which a person's caret is drawn at the others'.
var personColours = []color.RGBA{
	{0xc2, 0x57, 0x0c, 0xff}, {0x0b, 0x7a, 0x75, 0xff}, {0x8e, 0x3b, 0x8a, 0xff}, {0x3d, 0x6f, 0xb6, 0xff},
	{0xa3, 0x37, 0x1f, 0xff}, {0x4f, 0x7a, 0x1c, 0xff}, {0x9a, 0x6a, 0x00, 0xff}, {0x5b, 0x5b, 0xb0, 0xff},
}

// inkLimit is the brightest channel that still counts as ink: text is darker than
// all that is coloured (carets, selection, name tags).
const inkLimit = 0x70

// at returns the colour of a pixel.
func at(img *image.RGBA, x, y int) color.RGBA { return img.RGBAAt(x, y) }

// near says whether two colours look the same, as drawing in a GPU's arithmetic may
// round.
func near(a, b color.RGBA) bool {
	close := func(x, y uint8) bool { return max(x, y)-min(x, y) <= 2 }
	return close(a.R, b.R) && close(a.G, b.G) && close(a.B, b.B)
}

// colours counts different colours, up to some dozens.
func colours(img *image.RGBA) int {
	seen := map[color.RGBA]bool{}
	for y := img.Rect.Min.Y; y < img.Rect.Max.Y && len(seen) < 64; y++ {
		for x := img.Rect.Min.X; x < img.Rect.Max.X; x++ {
			seen[at(img, x, y)] = true
		}
	}
	return len(seen)
}

// difference returns the smallest rectangle outside of which two looks at the same
// part of the screen are equal. Looks at different parts differ everywhere.
func difference(a, b *image.RGBA) image.Rectangle {
	if a.Rect != b.Rect {
		return a.Rect.Union(b.Rect)
	}
	var changed image.Rectangle
	for y := a.Rect.Min.Y; y < a.Rect.Max.Y; y++ {
		for x := a.Rect.Min.X; x < a.Rect.Max.X; x++ {
			if at(a, x, y) != at(b, x, y) {
				changed = changed.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return changed
}

// cut returns the part of a picture that is in r.
func cut(a *image.RGBA, r image.Rectangle) *image.RGBA {
	return a.SubImage(r.Add(a.Rect.Min)).(*image.RGBA)
}

// isInk says whether a pixel is dark and grey.
func isInk(c color.RGBA) bool {
	brightest, darkest := max(c.R, c.G, c.B), min(c.R, c.G, c.B)
	return brightest < inkLimit && brightest-darkest < 0x18
}

// newInk returns the smallest rectangle around the pixels that are ink in now and
// were none before.
func newInk(before, now *image.RGBA) (fresh image.Rectangle) {
	for y := now.Rect.Min.Y; y < now.Rect.Max.Y; y++ {
		for x := now.Rect.Min.X; x < now.Rect.Max.X; x++ {
			if isInk(at(now, x, y)) && !isInk(at(before, x, y)) {
				fresh = fresh.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return fresh
}

// inkEdge returns the first column to the right of all ink in img; its left edge when
// there is none.
func inkEdge(img *image.RGBA) int {
	for x := img.Rect.Max.X - 1; x >= img.Rect.Min.X; x-- {
		for y := img.Rect.Min.Y; y < img.Rect.Max.Y; y++ {
			if isInk(at(img, x, y)) {
				return x + 1
			}
		}
	}
	return img.Rect.Min.X
}

// smallestPatch is what a button or a field measures at least.
var smallestPatch = image.Pt(24, 14)

// patches returns the rectangles around connected areas of one colour, from top to
// bottom; small ones are left out.
func patches(img *image.RGBA, c color.RGBA) []image.Rectangle {
	seen := make([]bool, img.Rect.Dx()*img.Rect.Dy())
	index := func(p image.Point) int {
		return (p.Y-img.Rect.Min.Y)*img.Rect.Dx() + p.X - img.Rect.Min.X
	}
	fresh := func(p image.Point) bool {
		return p.In(img.Rect) && !seen[index(p)] && near(at(img, p.X, p.Y), c)
	}
	var found []image.Rectangle
	for y := img.Rect.Min.Y; y < img.Rect.Max.Y; y++ {
		for x := img.Rect.Min.X; x < img.Rect.Max.X; x++ {
			if start := image.Pt(x, y); fresh(start) {
				seen[index(start)] = true
				area := flood(start, fresh, func(p image.Point) { seen[index(p)] = true })
				if area.Dx() >= smallestPatch.X && area.Dy() >= smallestPatch.Y {
					found = append(found, area)
				}
			}
		}
	}
	slices.SortStableFunc(found, func(a, b image.Rectangle) int { return cmp.Compare(a.Min.Y, b.Min.Y) })
	return found
}

// flood marks what is connected to start and returns the rectangle around it.
func flood(start image.Point, fresh func(image.Point) bool, mark func(image.Point)) (area image.Rectangle) {
	edge := []image.Point{start}
	for len(edge) > 0 {
		p := edge[len(edge)-1]
		edge = edge[:len(edge)-1]
		area = area.Union(image.Rect(p.X, p.Y, p.X+1, p.Y+1))
		for _, step := range []image.Point{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
			if next := p.Add(step); fresh(next) {
				mark(next)
				edge = append(edge, next)
			}
		}
	}
	return area
}

// middle returns the point in the middle of a rectangle.
func middle(r image.Rectangle) image.Point { return r.Min.Add(r.Max).Div(2) }
