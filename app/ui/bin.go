package ui

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/widget"

	"inkling/app/workspace"
	"inkling/crdt"
)

// undoFor is how long the window offers to take a document out of the bin again.
const undoFor = 20 * time.Second

// delete puts a document into the bin and offers to undo that. who are the other people in it, as far as they are known.
func (win *Window) delete(id crdt.DocID, title string, others []string) {
	win.background(func() {
		err := win.w.Delete(id)
		win.do(func() {
			if err != nil {
				win.fail(err)
				return
			}
			win.offerUndelete(id, deletedWords(title, others))
		})
	})
}

// deletedWords says what has become of a document that was deleted.
func deletedWords(title string, others []string) string {
	text := fmt.Sprintf("“%s” is in the bin.", title)
	if len(others) > 0 {
		text += fmt.Sprintf(" %s can write on in it; it does not come here any more.", names(others))
	}
	return text
}

// offerUndelete shows text with an Undo, for a while.
func (win *Window) offerUndelete(id crdt.DocID, text string) {
	win.undoing++
	this := win.undoing
	win.undo.show(text, &remedy{"Undo", func() { win.undelete(id) }})
	time.AfterFunc(undoFor, func() {
		win.do(func() {
			if win.undoing == this {
				win.withdrawUndelete()
			}
		})
	})
}

// withdrawUndelete takes the offer away.
func (win *Window) withdrawUndelete() { win.undo.show("", nil) }

// undelete takes a document out of the bin and shows it.
func (win *Window) undelete(id crdt.DocID) {
	win.withdrawUndelete()
	win.background(func() {
		if err := win.w.Undelete(id); err != nil {
			win.do(func() { win.fail(err) })
			return
		}
		win.Show(id)
	})
}

// deleteOpen deletes the document on the page.
func (win *Window) deleteOpen() {
	if s := win.session; !s.Blank() {
		win.delete(s.ID(), s.Title(), win.others)
	}
}

// deleteListed deletes a document of the list, which may be another than the one on the page.
func (win *Window) deleteListed(d workspace.Document) {
	win.background(func() {
		people, err := win.w.People(d.ID)
		win.do(func() {
			if err != nil {
				win.fail(err)
				return
			}
			var others []string
			for _, p := range people {
				others = append(others, p.Name)
			}
			win.delete(d.ID, workspace.Titled(d), others)
		})
	})
}

// deleted leaves the page of a document that went to the bin, from wherever that was done.
func (win *Window) deleted(id crdt.DocID) {
	if win.session.ID() == id {
		win.opening++
		win.setSession(win.w.New())
	}
}

// showBin opens the list of what is in the bin.
func (win *Window) showBin() {
	s := newShelf("Bin", win.win)
	s.onClose = func() { win.win.Canvas().Focus(win.editor) }
	win.fillBin(s)
}

// fillBin brings the list up to date, and shows it when it is not yet.
func (win *Window) fillBin(s *shelf) {
	win.background(func() {
		bin, err := win.w.Bin()
		win.do(func() {
			s.clear()
			defer s.show()
			if err != nil {
				s.say(sentence(err))
				return
			}
			if len(bin) == 0 {
				s.say("The bin is empty.")
			}
			for _, d := range bin {
				s.add(workspace.Titled(d.Document), "Deleted "+when(d.At, time.Now())+"; "+workspace.TimeLeft(d),
					answer{"Take out", func() { s.dialog.Hide(); win.undelete(d.ID) }},
					answer{"Delete for ever…", func() { win.askDestroy(s, d.ID) }})
			}
		})
	})
}

// askDestroy says who else has a document, and deletes it for ever when the person wants that.
func (win *Window) askDestroy(s *shelf, id crdt.DocID) {
	win.background(func() {
		fate, err := win.w.FateOf(id)
		win.do(func() {
			if err != nil {
				s.say(sentence(err))
				return
			}
			win.confirm(fmt.Sprintf("Delete “%s” for ever?", fate.Title), "Delete for ever", "Keep", fate.Sentences(), func() {
				win.background(func() {
					err := win.w.Destroy(id)
					win.do(func() {
						win.withdrawUndelete()
						win.fillBin(s)
						if err != nil {
							win.fail(err)
						}
					})
				})
			})
		})
	})
}

// confirm asks a question that takes more than a line to explain.
func (win *Window) confirm(title, yes, no, text string, do func()) {
	d := dialog.NewCustomConfirm(title, yes, no, prose(text), func(ok bool) {
		if ok {
			do()
		}
	}, win.win)
	d.SetConfirmImportance(widget.DangerImportance)
	d.Resize(fyne.NewSize(460, 0))
	d.Show()
}
