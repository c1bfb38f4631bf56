package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"
)

// Tell shows a window with nothing but an error, for when the program cannot start,
// and returns when it was closed.
func Tell(app fyne.App, title string, err error) {
	app.Settings().SetTheme(NewTheme())
	win := app.NewWindow("Inkling")
	closed := widget.NewButton("Close", win.Close)
	closed.Importance = widget.HighImportance
	text := prose(sentence(err))
	text.Selectable = true
	win.SetContent(container.NewPadded(container.NewBorder(
		heading(title), container.NewHBox(layout.NewSpacer(), closed), nil, nil, container.NewVScroll(text))))
	win.Resize(fyne.NewSize(560, 320))
	win.SetMaster()
	win.ShowAndRun()
}
