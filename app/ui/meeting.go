package ui

import (
	"context"
	"fmt"
	"time"

	"fyne.io/fyne/v2/widget"

	"inkling/app/workspace"
	"inkling/crdt"
)

// joinPatience is how long the window waits for the other side's confirmation.
const joinPatience = 10 * time.Minute

// join follows the link, or types the code, that the person got.
func (win *Window) join(text string) {
	meanwhile := "Looking for the screen with this code …"
	if workspace.IsLink(text) {
		meanwhile = "Knocking … the other person has to let you in."
	}
	win.joining(meanwhile, text, func(ctx context.Context) (workspace.Entry, error) { return win.w.Join(ctx, text) })
}

// joinHost types a code at the one of several whose it is.
func (win *Window) joinHost(code string, h workspace.Host) {
	win.joining("Asking …", code, func(ctx context.Context) (workspace.Entry, error) { return win.w.JoinOf(ctx, code, h) })
}

// joining runs a join and shows what came of it: the document, a sentence, or the question whose code it is.
func (win *Window) joining(meanwhile, text string, join func(context.Context) (workspace.Entry, error)) {
	t := win.together
	t.join.Disable()
	t.askHost("", nil)
	showNote(t.joinNote, meanwhile, widget.MediumImportance)
	win.background(func() {
		ctx, cancel := context.WithTimeout(context.Background(), joinPatience)
		defer cancel()
		entry, err := join(ctx)
		with := ""
		switch {
		case err != nil:
		case entry.Paired():
			with = fmt.Sprintf("%s and you know each other now. Open a document, and put %s into it above.", entry.Name, entry.Name)
		default:
			with = win.metIn(entry.Doc)
		}
		win.do(func() {
			t.join.Enable()
			if hosts := workspace.HostsOf(err); len(hosts) > 0 {
				showNote(t.joinNote, "Several people here show a code. Whose is it?", widget.MediumImportance)
				t.askHost(text, hosts)
				return
			}
			if err != nil {
				showNote(t.joinNote, sentence(err), widget.DangerImportance)
				return
			}
			showNote(t.joinNote, with, widget.SuccessImportance)
			t.joinLink.SetText("")
			if entry.Paired() {
				win.refresh(stalePeople)
				return
			}
			win.Show(entry.Doc)
		})
	})
}

// metIn says with whom one is in a document that was just joined.
func (win *Window) metIn(id crdt.DocID) string {
	people, err := win.w.People(id)
	if err != nil || len(people) == 0 {
		return ""
	}
	var list []string
	for _, p := range people {
		list = append(list, p.Name)
	}
	return "You are in. You share this document with " + names(list) + "."
}

// invite shows a code and a link with which somebody comes into the open document.
func (win *Window) invite() {
	s := win.session
	win.background(func() {
		link, err := win.w.InviteTo(s)
		if err == nil {
			err = win.w.ShowCode(s.ID())
		}
		win.do(func() {
			if err != nil {
				win.fail(err)
				return
			}
			if s == win.session {
				win.together.showLink(link)
				win.showCode()
				return
			}
			win.background(func() { win.w.HideCode(s.ID()) }) // the person has gone on to another document
		})
	})
}

// withdraw takes the code and the link of a document off the screen. The link stays good.
func (win *Window) withdraw(s *workspace.Session) {
	win.together.showLink("")
	win.together.showCode(workspace.Code{})
	id := s.ID()
	win.background(func() { win.w.HideCode(id) })
}

// showCode shows the code that is on the screen if it is for the open document.
func (win *Window) showCode() {
	code := win.w.Code()
	if code.Doc != win.session.ID() {
		code = workspace.Code{}
	}
	win.together.showCode(code)
}

// guessed says that somebody typed a wrong code, and what is done about it.
func guessed(e workspace.CodeTried) string {
	switch {
	case e.Count >= workspace.MaxTries:
		return fmt.Sprintf("Somebody at %s typed %d wrong codes and is not listened to any more, until you show another code.", e.From, e.Count)
	case e.Count > 1:
		return fmt.Sprintf("Somebody at %s typed a wrong code again.", e.From)
	}
	return fmt.Sprintf("Somebody at %s typed a wrong code.", e.From)
}
