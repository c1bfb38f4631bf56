package ui

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
)

// texts returns what the labels and captions below root say, line by line.
func texts(root fyne.CanvasObject) string {
	var b strings.Builder
	for _, o := range test.LaidOutObjects(root) {
		switch o := o.(type) {
		case *widget.Label:
			b.WriteString(o.Text + "\n")
		case *caption:
			b.WriteString(o.text.Text + "\n")
		}
	}
	return b.String()
}

// tapOver taps the n-th button with that label in what lies over the page.
func (w *testWindow) tapOver(t *testing.T, label string) {
	t.Helper()
	for _, o := range test.LaidOutObjects(w.win.Canvas().Overlays().Top()) {
		if b, ok := o.(*widget.Button); ok && b.Text == label {
			test.Tap(b)
			return
		}
	}
	t.Fatalf("there is no button %q", label)
}

// over waits until something over the page says words.
func (w *testWindow) over(t *testing.T, words string) {
	t.Helper()
	w.eventually(t, words, func() bool {
		top := w.win.Canvas().Overlays().Top()
		return top != nil && strings.Contains(texts(top), words)
	})
}

func TestBinInTheWindow(t *testing.T) {
	win := openWindow(t)
	test.Type(win.editor, "Tea time")
	id := win.session.ID()
	win.eventually(t, "the text on disk", func() bool {
		docs, err := win.w.Documents()
		return err == nil && len(docs) == 1
	})
	win.deleteOpen()
	win.eventually(t, "the offer to undo", func() bool { return win.undo.text == "“Tea time” is in the bin." && win.session.Blank() })
	test.Tap(find[*widget.Button](win.undo.content)[0])
	win.eventually(t, "the document again", func() bool { return win.session.ID() == id && win.undo.text == "" })

	win.deleteOpen()
	win.eventually(t, "a blank page", func() bool { return win.session.Blank() })
	win.showBin()
	win.over(t, "Tea time")
	if s := texts(win.win.Canvas().Overlays().Top()); !strings.Contains(s, "stays for 30 more days") {
		t.Errorf("the bin says %q", s)
	}
	win.tapOver(t, "Delete for ever…")
	win.over(t, "Nobody else has it. No backup has it.")
	win.tapOver(t, "Delete for ever")
	win.over(t, "The bin is empty.")
	win.tapOver(t, "Close")
	if win.win.Canvas().Focused() != fyne.Focusable(win.editor) {
		t.Error("the keyboard is not back in the page")
	}
}

func TestBackupsInTheWindow(t *testing.T) {
	win := openWindow(t)
	test.Type(win.editor, "Tea time")
	win.session.Close()
	win.showBackups()
	win.over(t, "While it runs")
	win.tapOver(t, "Back up now")
	win.over(t, " MB")
	win.tapOver(t, "Back up now")
	win.over(t, "Nothing has changed since the newest backup.")
	win.tapOver(t, "Restore…")
	win.over(t, "No document changes.")
	win.tapOver(t, "Restore")
	win.eventually(t, "a new start", func() bool { return win.again.Load() })
}

func TestListedAnswersToTheMouse(t *testing.T) {
	win := openWindow(t)
	test.Type(win.editor, "Tea time")
	id := win.session.ID()
	win.newDocument()
	win.eventually(t, "the list", func() bool { return len(win.sidebar.docs) == 1 })
	row := newListed(win.sidebar)
	win.sidebar.fill(0, row)
	holder := test.NewTempWindow(t, container.NewVBox(row))
	test.TapSecondary(row)
	if top := holder.Canvas().Overlays().Top(); top == nil {
		t.Error("no menu")
	}
	test.Tap(row)
	win.eventually(t, "the document", func() bool { return win.session.ID() == id })
}
