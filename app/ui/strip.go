package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"inkling/app/workspace"
)

// strip is a quiet sentence above the page that stays as long as it is true: why the
// document cannot be written in. Unlike the banner it asks for no answer.
type strip struct {
	content *fyne.Container
	text    string
	onCopy  func() // the person wants a copy to write in
	onSize  func() // the strip has another height
}

func newStrip() *strip { return &strip{content: container.NewVBox()} }

// show says text; "" takes the strip away. With canCopy there is something to copy.
func (s *strip) show(text string, canCopy bool) {
	if text == s.text {
		return
	}
	s.text = text
	s.content.RemoveAll()
	if text != "" {
		var action fyne.CanvasObject
		if canCopy {
			button := widget.NewButton("Write in a copy", func() { s.onCopy() })
			action = container.NewVBox(layout.NewSpacer(), button, layout.NewSpacer())
		}
		s.content.Add(newGround(colorNameSidebar, container.NewPadded(container.NewBorder(nil, nil, nil, action, prose(text)))))
	}
	if s.onSize != nil {
		s.onSize()
	}
}

// standing says why a document cannot be written in and what helps; "" when it can.
// empty says that no text has come yet. others are the names of its other people.
func standing(s workspace.Standing, empty bool, others []string) string {
	who := strings.Join(others, " or ")
	switch {
	case s == workspace.MayWrite:
		return ""
	case s == workspace.NeedsNewer:
		return "Somebody wrote here with a newer Inkling. Update yours to write on; until then this page may not show everything."
	case empty && who != "":
		return "Waiting for " + who + " to send the text. You can write as soon as it is here."
	case empty:
		return "Waiting for the text. You can write as soon as it is here."
	case who != "":
		return "You can read here, but not write until " + who + " lets this device in. Ask for an invite, unless you have just followed one."
	}
	return "This document comes from another device or a copied library. Here it can be read, and written on in a copy."
}

// showStanding says whether the open document can be written in.
func (win *Window) showStanding() {
	empty := false
	win.session.View(0, func(t workspace.Text) { empty = t.Len() == 0 })
	s := win.session.Standing()
	win.strip.show(standing(s, empty, win.others), s == workspace.NoMember && !empty)
}

// copyDocument makes a document of the text of the open one and shows it.
func (win *Window) copyDocument() {
	s := win.session
	win.background(func() {
		id, err := win.w.Import(s.Title(), []byte(s.Text()))
		if err != nil {
			win.do(func() { win.fail(err) })
			return
		}
		win.Show(id)
	})
}
