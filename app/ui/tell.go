package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"
)

// Way is a way out of what keeps the program from starting: a button. Do runs it, off the window's goroutine, and says what came of it.
type Way struct {
	Label string
	Do    func() (text string, err error)
}

// Tell shows a window with nothing but an error, for when the program cannot start, and returns when it was closed. If there is a way out and the person
// went it, the program is to start again.
func Tell(app fyne.App, title string, err error, out *Way) (again bool) {
	app.Settings().SetTheme(NewTheme())
	win := app.NewWindow("Inkling")
	g := &gate{}
	win.SetOnClosed(g.close)
	tellIn(win, title, err, out, g.do, func() { again = true; win.Close() })
	win.Resize(fyne.NewSize(640, 420))
	win.SetMaster()
	win.ShowAndRun()
	return again
}

// tellIn fills the window. do runs a function on its goroutine; onward is called when the program is to start again.
func tellIn(win fyne.Window, title string, err error, out *Way, do func(func()), onward func()) {
	closed := widget.NewButton("Close", win.Close)
	closed.Importance = widget.HighImportance
	text := prose(sentence(err))
	text.Selectable = true
	head := container.NewStack(heading(title))
	buttons := container.NewHBox(layout.NewSpacer(), closed)
	if out != nil {
		way := widget.NewButton(out.Label, nil)
		way.Importance, closed.Importance = widget.HighImportance, widget.MediumImportance
		way.OnTapped = func() {
			way.Disable()
			closed.Disable()
			way.SetText("Working …")
			go func() {
				result, err := out.Do()
				do(func() {
					closed.Enable()
					way.SetText(out.Label)
					if err != nil {
						text.SetText(sentence(err))
						return
					}
					text.SetText(result)
					head.Objects[0] = heading("Your library was saved")
					head.Refresh()
					way.OnTapped = onward
					way.SetText("Open Inkling")
					way.Enable()
				})
			}()
		}
		buttons.Add(way)
	}
	win.SetContent(container.NewPadded(container.NewBorder(head, buttons, nil, nil, container.NewVScroll(text))))
}
