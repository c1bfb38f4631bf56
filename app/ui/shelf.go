package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// shelfSize is the size of a shelf, as far as the window has room for it.
var shelfSize = fyne.NewSize(620, 440)

// shelf is a list over the window of things with a line about each and what can be done with it: the bin, the
// backups.
type shelf struct {
	dialog  *dialog.CustomDialog
	rows    *fyne.Container
	scroll  *container.Scroll
	onClose func()
	shown   bool
}

func newShelf(title string, over fyne.Window) *shelf {
	s := &shelf{rows: container.NewVBox()}
	s.scroll = container.NewVScroll(s.rows)
	s.dialog = dialog.NewCustom(title, "Close", s.scroll, over)
	s.dialog.SetOnClosed(func() {
		if s.onClose != nil {
			s.onClose()
		}
	})
	s.dialog.Resize(shelfSize)
	return s
}

// show opens the list, filled, or draws what has changed in it.
func (s *shelf) show() {
	if !s.shown {
		s.shown = true
		s.dialog.Show()
	}
	s.scroll.Refresh()
}

func (s *shelf) clear() { s.rows.RemoveAll() }

// say adds a sentence, with a button for each answer under it.
func (s *shelf) say(text string, answers ...answer) {
	s.rows.Add(prose(text))
	if len(answers) > 0 {
		s.rows.Add(container.New(layout.NewCustomPaddedLayout(0, 0, theme.InnerPadding(), 0), buttons(answers)))
	}
	s.scroll.Refresh()
}

// add adds a thing.
func (s *shelf) add(name, about string, answers ...answer) {
	title := widget.NewLabel(name)
	title.Truncation = fyne.TextTruncateEllipsis
	if len(s.rows.Objects) > 0 {
		s.rows.Add(widget.NewSeparator())
	}
	s.rows.Add(container.NewBorder(nil, nil, nil, container.NewCenter(buttons(answers)), container.New(rowLayout{}, title, newCaption(about))))
}

func buttons(answers []answer) *fyne.Container {
	row := container.NewHBox()
	for _, a := range answers {
		row.Add(widget.NewButton(a.label, a.chose))
	}
	return row
}
