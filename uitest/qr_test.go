//go:build linux

package uitest

import (
	"image"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// TestQRCode: beside digits and link stands the link as a QR code. A camera that looks at the window reads it, in a
// light window and in a dark one. Where to click is learnt in the light one: the dark one has other colours, and no
// others.
func TestQRCode(t *testing.T) {
	lan := newNetwork(t)
	var invite, copyLink image.Point
	for _, theme := range []string{"light", "dark"} {
		p := newPerson(t, "Ana", lan.machine())
		p.theme = theme
		p.start()
		p.types("Plans\nfor the summer")
		if theme == "light" {
			p.opensTogether()
			invite = middle(p.waitForPanel("the button Invite", func(s panel) bool { return len(s.calls) > 0 }).calls[0])
		} else {
			p.clicksTogether()
			p.settle()
		}
		p.screen.click(invite)
		eventually(t, lookPatience, "a code is on the screen", func() (bool, string) {
			code := p.status().Code
			return code != "", code
		})
		p.settle()
		keepImage(t, "qr-"+theme, p.see())
		if theme == "light" {
			parts := p.waitForPanel("the QR code and the button Copy", func(s panel) bool { return len(s.calls) > 1 && !s.qr.Empty() })
			copyLink = middle(parts.calls[1])
		}
		found := p.scans()
		p.screen.clipboard.offer("")
		p.screen.click(copyLink)
		eventually(t, lookPatience, "the link is in the clipboard", func() (bool, string) {
			link := p.screen.clipboard.read()
			return strings.HasPrefix(link, "inkling:"), link
		})
		if link := p.screen.clipboard.read(); found != link {
			t.Errorf("in the %s window a camera reads %q; the link is %q", theme, found, link)
		}
	}
}

// scans reads the QR code that is in the window, as a camera in front of it would.
func (p *person) scans() string {
	p.t.Helper()
	bits, err := gozxing.NewBinaryBitmapFromImage(p.see())
	if err != nil {
		p.t.Fatal(err)
	}
	found, err := qrcode.NewQRCodeReader().Decode(bits, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	if err != nil {
		p.t.Errorf("no QR code is read in the window: %v", err)
		return ""
	}
	return found.GetText()
}
