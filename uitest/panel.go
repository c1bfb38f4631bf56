//go:build linux

package uitest

import (
	"fmt"
	"image"
	"image/color"
	"strings"
	"time"
)

// Where the button Together is, in pixels from the window's top right corner; the
// button has no ground of its own to find it by.
const (
	togetherLeft = 92
	togetherDown = 20
)

// bannerHeight is how far below the tools a question reaches at most.
const bannerHeight = 160

// lookPatience is how long a button may take to appear.
const lookPatience = 10 * time.Second

// opensTogether opens the panel by the mouse.
func (p *person) opensTogether() {
	p.t.Helper()
	r := p.window.bounds()
	p.screen.click(image.Pt(r.Max.X-togetherLeft, r.Min.Y+togetherDown))
	p.together = true
	eventually(p.t, lookPatience, p.name+"'s panel Together opens", func() (bool, string) {
		img := p.screen.capture(p.panel())
		return near(at(img, img.Rect.Max.X-4, img.Rect.Max.Y-4), panelColour), "no panel"
	})
}

// panel returns the part of the screen in which the panel is.
func (p *person) panel() image.Rectangle {
	r := p.window.bounds()
	r.Min.X = r.Max.X - panelWidth
	return r
}

// waitForPatch waits until there are enough patches of a colour in a part of the
// screen, and returns the one numbered i from the top.
func (p *person) waitForPatch(what string, in image.Rectangle, c color.RGBA, i int) (found image.Rectangle) {
	p.t.Helper()
	p.moveAside()
	eventually(p.t, lookPatience, p.name+" sees "+what, func() (bool, string) {
		all := patches(p.screen.capture(in), c)
		if len(all) > i {
			found = all[i]
		}
		return len(all) > i, fmt.Sprintf("patches of its colour: %v", all)
	})
	return found
}

// invites makes an invite link by the mouse and takes it from the clipboard.
func (p *person) invites() (link string) {
	p.t.Helper()
	p.screen.click(middle(p.waitForPatch("the button Invite", p.panel(), buttonColour, 0)))
	p.screen.click(middle(p.waitForPatch("the button Copy", p.panel(), callColour, 0)))
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
	p.screen.click(middle(p.waitForPatch("the field for a link", p.panel(), fieldColour, 0)))
	p.presses("Ctrl+V")
	p.settle()
	p.screen.click(middle(p.waitForPatch("the button Join", p.panel(), buttonColour, 1)))
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
	return p.waitForPatch("the button Let in", p.banner(), callColour, 0)
}

// letsIn confirms by the mouse that somebody may come in.
func (p *person) letsIn() {
	p.t.Helper()
	p.screen.click(middle(p.waitUntilAsked()))
}
