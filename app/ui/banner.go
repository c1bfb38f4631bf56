package ui

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"inkling/app/workspace"
)

// bannerMax bounds how many notices wait to be seen.
const bannerMax = 8

// banner is a strip above the page for what the person should see, without taking
// the keyboard from the text: questions whether somebody may come in, and what did
// not work. One notice shows at a time.
type banner struct {
	content *fyne.Container
	waiting []notice
	onSize  func() // the strip has another height
	onDone  func() // a notice was answered with the mouse: the keyboard is elsewhere now
}

// notice is a sentence and the buttons under it. The last button is what most
// people want; the first is what counts when there is no room for the notice.
type notice struct {
	text    string
	answers []answer
}

type answer struct {
	label string
	chose func()
}

func newBanner() *banner { return &banner{content: container.NewVBox()} }

// ask asks whether somebody may come in; letIn is called when the person says yes.
func (b *banner) ask(r workspace.JoinRequested, letIn func()) {
	b.add(notice{
		text: fmt.Sprintf("%s has your invite and would like to write in “%s” with you.", r.Name, r.Title),
		answers: []answer{
			{"Not now", func() { r.Answer(false) }},
			{"Let in", func() { r.Answer(true); letIn() }},
		},
	})
}

// tell says something that the person has to see.
func (b *banner) tell(text string) {
	b.add(notice{text: text, answers: []answer{{"OK", func() {}}}})
}

func (b *banner) add(n notice) {
	if len(b.waiting) == bannerMax {
		go n.answers[0].chose()
		return
	}
	b.waiting = append(b.waiting, n)
	if len(b.waiting) == 1 {
		b.show()
	}
}

// show draws the first notice that waits.
func (b *banner) show() {
	b.content.RemoveAll()
	if b.onSize != nil {
		defer b.onSize()
	}
	if len(b.waiting) == 0 {
		return
	}
	n := b.waiting[0]
	text := prose(n.text)
	buttons := container.NewHBox(layout.NewSpacer())
	for i, a := range n.answers {
		button := widget.NewButton(a.label, func() { b.answered(a) })
		if i == len(n.answers)-1 {
			button.Importance = widget.HighImportance
		}
		buttons.Add(button)
	}
	b.content.Add(newGround(colorNameNotice, container.NewPadded(
		container.NewBorder(nil, nil, nil, container.NewVBox(layout.NewSpacer(), buttons, layout.NewSpacer()), text))))
}

func (b *banner) answered(a answer) {
	go a.chose() // may write to the library
	b.waiting = b.waiting[1:]
	b.show()
	if b.onDone != nil {
		b.onDone()
	}
}
