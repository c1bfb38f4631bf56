package ui

import (
	"fmt"
	"strings"
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

// sidebar is the list of documents, or of those that fit a search.
type sidebar struct {
	onOpen   func(crdt.DocID)
	onNew    func()
	onDelete func(workspace.Document)

	search   *searchField
	none     *caption // says that nothing fits
	list     *widget.List
	content  fyne.CanvasObject
	docs     []workspace.Document
	names    workspace.Names   // of those who wrote in docs
	found    []workspace.Found // shown in the place of docs
	searched bool              // found is what is shown
	current  crdt.DocID
	quiet    bool // a selection is being set by us, not by the person
}

func newSidebar() *sidebar {
	s := &sidebar{search: newSearchField(), none: newCaption("Nothing fits.")}
	s.none.Hide()
	s.search.onFirst = func() { s.open(0) }
	s.list = widget.NewList(
		func() int { return s.rows() },
		func() fyne.CanvasObject { return newListed(s) },
		func(i widget.ListItemID, row fyne.CanvasObject) { s.fill(i, row.(*listed)) },
	)
	s.list.HideSeparators = true
	s.list.OnSelected = func(i widget.ListItemID) {
		if !s.quiet {
			s.open(i)
		}
	}
	add := widget.NewButtonWithIcon("New document", theme.ContentAddIcon(), func() {
		if s.onNew != nil {
			s.onNew()
		}
	})
	add.Alignment = widget.ButtonAlignLeading
	add.Importance = widget.LowImportance
	s.content = newGround(colorNameSidebar, container.NewBorder(
		container.NewPadded(container.NewVBox(add, s.search, s.none)), nil, nil, nil, s.list))
	return s
}

// rows says how many documents are shown.
func (s *sidebar) rows() int {
	if s.searched {
		return len(s.found)
	}
	return len(s.docs)
}

// at returns the document shown in row i.
func (s *sidebar) at(i int) workspace.Document {
	if s.searched {
		return s.found[i].Document
	}
	return s.docs[i]
}

// open opens the document shown in row i, if there is one.
func (s *sidebar) open(i int) {
	if i < s.rows() && s.onOpen != nil {
		s.onOpen(s.at(i).ID)
	}
}

func (s *sidebar) fill(i int, row *listed) {
	if i >= s.rows() {
		return
	}
	row.doc, row.at = s.at(i), i
	row.title.SetText(workspace.Titled(row.doc))
	if s.searched {
		row.when.SetText(snippetLine(s.found[i].Snippet, fitsList))
	} else {
		row.when.SetText(cut(about(row.doc, s.names, time.Now()), fitsList))
	}
}

// about says in a line what one wants to know of a document besides its title: when it was changed, who else wrote in
// it, and how it begins.
func about(d workspace.Document, names workspace.Names, now time.Time) string {
	parts := []string{when(d.Modified, now)}
	if others := names.Others(d.People); len(others) > 0 {
		parts = append(parts, few(others))
	}
	if d.Preview != "" {
		parts = append(parts, d.Preview)
	}
	return strings.Join(parts, " · ")
}

// fewNames is how many names a line about a document has.
const fewNames = 2

// few names the first ones, and says how many more there are.
func few(names []string) string {
	list := strings.Join(names[:min(len(names), fewNames)], ", ")
	if more := len(names) - fewNames; more > 0 {
		list += fmt.Sprintf(" +%d", more)
	}
	return list
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
func (s *sidebar) show(docs []workspace.Document, names workspace.Names, current crdt.DocID) {
	s.docs, s.names, s.current = docs, names, current
	s.refresh()
}

// showFound lists what fits a search, or, when none was made, all documents again.
func (s *sidebar) showFound(found []workspace.Found, searched bool) {
	s.found, s.searched = found, searched
	if searched && len(found) == 0 {
		s.none.Show()
	} else {
		s.none.Hide()
	}
	s.refresh()
	s.content.Refresh() // there is a line more above the list, or less
}

func (s *sidebar) refresh() {
	s.quiet = true
	s.list.UnselectAll()
	for i := range s.rows() {
		if s.at(i).ID == s.current {
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
