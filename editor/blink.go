package editor

import "time"

const (
	// blinkTime is how long the caret is shown and hidden, as on most systems.
	blinkTime = 530 * time.Millisecond
	// solidTime is how long the caret does not blink after input.
	solidTime = 500 * time.Millisecond
	// idleTime ends the blinking: each blink draws the whole window, which
	// should cost nothing while nobody writes.
	idleTime = 10 * time.Second
)

// blink is whether the own caret is drawn.
type blink struct {
	focused, off bool
	stirred      time.Time
	stop         func()
}

func (b *blink) shown() bool { return b.focused && !b.off }

// stir shows the caret because the person did something.
func (b *blink) stir(e *Editor) {
	b.rest()
	b.off = false
	if !b.focused {
		return
	}
	b.stirred = e.now()
	b.stop = e.After(solidTime+blinkTime, func() { b.toggle(e) })
}

// rest stops the blinking.
func (b *blink) rest() {
	if b.stop != nil {
		b.stop()
		b.stop = nil
	}
}

func (b *blink) toggle(e *Editor) {
	if b.stop == nil {
		return // stopped, but already on its way
	}
	b.off = !b.off
	b.stop = nil
	if b.off || e.now().Sub(b.stirred) < idleTime {
		b.stop = e.After(blinkTime, func() { b.toggle(e) })
	}
	if e.renderer != nil {
		e.renderer.showCaret()
	}
}

// FocusGained implements fyne.Focusable.
func (e *Editor) FocusGained() {
	e.blink.focused = true
	e.blink.stir(e)
	e.Refresh()
}

// FocusLost implements fyne.Focusable.
func (e *Editor) FocusLost() {
	e.blink.focused, e.shift = false, false
	e.blink.rest()
	e.pointer.release()
	e.Refresh()
}
