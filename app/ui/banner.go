package ui

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"inkling/app/workspace"
)

// bannerMax bounds how many questions wait; further ones are answered with no.
const bannerMax = 8

// banner asks, above the page and without taking the keyboard, whether somebody may
// come in.
type banner struct {
	content *fyne.Container
	waiting []workspace.JoinRequested
}

func newBanner() *banner { return &banner{content: container.NewVBox()} }

// ask puts a request under those that wait for an answer.
func (b *banner) ask(r workspace.JoinRequested) {
	if len(b.waiting) == bannerMax {
		go r.Answer(false)
		return
	}
	b.waiting = append(b.waiting, r)
	b.show()
}

func (b *banner) show() {
	b.content.RemoveAll()
	if len(b.waiting) == 0 {
		return
	}
	r := b.waiting[0]
	answer := func(accept bool) {
		b.waiting = b.waiting[1:]
		b.show()
		go r.Answer(accept) // writes to the library
	}
	question := widget.NewLabel(fmt.Sprintf("%s has your invite and would like to write in “%s” with you.", r.Name, r.Title))
	question.Wrapping = fyne.TextWrapWord
	let := widget.NewButton("Let in", func() { answer(true) })
	let.Importance = widget.HighImportance
	no := widget.NewButton("Not now", func() { answer(false) })
	buttons := container.NewHBox(layout.NewSpacer(), no, let)
	b.content.Add(newGround(colorNameNotice, container.NewPadded(container.NewBorder(nil, nil, nil, buttons, question))))
}
