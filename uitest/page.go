//go:build linux

package uitest

import (
	"fmt"
	"image"
	"image/color"
	"time"
)

// Where the parts of the program's window are, in pixels from its edges.
const (
	listWidth    = 232 // the list of documents, at the left
	panelWidth   = 300 // the panel Together, at the right, when it is open
	toolsHeight  = 44  // the buttons above the page
	statusHeight = 34  // the line under the page
)

// page returns the part of the screen in which the person writes: what list and panel
// leave.
func (p *person) page() image.Rectangle {
	r := p.window.bounds()
	left, right := image.Pt(r.Min.X+4, r.Max.Y-4), image.Pt(r.Max.X-4, r.Max.Y-4)
	if p.shows(panelColour, left) {
		r.Min.X += listWidth
	}
	if p.shows(panelColour, right) {
		r.Max.X -= panelWidth
	}
	r.Min.Y += toolsHeight
	r.Max.Y -= statusHeight
	return r
}

// shows says whether a pixel of the screen has a colour.
func (p *person) shows(c color.RGBA, where image.Point) bool {
	img := p.screen.capture(image.Rectangle{Min: where, Max: where.Add(image.Pt(1, 1))})
	return near(at(img, where.X, where.Y), c)
}

// statusLine returns the part of the screen that says who is here.
func (p *person) statusLine() image.Rectangle {
	page := p.page()
	return image.Rect(page.Min.X, page.Max.Y, page.Max.X, page.Max.Y+statusHeight)
}

// waitUntilShown waits until the window's title names the document; "" is a blank
// page.
func (p *person) waitUntilShown(title string) (took time.Duration) {
	p.t.Helper()
	want := "Inkling"
	if title != "" {
		want = title + " – Inkling"
	}
	return eventually(p.t, textPatience, fmt.Sprintf("the window of %s is called %q", p.name, want), func() (bool, string) {
		got := p.window.title()
		return got == want, got
	})
}

// typesAndSees writes text and returns where on the screen it appears.
func (p *person) typesAndSees(text string) image.Rectangle {
	p.t.Helper()
	before := p.screen.capture(p.page())
	p.types(text)
	p.settle()
	fresh := newInk(before, p.screen.capture(p.page()))
	if fresh.Empty() {
		p.t.Fatalf("%s typed %q and sees nothing of it", p.name, text)
	}
	return fresh
}

// moveAside puts the mouse where it changes the look of nothing.
func (p *person) moveAside() {
	page := p.page()
	p.screen.point(image.Pt(page.Min.X+page.Dx()/2, page.Max.Y-4))
}
