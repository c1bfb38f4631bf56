package ui

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"inkling/app/qrcode"
)

// moduleSize is the side of one square of a QR code, in Fyne's units: the longest link fits into the panel so.
const moduleSize = 4

// qrPicture shows a QR code: black on white whatever the theme, because cameras want it so.
type qrPicture struct {
	raster *canvas.Raster
	code   qrcode.Code
}

func newQRPicture() *qrPicture {
	q := &qrPicture{}
	q.raster = canvas.NewRaster(func(w, h int) image.Image { return q.draw(w, h) })
	q.raster.ScaleMode = canvas.ImageScalePixels
	return q
}

// show shows another code.
func (q *qrPicture) show(code qrcode.Code) {
	q.code = code
	side := float32(code.Size * moduleSize)
	q.raster.SetMinSize(fyne.NewSize(side, side))
	q.raster.Refresh()
}

// draw fills w by h pixels of the screen. Each module has the same whole number of them, so that edges are sharp at any
// scale; what is left is white.
func (q *qrPicture) draw(w, h int) image.Image {
	img := image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{color.White, color.Black})
	scale := min(w, h) / max(q.code.Size, 1)
	if scale == 0 {
		return img
	}
	left, top := (w-scale*q.code.Size)/2, (h-scale*q.code.Size)/2
	for y := range scale * q.code.Size {
		for x := range scale * q.code.Size {
			if q.code.Black(x/scale, y/scale) {
				img.SetColorIndex(left+x, top+y, 1)
			}
		}
	}
	return img
}
