//go:build linux

package uitest

import (
	"fmt"
	"image"
	"time"
)

// Where the parts of the program's window are, in pixels from its edges.
const (
	listWidth    = 232 // the list of documents, at the left
	panelWidth   = 300 // the panel Together, at the right, when it is open
	toolsHeight  = 44  // the buttons above the page
	statusHeight = 34  // the line under the page
)

// page returns the part of the screen in which the person writes.
func (p *person) page() image.Rectangle {
	r := p.window.bounds()
	r.Min.X += listWidth
	r.Min.Y += toolsHeight
	r.Max.Y -= statusHeight
	if p.together {
		r.Max.X -= panelWidth
	}
	return r
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
