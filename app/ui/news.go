package ui

import (
	"errors"
	"fmt"
	"time"

	"fyne.io/fyne/v2/widget"

	"inkling/app/workspace"
	"inkling/editor"
)

// observe is told of the workspace's events, on any goroutine.
func (win *Window) observe(e workspace.Event) {
	switch e := e.(type) {
	case workspace.DocumentsChanged:
		win.refresh(staleList)
		win.refresh(staleSaving)
		win.refresh(stalePeople)
	case workspace.IndexChanged: // previews, too
		win.refresh(staleList)
	case workspace.DocumentDeleted:
		win.do(func() { win.deleted(e.ID) })
	case workspace.PeopleChanged:
		win.refresh(stalePeople)
	case workspace.OffersChanged:
		win.refresh(stalePeople)
	case workspace.NearbyChanged:
		win.refresh(staleNearby)
	case workspace.SavingChanged:
		win.refresh(staleSaving)
	case workspace.DamageChanged:
		win.refresh(staleDamage)
	case workspace.CodeChanged:
		win.do(win.showCode)
	case workspace.CodeTried:
		win.do(func() { win.together.tellCode(guessed(e), widget.WarningImportance) })
	case workspace.CodeUsed:
		win.do(func() {
			if e.Doc == win.session.ID() { // a code for the device alone is not the window's
				win.together.tellCode(e.Name+" is in.", widget.SuccessImportance)
			}
		})
	case workspace.JoinRequested:
		usedUp := func() { win.do(func() { win.together.showLink("") }) }
		win.do(func() { win.banner.ask(e, usedUp) })
	}
}

// refreshPause gathers news that come faster than a person reads.
const refreshPause = 150 * time.Millisecond

// foundWithin is how long it takes at most until people nearby are found, on a
// network that lets them.
const foundWithin = 4 * time.Second

// refresh brings one kind of thing up to date soon. Until that has begun, further
// calls cost nothing. It may be called from any goroutine.
func (win *Window) refresh(kind int) {
	if win.stale[kind].Swap(true) {
		return
	}
	if kind == staleText { // the text of others comes with the next frame
		win.do(func() {
			win.stale[kind].Store(false)
			win.showText()
		})
		return
	}
	time.AfterFunc(refreshPause, func() {
		win.stale[kind].Store(false)
		win.bring(kind)
	})
}

// bring fetches one kind of thing, off the window's goroutine, and shows it.
func (win *Window) bring(kind int) {
	switch kind {
	case staleList:
		docs, err := win.w.Documents()
		names, namesErr := win.w.Names()
		err = errors.Join(err, namesErr)
		win.do(func() {
			if err == nil {
				win.sidebar.show(docs, names, win.session.ID())
				win.searchAgain()
			}
			win.showTitle()
			if win.last.set(win.session) {
				win.background(func() { win.last.save(win.w) })
			}
		})
	case stalePeople:
		win.do(func() {
			s := win.session
			go func() {
				people, err := win.w.People(s.ID())
				known, knownErr := win.w.Known(s.ID())
				offers := win.w.Offers()
				win.do(func() {
					if err == nil && knownErr == nil && s == win.session {
						win.showPeople(people, known)
					}
					win.showOffers(offers)
				})
			}()
		})
	case staleNearby:
		n := nearby{trouble: win.w.NetworkTrouble(), address: win.w.Address()}
		for _, somebody := range win.w.Nearby() {
			n.names = append(n.names, somebody.Name)
		}
		win.do(func() {
			n.waited = !win.looking.IsZero() && time.Since(win.looking) >= foundWithin
			win.together.showNearby(n)
		})
	case staleSaving:
		since, err := win.w.Saving()
		full := win.w.DiskFull()
		win.do(func() { win.showSaving(since, err, full) })
	case staleDamage:
		text, err := win.w.Damage()
		win.do(func() {
			if err == nil {
				win.damage.show(text, &remedy{"Save what can be read…", win.askSalvage})
			}
		})
	}
}

// showSaving says whether the text is on the disk: in large when it stops getting there, and as long as the disk is
// full.
func (win *Window) showSaving(since time.Time, err error, full bool) {
	win.status.showSaving(win.session.Blank(), since, err)
	win.disk.show(diskWords(full, since, err), nil)
	alarm := err != nil && !full
	if alarm && !win.alarmed {
		win.banner.tell(fmt.Sprintf("What you write cannot be saved since %s: %v. Keep this window open. Make room on the disk, or export the text to another one.",
			since.Local().Format("15:04"), cause(err)))
	}
	win.alarmed = alarm
}

// cause returns the error at the bottom of err: what went wrong, without where.
func cause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// showText draws what others did to the text.
func (win *Window) showText() {
	var carets []editor.Caret
	for _, c := range win.session.Carets() {
		carets = append(carets, editor.Caret{Name: c.Name, Color: win.colors.of(c.Peer), Tail: c.Tail, Head: c.Head})
	}
	win.editor.SetCarets(carets)
	win.editor.Refresh()
	win.showStanding()
}

func (win *Window) showPeople(people, known []workspace.Person) {
	win.together.showPeople(people, known, win.colors)
	win.status.showPeople(people, time.Now())
	win.others = nil
	for _, p := range people {
		win.others = append(win.others, p.Name)
	}
	win.showStanding()
}

func (win *Window) showTitle() {
	title := "Inkling"
	if !win.session.Blank() {
		title = win.session.Title() + " – Inkling"
	}
	win.win.SetTitle(title)
}

// fail shows an error that has no better place.
func (win *Window) fail(err error) { win.banner.tell(sentence(err)) }
