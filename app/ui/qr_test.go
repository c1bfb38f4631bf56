package ui

import (
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// TestQRPicture: the longest link fits into the panel, and at each scale of a screen the picture is read as the link.
func TestQRPicture(t *testing.T) {
	p := newTogether()
	link := "inkling://join#" + strings.Repeat("aZ09-_", 38)
	p.showLink(link)
	if !p.linkBox.Visible() || p.link.Text != link || p.qr.raster.MinSize().Width > togetherWidth-20 {
		t.Errorf("shown %v, %q, %v wide", p.linkBox.Visible(), p.link.Text, p.qr.raster.MinSize().Width)
	}
	for _, scale := range []float32{0.5, 0.75, 1, 1.2, 1.5, 2, 3.3} {
		side := int(p.qr.raster.MinSize().Width * scale)
		bits, err := gozxing.NewBinaryBitmapFromImage(p.qr.draw(side, side))
		if err != nil {
			t.Fatal(err)
		}
		found, err := qrcode.NewQRCodeReader().Decode(bits, nil)
		if err != nil || found.GetText() != link {
			t.Errorf("scale %v: %v, %v", scale, found, err)
		}
	}
	p.qr.draw(3, 2) // before there is room
	p.showLink("")
	if p.linkBox.Visible() {
		t.Error("the picture of a link that is gone is still there")
	}
}
