package ui

import (
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"inkling/app/workspace"
)

// buttonsIn returns the buttons in an object, by what they say.
func buttonsIn(o fyne.CanvasObject) map[string]*widget.Button {
	found := map[string]*widget.Button{}
	var look func(o fyne.CanvasObject)
	look = func(o fyne.CanvasObject) {
		switch o := o.(type) {
		case *widget.Button:
			found[o.Text] = o
		case *fyne.Container:
			for _, part := range o.Objects {
				look(part)
			}
		}
	}
	look(o)
	return found
}

// TestAcquaintances: a click puts in, accepts or declines the one whose button it is; nobody and nothing leave no words behind.
func TestAcquaintances(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(NewTheme())
	p := newTogether()
	var did []string
	p.onPut = func(p workspace.Person) { did = append(did, "put "+p.Name) }
	p.onAccept = func(o workspace.Offer) { did = append(did, "accept "+o.Title) }
	p.onDecline = func(o workspace.Offer) { did = append(did, "decline "+o.Title) }
	p.showPeople(nil, []workspace.Person{{Name: "NAS", Here: true, Unattended: true}}, colorBook{})
	p.showOffers([]workspace.Offer{{Title: "Tea", From: workspace.Person{Name: "Ana"}}})
	test.Tap(buttonsIn(p.known)["Put in"])
	test.Tap(buttonsIn(p.offers)["Not now"])
	test.Tap(buttonsIn(p.offers)["Accept"])
	if want := []string{"put NAS", "decline Tea", "accept Tea"}; !slices.Equal(did, want) {
		t.Errorf("the clicks did %q", did)
	}
	if w := p.body.MinSize().Width; w > togetherWidth-8 {
		t.Errorf("the panel is %v wide", w)
	}
	p.showPeople(nil, nil, colorBook{})
	p.showOffers(nil)
	if len(p.known.Objects)+len(p.offers.Objects) != 0 {
		t.Error("something is left")
	}
	if togetherLabel(0) != "Together" || togetherLabel(2) != "Together (2)" {
		t.Error("the button says", togetherLabel(0), togetherLabel(2))
	}
}

// TestWhatIsSaidOfAServer: in the panel and on the line below the page.
func TestWhatIsSaidOfAServer(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.Local)
	for _, c := range []struct {
		p             workspace.Person
		panel, status string
	}{
		{workspace.Person{Name: "NAS", Here: true, Confirmed: true, Unattended: true}, "here, has everything · passes on, no window", "NAS is here"},
		{workspace.Person{Name: "NAS", Here: true, Full: true, Unattended: true}, "here, has no room · passes on, no window", "NAS is here, has no room"},
		{workspace.Person{Name: "NAS", Here: true, Proposed: true}, "here, has not taken it yet", "NAS is here, has not taken it yet"},
		{workspace.Person{Name: "NAS", Proposed: true, Since: now}, "away, does not have it yet", "NAS is away, does not have it yet"},
	} {
		if got := whereabouts(c.p, now) + passesOn(c.p); got != c.panel {
			t.Errorf("%+v: the panel says %q", c.p, got)
		}
		if got := summary([]workspace.Person{c.p}, now); got != c.status {
			t.Errorf("%+v: the line says %q", c.p, got)
		}
	}
	others := []workspace.Person{{Name: "NAS", Here: true, Full: true}, {Name: "Ana", Here: true}, {Name: "Ben"}}
	if got := summary(others, now); got != "Ana is here   ·   NAS is here, has no room   ·   Ben is away" {
		t.Errorf("the line says %q", got)
	}
	if got := acquainted(workspace.Person{Since: now}, now); got != "away since 12:00" {
		t.Errorf("of who could be put in: %q", got)
	}
}
