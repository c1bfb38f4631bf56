package editor

import "fyne.io/fyne/v2"

const (
	thumbWidth = 4  // in Fyne's units
	thumbLeast = 24 // height
	thumbGap   = 3  // to the edge of the window
)

// thumb returns the top and the height of the scrollbar's thumb in pixels; a
// height of 0: all is in the window.
func (v *viewport) thumb(p *page) (top, height int) {
	if v.total <= p.height || p.height <= 0 {
		return 0, 0
	}
	height = max(p.height*p.height/v.total, min(p.px(thumbLeast), p.height))
	return min(max(v.above, 0)*(p.height-height)/(v.total-p.height), p.height-height), height
}

// grabThumb begins to drag the scrollbar if the point is on it. A press beside
// the thumb brings it there first.
func (e *Editor) grabThumb(at fyne.Position) bool {
	page := &e.flow.page
	top, height := e.view.thumb(page)
	if height == 0 || at.X < page.size.Width-scrollbarArea {
		return false
	}
	p := &e.pointer
	p.thumb, p.grip = true, page.px(at.Y)-top
	if p.grip < 0 || p.grip >= height {
		p.grip = height / 2
		e.dragThumb()
	}
	return true
}

func (e *Editor) dragThumb() {
	page := &e.flow.page
	_, height := e.view.thumb(page)
	if room := page.height - height; height > 0 && room > 0 {
		top := min(max(page.px(e.pointer.at.Y)-e.pointer.grip, 0), room)
		e.view.scrollTo(e.flow, top*(e.view.total-page.height)/room)
		e.Refresh()
	}
}
