package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"inkling/app/workspace"
)

// strip is a quiet sentence above the page that stays as long as it is true: why the
// document cannot be written in. Unlike the banner it asks for no answer.
type strip struct {
	content *fyne.Container
	text    string
	onSize  func() // the strip has another height
}

func newStrip() *strip { return &strip{content: container.NewVBox()} }

// show says text; "" takes the strip away.
func (s *strip) show(text string) {
	if text == s.text {
		return
	}
	s.text = text
	s.content.RemoveAll()
	if text != "" {
		s.content.Add(newGround(colorNameSidebar, prose(text)))
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
	case who != "":
		return "You can read here, but this device has not been let in to write. Ask " + who + " for an invite."
	}
	return "This document comes from another device, and this one can only read it. To write on, copy the text to a new page."
}

// showStanding says whether the open document can be written in.
func (win *Window) showStanding() {
	empty := false
	win.session.View(0, func(t workspace.Text) { empty = t.Len() == 0 })
	win.strip.show(standing(win.session.Standing(), empty, win.others))
}
