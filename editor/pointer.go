package editor

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"inkling/editor/model"
)

const (
	// clickTime is the longest time between the clicks of a double click, and
	// clickDistance the greatest distance in Fyne's units.
	clickTime     = 400 * time.Millisecond
	clickDistance = 4
	// pullTime is how often the text moves while a selection is dragged beyond
	// the edge of the window.
	pullTime = 30 * time.Millisecond
)

// pointer is what the mouse is doing.
type pointer struct {
	down   bool
	clicks int // of the press that is or was last
	when   time.Time
	at     fyne.Position // of the press, and then of the drag
	// thumb: the press was on the scrollbar; grip is how far below the top of
	// the thumb.
	thumb bool
	grip  int
	stop  func() // of the pull; nil if there is none
}

func (p *pointer) release() {
	p.down, p.thumb = false, false
	if p.stop != nil {
		p.stop()
		p.stop = nil
	}
}

// MouseDown implements desktop.Mouseable. Double clicks are counted here and not left
// to fyne.DoubleTappable, for which two quick clicks at different places are one.
func (e *Editor) MouseDown(ev *desktop.MouseEvent) {
	e.requestFocus()
	if ev.Button != desktop.MouseButtonPrimary {
		return
	}
	p := &e.pointer
	p.release()
	p.count(ev.Position, e.now())
	p.down = true
	if e.grabThumb(ev.Position) {
		return
	}
	extend := ev.Modifier&fyne.KeyModifierShift != 0
	grain := model.Grain((p.clicks - 1) % 3)
	e.act(func() { e.pen.Press(e.placeAt(ev.Position), grain, extend) })
}

// MouseUp implements desktop.Mouseable.
func (e *Editor) MouseUp(*desktop.MouseEvent) { e.pointer.release() }

// Dragged implements fyne.Draggable.
func (e *Editor) Dragged(ev *fyne.DragEvent) {
	p := &e.pointer
	if !p.down {
		return
	}
	p.at = ev.Position
	if p.thumb {
		e.dragThumb()
		return
	}
	e.dragTo()
	if e.beyond() != 0 && p.stop == nil {
		p.stop = e.After(pullTime, e.pull)
	}
}

// DragEnd implements fyne.Draggable.
func (e *Editor) DragEnd() { e.pointer.release() }

// Cursor implements desktop.Cursorable.
func (e *Editor) Cursor() desktop.Cursor { return desktop.TextCursor }

// Scrolled implements fyne.Scrollable.
func (e *Editor) Scrolled(ev *fyne.ScrollEvent) {
	e.scroll(-e.flow.page.px(ev.Scrolled.DY))
}

// scroll moves the text up by dy pixels.
func (e *Editor) scroll(dy int) {
	if e.renderer == nil || dy == 0 {
		return
	}
	e.flow.steady(func() { e.view.scroll(e.flow, dy); dy = 0 })
	e.Refresh()
}

func (e *Editor) dragTo() {
	e.pen.Drag(e.placeAt(e.pointer.at))
	e.blink.stir(e)
	e.Refresh()
	e.tell()
}

// pull moves the text on while the pointer is beyond the edge of the window.
func (e *Editor) pull() {
	p := &e.pointer
	if p.stop == nil {
		return // stopped, but already on its way
	}
	p.stop = nil
	if d := e.beyond(); d != 0 && p.down {
		e.scroll(d/3 + d/max(1, abs(d)))
		e.dragTo()
		p.stop = e.After(pullTime, e.pull)
	}
}

// beyond is how far the pointer is below the window, negative above it.
func (e *Editor) beyond() int {
	y := e.flow.page.px(e.pointer.at.Y)
	return min(y, 0) + max(y-e.flow.page.height, 0)
}

// count counts presses that follow each other quickly at one place.
func (p *pointer) count(at fyne.Position, now time.Time) {
	d := at.Subtract(p.at)
	near := d.X*d.X+d.Y*d.Y <= clickDistance*clickDistance
	if !near || now.Sub(p.when) > clickTime {
		p.clicks = 0
	}
	p.clicks++
	p.at, p.when = at, now
}

// placeAt returns the place nearest to a point of the widget.
func (e *Editor) placeAt(at fyne.Position) (place model.Place) {
	f := e.flow
	f.steady(func() {
		s, lineEnd := e.view.hit(f, f.page.px(at.X), f.page.px(at.Y))
		place = f.place(s, lineEnd)
	})
	return place
}

func (e *Editor) requestFocus() {
	if c := fyne.CurrentApp().Driver().CanvasForObject(e); c != nil && c.Focused() != e {
		c.Focus(e)
	}
}

func abs(n int) int { return max(n, -n) }
