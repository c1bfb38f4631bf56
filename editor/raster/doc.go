// Package raster turns the glyphs of a line into an image.
//
// # Idea
//
// Each glyph is rasterised once per size and quarter of a pixel and kept as a
// mask; a line is put together from masks. Only the box that has ink becomes an
// image, so that a short line costs little.
//
// # Words
//
//	mask      how much of each pixel a glyph covers, 0 … 255
//	quarter   where between two pixels a glyph begins, in steps of ¼ pixel
//	ink       the pixels that are not empty
//	Painter   draws lines; keeps masks
//	Image     a line's ink and where it lies
//
// # Blending
//
// A window blends colours as they are stored, in sRGB, and not as light adds
// up. Text blended so looks too heavy where it is light on dark, and exact
// blending in light makes dark text thin. So coverage is bent before it is
// handed on (tone.go), between the two, by how dark text and page are.
//
// # Smallest example
//
//	painter := raster.NewPainter()
//	tone := raster.NewTone(text, page)
//	img := painter.Draw(buffer, glyphs, size, tone)
//	// put img.Pixels at the line's origin + img.At
//
// # What it does not do
//
// It knows no text, no lines and no window, and no colour glyphs: emoji of a
// colour font are drawn only if the font has outlines for them. A Painter is for
// one goroutine.
package raster
