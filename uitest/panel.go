//go:build linux

package uitest

import (
	"fmt"
	"image"
	"strings"
	"time"
)

// Where the buttons Together and More are, in pixels from the window's top right corner; they
// have no ground of their own to find them by.
const (
	togetherLeft = 92
	togetherDown = 20
	moreLeft     = 20
)

// buttonHeight is the least height of a whole button.
const buttonHeight = 32

// bannerHeight is how far below the tools a question reaches at most.
const bannerHeight = 160

// lookPatience is how long a part of the window may take to appear.
const lookPatience = 10 * time.Second

// opensTogether opens the panel by the mouse.
func (p *person) opensTogether() {
	p.t.Helper()
	p.clicksTogether()
	r := p.window.bounds()
	eventually(p.t, lookPatience, p.name+"'s panel Together opens", func() (bool, string) {
		return p.shows(panelColour, image.Pt(r.Max.X-4, r.Max.Y-4)), "no panel"
	})
}

// clicksTogether clicks the button where it is while the panel is closed.
func (p *person) clicksTogether() {
	r := p.window.bounds()
	p.screen.click(image.Pt(r.Max.X-togetherLeft, r.Min.Y+togetherDown))
}

// panel is what there is to click in the panel Together, from top to bottom.
type panel struct {
	fields []image.Rectangle
	calls  []image.Rectangle // buttons that call for a click
	others []image.Rectangle // other buttons
	qr     image.Rectangle   // a QR code with what is white around it; empty when there is none
}

// tallestField is the greatest height of a field: what is white and taller is a QR code.
const tallestField = 60

// panel looks at the panel.
func (p *person) panel() panel {
	r := p.window.bounds()
	r.Min.X = r.Max.X - panelWidth
	img := p.screen.capture(r)
	parts := panel{calls: patches(img, callColour), others: patches(img, buttonColour)}
	for _, white := range patches(img, fieldColour) { // the QR code's frame comes before what is white within it
		switch {
		case white.Dy() > tallestField:
			parts.qr = white
		case !white.In(parts.qr):
			parts.fields = append(parts.fields, white)
		}
	}
	return parts
}

// waitForPanel waits until the panel is as it should be. A button under the mouse
// looks different, so the mouse goes elsewhere first.
func (p *person) waitForPanel(what string, ready func(panel) bool) (found panel) {
	p.t.Helper()
	p.moveAside()
	eventually(p.t, lookPatience, p.name+" sees "+what, func() (bool, string) {
		found = p.panel()
		return ready(found), fmt.Sprintf("%+v", found)
	})
	return found
}

// invites makes an invite link by the mouse and takes it from the clipboard.
func (p *person) invites() (link string) {
	p.t.Helper()
	p.screen.clipboard.offer("")
	p.screen.click(middle(p.waitForPanel("the button Invite", func(s panel) bool { return len(s.calls) > 0 }).calls[0]))
	p.settle()
	p.screen.click(middle(p.waitForPanel("the button Copy", func(s panel) bool { return len(s.calls) > 1 }).calls[1]))
	eventually(p.t, lookPatience, "the link is in the clipboard of "+p.name, func() (bool, string) {
		link = p.screen.clipboard.read()
		return strings.HasPrefix(link, "inkling:"), link
	})
	return link
}

// asksToJoin pastes a link into the panel and clicks Join.
func (p *person) asksToJoin(link string) {
	p.t.Helper()
	p.screen.clipboard.offer(link)
	parts := p.waitForPanel("the field for a link and the button Join", func(s panel) bool {
		return len(s.fields) > 0 && len(s.others) > 0
	})
	p.screen.click(middle(parts.fields[0]))
	p.presses("Ctrl+V")
	p.screen.click(middle(parts.others[0]))
}

// banner returns the part of the screen in which the window asks something.
func (p *person) banner() image.Rectangle {
	r := p.page()
	r.Max.Y = r.Min.Y + bannerHeight
	return r
}

// isAsked says whether the window asks something now.
func (p *person) isAsked() bool {
	return len(patches(p.screen.capture(p.banner()), noticeColour)) > 0
}

// waitUntilAsked waits until the window asks whether somebody may come in, and
// returns the button that says yes.
func (p *person) waitUntilAsked() (yes image.Rectangle) {
	p.t.Helper()
	p.moveAside()
	eventually(p.t, lookPatience, p.name+" is asked whether somebody may come in", func() (bool, string) {
		buttons := patches(p.screen.capture(p.banner()), callColour)
		if len(buttons) > 0 {
			yes = buttons[0]
		}
		return len(buttons) > 0, "no button that calls"
	})
	return yes
}

// letsIn confirms by the mouse that somebody may come in.
func (p *person) letsIn() {
	p.t.Helper()
	p.screen.click(middle(p.waitUntilAsked()))
}

// copies follows the offer, above the page, to write in a copy.
func (p *person) copies() {
	p.t.Helper()
	var buttons []image.Rectangle
	eventually(p.t, lookPatience, p.name+" sees the button Write in a copy", func() (bool, string) {
		buttons = patches(p.screen.capture(p.banner()), buttonColour)
		return len(buttons) > 0, "no button"
	})
	p.screen.click(middle(buttons[0]))
}
