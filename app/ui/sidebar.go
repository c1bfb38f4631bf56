package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"inkling/app/workspace"
	"inkling/crdt"
)

// sidebarWidth is the width of the list of documents.
const sidebarWidth = 232

// sidebar is the list of documents.
type sidebar struct {
	onOpen   func(crdt.DocID)
	onNew    func()
	onDelete func(workspace.Document)

	list    *widget.List
	content fyne.CanvasObject
	docs    []workspace.Document
	current crdt.DocID
	quiet   bool // a selection is being set by us, not by the person
}

func newSidebar() *sidebar {
	s := &sidebar{}
	s.list = widget.NewList(
		func() int { return len(s.docs) },
		func() fyne.CanvasObject { return newListed(s) },
		func(i widget.ListItemID, row fyne.CanvasObject) { s.fill(i, row.(*listed)) },
	)
	s.list.HideSeparators = true
	s.list.OnSelected = func(i widget.ListItemID) {
		if !s.quiet && i < len(s.docs) && s.onOpen != nil {
			s.onOpen(s.docs[i].ID)
		}
	}
	add := widget.NewButtonWithIcon("New document", theme.ContentAddIcon(), func() {
		if s.onNew != nil {
			s.onNew()
		}
	})
	add.Alignment = widget.ButtonAlignLeading
	add.Importance = widget.LowImportance
	s.content = newGround(colorNameSidebar, container.NewBorder(container.NewPadded(add), nil, nil, nil, s.list))
	return s
}

func (s *sidebar) fill(i int, row *listed) {
	if i >= len(s.docs) {
		return
	}
	row.doc, row.at = s.docs[i], i
	row.title.SetText(workspace.Titled(row.doc))
	row.when.SetText(when(row.doc.Modified, time.Now()))
}

// listed is a row of the list. A click opens the document, one with the other button offers to delete it.
type listed struct {
	widget.BaseWidget
	s     *sidebar
	title *widget.Label
	when  *caption
	doc   workspace.Document
	at    int
}

func newListed(s *sidebar) *listed {
	l := &listed{s: s, title: widget.NewLabel(""), when: newCaption("")}
	l.title.Truncation = fyne.TextTruncateEllipsis
	l.ExtendBaseWidget(l)
	return l
}

// CreateRenderer is fyne.Widget's.
func (l *listed) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.New(rowLayout{}, l.title, l.when))
}

// Tapped is fyne.Tappable's.
func (l *listed) Tapped(*fyne.PointEvent) { l.s.list.Select(l.at) }

// TappedSecondary is fyne.SecondaryTappable's.
func (l *listed) TappedSecondary(e *fyne.PointEvent) {
	d := l.doc
	menu := fyne.NewMenu("", fyne.NewMenuItem("Delete “"+short(workspace.Titled(d))+"”", func() { l.s.onDelete(d) }))
	widget.ShowPopUpMenuAtPosition(menu, fyne.CurrentApp().Driver().CanvasForObject(l), e.AbsolutePosition)
}

// shortTitle is how many letters of a title a menu shows.
const shortTitle = 30

func short(title string) string {
	if runes := []rune(title); len(runes) > shortTitle {
		return string(runes[:shortTitle]) + "…"
	}
	return title
}

// show lists docs and marks the current one.
func (s *sidebar) show(docs []workspace.Document, current crdt.DocID) {
	s.docs, s.current = docs, current
	s.quiet = true
	s.list.UnselectAll()
	for i, d := range docs {
		if d.ID == current {
			s.list.Select(i)
		}
	}
	s.list.Refresh()
	s.quiet = false
}

// when says how long ago t was, as one glance should tell it.
func when(t, now time.Time) string {
	t, now = t.Local(), now.Local()
	switch days := daysBetween(t, now); {
	case days <= 0:
		return t.Format("15:04")
	case days == 1:
		return "Yesterday"
	case days < 7:
		return t.Format("Monday")
	case t.Year() == now.Year():
		return t.Format("2 January")
	}
	return t.Format("2 Jan 2006")
}

// daysBetween counts the midnights between a and b.
func daysBetween(a, b time.Time) int {
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, time.UTC) }
	return int(day(b).Sub(day(a)).Hours() / 24)
}
