package ui

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"inkling/app/workspace"
)

// acquaintances are the parts of the panel about people who are known and not in the document: whom to put into it, and
// what they offer.
type acquaintances struct {
	onPut     func(p workspace.Person)
	onAccept  func(o workspace.Offer)
	onDecline func(o workspace.Offer)

	known  *fyne.Container // empty when nobody is known who is not in
	offers *fyne.Container // empty when nothing is offered
}

func newAcquaintances() *acquaintances {
	return &acquaintances{known: container.NewVBox(), offers: container.NewVBox()}
}

// showKnown lists who can be put into the document.
func (a *acquaintances) showKnown(list []workspace.Person) {
	a.known.RemoveAll()
	if len(list) > 0 {
		a.known.Add(container.New(layout.NewCustomPaddedLayout(theme.InnerPadding(), 0, theme.InnerPadding(), 0),
			newCaption("Known to you, and not in this document")))
	}
	for _, p := range list {
		put := widget.NewButtonWithIcon("Put in", theme.ContentAddIcon(), func() { a.onPut(p) })
		a.known.Add(container.NewBorder(nil, nil, nil, container.NewCenter(put), nameRow(p.Name, acquainted(p, time.Now()))))
	}
}

// acquainted says in a few words where somebody is who is not in the document.
func acquainted(p workspace.Person, now time.Time) string {
	where := "away"
	switch {
	case p.Here && p.Full:
		where = "here, has no room"
	case p.Here:
		where = "here"
	case !p.Since.IsZero():
		where = "away since " + clock(p.Since, now)
	}
	return where + passesOn(p)
}

// passesOn says of a device at which nobody sits that it is one.
func passesOn(p workspace.Person) string {
	if p.Unattended {
		return " · passes on, no window"
	}
	return ""
}

// showOffers lists what others would have this person take.
func (a *acquaintances) showOffers(list []workspace.Offer) {
	a.offers.RemoveAll()
	if len(list) == 0 {
		return
	}
	a.offers.Add(widget.NewSeparator())
	a.offers.Add(heading("Offered to you"))
	for _, o := range list {
		accept := widget.NewButton("Accept", func() { a.onAccept(o) })
		later := widget.NewButton("Not now", func() { a.onDecline(o) })
		later.Importance = widget.LowImportance
		a.offers.Add(container.NewVBox(
			prose(fmt.Sprintf("%s offers “%s”.", o.From.Name, o.Title)),
			container.NewHBox(layout.NewSpacer(), later, accept)))
	}
}

// nameRow is a name with a few words below it.
func nameRow(name, words string) fyne.CanvasObject {
	label := widget.NewLabel(name)
	label.Truncation = fyne.TextTruncateEllipsis
	return container.New(rowLayout{}, label, newCaption(words))
}

// togetherLabel is what the panel's button says: how much is offered, too.
func togetherLabel(offers int) string {
	if offers == 0 {
		return "Together"
	}
	return fmt.Sprintf("Together (%d)", offers)
}

// put puts somebody into the open document.
func (win *Window) put(p workspace.Person) {
	s := win.session
	win.background(func() {
		if err := win.w.PutInto(s, p.ID); err != nil {
			win.do(func() { win.fail(err) })
		}
	})
}

// accept takes what is offered, and shows it.
func (win *Window) accept(o workspace.Offer) {
	win.background(func() {
		if err := win.w.Accept(o.Doc); err != nil {
			win.do(func() { win.fail(err) })
			return
		}
		win.Show(o.Doc)
	})
}

func (win *Window) decline(o workspace.Offer) { win.background(func() { win.w.Decline(o.Doc) }) }

// showOffers lists what is offered, and says so where the panel is closed.
func (win *Window) showOffers(list []workspace.Offer) {
	win.together.acquaintances.showOffers(list)
	win.together.body.Refresh() // the parts below move
	win.people.SetText(togetherLabel(len(list)))
	win.tools.Refresh() // the button has another width
}
