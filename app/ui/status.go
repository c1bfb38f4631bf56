package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"

	"inkling/app/workspace"
)

// statusLine is the quiet line under the page: whether all is saved, and who is
// here.
type statusLine struct {
	saved   *caption
	people  *caption
	content fyne.CanvasObject
}

func newStatusLine() *statusLine {
	s := &statusLine{saved: newCaption(""), people: newCaption("")}
	line := container.NewHBox(s.saved, layout.NewSpacer(), s.people)
	s.content = container.New(layout.NewCustomPaddedLayout(4, 6, 14, 14), line)
	return s
}

// showSaving says whether the text is on the disk.
func (s *statusLine) showSaving(blank bool, since time.Time, err error) {
	if err != nil {
		s.saved.SetText("Not saved since " + since.Local().Format("15:04"))
		s.saved.setColor(theme.ColorNameError)
		return
	}
	s.saved.setColor(colorNameQuiet)
	if blank {
		s.saved.SetText("")
		return
	}
	s.saved.SetText("Saved on this computer")
}

// showPeople says who of the others is here and who is away.
func (s *statusLine) showPeople(list []workspace.Person, now time.Time) {
	s.people.SetText(summary(list, now))
}

// summary is one line about the others in a document.
func summary(list []workspace.Person, now time.Time) string {
	var here, away, parts []string
	for _, p := range list {
		switch {
		case p.Here && (p.Full || p.Proposed):
			parts = append(parts, p.Name+" is "+whereabouts(p, now))
			continue
		case p.Here:
			here = append(here, p.Name)
			continue
		}
		s := p.Name + " is " + whereabouts(p, now)
		away = append(away, s)
	}
	if len(here) > 0 {
		verb := " is here"
		if len(here) > 1 {
			verb = " are here"
		}
		parts = slices.Insert(parts, 0, names(here)+verb)
	}
	parts = append(parts, away[:min(2, len(away))]...)
	if n := len(away) - 2; n > 0 {
		parts = append(parts, more(n))
	}
	return strings.Join(parts, "   ·   ")
}

// names joins names as a sentence does.
func names(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}

func more(n int) string {
	if n == 1 {
		return "1 more is away"
	}
	return fmt.Sprintf("%d more are away", n)
}
