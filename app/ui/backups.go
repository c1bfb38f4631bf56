package ui

import (
	"context"
	"fmt"

	"inkling/app/workspace"
)

// showBackups opens the list of backups.
func (win *Window) showBackups() {
	s := newShelf("Backups", win.win)
	s.onClose = func() { win.win.Canvas().Focus(win.editor) }
	win.fillBackups(s, "")
}

// fillBackups brings the list up to date, with a note over it unless that is empty, and shows it when it is not yet.
func (win *Window) fillBackups(s *shelf, note string) {
	win.background(func() {
		list, err := win.w.Backups()
		win.do(func() {
			s.clear()
			defer s.show()
			if err != nil {
				s.say(sentence(err))
				return
			}
			s.say("While it runs, Inkling makes a backup of all your documents each hour in which something changed. It keeps those of the last 24 such hours, of 7 days, and of 4 weeks, and fewer where these would take much room.",
				answer{"Back up now", func() { win.backUp(s) }})
			if note != "" {
				s.say(note)
			}
			for _, b := range list {
				s.add(workspace.Moment(b.At), aboutBackup(b), answer{"Restore…", func() { win.askRestore(s, b) }})
			}
		})
	})
}

func aboutBackup(b workspace.Backup) string {
	size := fmt.Sprintf("%.1f MB", float64(b.Bytes)/(1<<20))
	if b.Replaced {
		return "What was here until another library was put in its place at that time; " + size
	}
	if b.Before > 0 {
		return fmt.Sprintf("Made before your library got format %d; %s", b.Before, size)
	}
	return size
}

func (win *Window) backUp(s *shelf) {
	win.background(func() {
		note := ""
		if _, err := win.w.BackUp(context.Background()); err != nil {
			note = sentence(cause(err))
		}
		win.do(func() { win.fillBackups(s, note) })
	})
}

// askRestore says what a backup would change, and restores it when the person wants that.
func (win *Window) askRestore(s *shelf, b workspace.Backup) {
	win.background(func() {
		words, err := win.w.Restoring(b.Path)
		win.do(func() {
			if err != nil {
				s.say(sentence(cause(err)))
				return
			}
			text := words + "\n\n" + workspace.RestoreNote + "\n\nInkling starts again for this."
			win.confirm("Go back to "+workspace.Moment(b.At)+"?", "Restore", "Keep what is here", text, func() { win.restore(b) })
		})
	})
}

func (win *Window) restore(b workspace.Backup) {
	win.background(func() {
		if err := win.w.Restore(context.Background(), b.Path); err != nil {
			win.do(func() { win.fail(err) })
			return
		}
		win.Restart()
	})
}

// tellPast tells once how the library came to be as it is, if that is news.
func (win *Window) tellPast() {
	text := win.w.Past().Sentences()
	if text == "" {
		return
	}
	win.banner.add(notice{text: text, answers: []answer{{"OK", func() {
		if err := win.w.PastTold(); err != nil {
			win.do(func() { win.fail(err) })
		}
	}}}})
}
