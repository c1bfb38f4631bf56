package ui

import (
	"fmt"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"inkling/app/workspace"
)

// strip is a quiet sentence above the page that stays as long as it is true: why the
// document cannot be written in, or until it is closed: that it forked. Unlike the banner it asks for no answer.
type strip struct {
	content *fyne.Container
	text    string
	onSize  func() // the strip has another height
}

// remedy is the button of a strip.
type remedy struct {
	label string
	do    func()
}

func newStrip() *strip { return &strip{content: container.NewVBox()} }

// show says text, beside the button of r unless that is nil; "" takes the strip away.
func (s *strip) show(text string, r *remedy) {
	if text == s.text {
		return
	}
	s.text = text
	s.content.RemoveAll()
	if text != "" {
		var action fyne.CanvasObject
		if r != nil {
			button := widget.NewButton(r.label, r.do)
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
	case s == workspace.Full:
		return "So much was written and deleted in this document that it takes no more. Its text can be written on in a copy."
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

// forked says what a person has to know whose document was changed in two copies of a library.
const forked = "This document was also changed in a copy of this library (an old backup, perhaps). Both versions were kept: look through the text for doubled passages."

// diskWords says that the disk is full and what helps; "" when it is not. err is why nothing can be saved since then.
func diskWords(full bool, since time.Time, err error) string {
	switch {
	case full && err != nil:
		return fmt.Sprintf("The disk is full. What you write since %s is only in this window: keep it open. Make room on the disk, and all is saved by itself; or export the text to another disk.",
			since.Local().Format("15:04"))
	case full:
		return "The disk is full. What you write is still saved, in the last room that was kept for it. Make room on the disk now."
	}
	return ""
}

// showStanding says whether the open document can be written in, and if so, whether it forked.
func (win *Window) showStanding() {
	empty := false
	win.session.View(0, func(t workspace.Text) { empty = t.Len() == 0 })
	s := win.session.Standing()
	switch text := standing(s, empty, win.others); {
	case text == "" && win.session.Forked():
		win.strip.show(forked, &remedy{"Close", win.closeForked})
	case !empty && (s == workspace.NoMember || s == workspace.Full):
		win.strip.show(text, &remedy{"Write in a copy", win.copyDocument})
	default:
		win.strip.show(text, nil)
	}
}

// closeForked takes the sentence on a fork away for good.
func (win *Window) closeForked() {
	s := win.session
	win.background(func() {
		s.ForkSeen()
		win.do(win.showStanding)
	})
	win.win.Canvas().Focus(win.editor)
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
