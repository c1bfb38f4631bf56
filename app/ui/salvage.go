package ui

import "context"

// askSalvage says what a salvage does, and has the next start do it when the person wants that.
func (win *Window) askSalvage() {
	win.confirm("Save what can be read?", "Save it", "Not now",
		"Inkling starts again and makes a new library of all that can be read. What is damaged it looks for in the backups. What is here now is kept beside it, with a list of what could be saved and what could not.",
		func() { win.background(win.salvage) })
}

func (win *Window) salvage() {
	nothing, err := win.w.AskSalvage(context.Background())
	switch {
	case err != nil:
		win.do(func() { win.fail(err) })
	case nothing != "":
		win.do(func() { win.banner.tell(nothing) })
	default:
		win.Restart()
	}
}
