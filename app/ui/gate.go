package ui

import (
	"sync/atomic"

	"fyne.io/fyne/v2"
)

// gate runs functions on the window's goroutine for as long as there is a window.
// What comes later is dropped: Fyne would run it on the caller's goroutine then,
// on a window that is gone.
type gate struct{ closed atomic.Bool }

func (g *gate) do(f func()) {
	if g.closed.Load() {
		return
	}
	fyne.Do(func() {
		if !g.closed.Load() {
			f()
		}
	})
}

// close is called when the window goes.
func (g *gate) close() { g.closed.Store(true) }
