package ui

import (
	"os"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"inkling/app/workspace"
	"inkling/crdt"
)

// work is what other goroutines want done on the window's goroutine, which is the
// test's own. (Fyne's test driver would do it on theirs.)
type work chan func()

func newWork() work { return make(work, 1000) }

func (w work) do(f func()) { w <- f }

// drain does what has been asked for so far.
func (w work) drain() {
	for {
		select {
		case f := <-w:
			f()
		default:
			return
		}
	}
}

// testWindow is a window and the goroutine it lives on.
type testWindow struct {
	*Window
	work work
}

// openWindow opens a window on a library of its own, without network.
func openWindow(t *testing.T) *testWindow {
	t.Helper()
	return openWindowIn(t, t.TempDir())
}

// openWindowIn opens a window on the library in dir, on a device of its own.
func openWindowIn(t *testing.T, dir string) *testWindow {
	t.Helper()
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	w, err := workspace.Open(workspace.Config{Dir: dir, Name: "Ana", Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	todo := newWork()
	win := &testWindow{newWindow(test.NewTempApp(t), w, todo.do), todo}
	win.editor.After = func(time.Duration, func()) (stop func()) { return func() {} } // the caret does not blink
	win.win.Resize(fyne.NewSize(1080, 760))
	win.startUp(nil)
	t.Cleanup(func() {
		win.leave()
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return win
}

// eventually does the window's work until cond holds.
func (w *testWindow) eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	timeout := time.After(30 * time.Second)
	for !cond() {
		select {
		case f := <-w.work:
			f()
		case <-timeout:
			t.Fatalf("%s did not happen", what)
		}
	}
}

func TestFirstStartIsABlankPage(t *testing.T) {
	win := openWindow(t)
	if win.win.Canvas().Focused() != fyne.Focusable(win.editor) {
		t.Error("the caret is not in the page")
	}
	if win.win.Canvas().Overlays().Top() != nil {
		t.Error("something lies over the page")
	}
	test.Type(win.editor, "Tea time")
	if got := win.session.Text(); got != "Tea time" {
		t.Errorf("typed %q, the document says %q", "Tea time", got)
	}
	win.eventually(t, "the title in the list", func() bool {
		docs, err := win.w.Documents()
		return err == nil && len(docs) == 1 && docs[0].Title == "Tea time"
	})
}

func TestNewDocumentAndBack(t *testing.T) {
	win := openWindow(t)
	test.Type(win.editor, "First")
	first := win.session.ID()
	win.newDocument()
	if win.session.ID() == first || !win.session.Blank() {
		t.Fatal("no blank page came")
	}
	blank := win.session.ID()
	win.newDocument()
	if win.session.ID() != blank {
		t.Error("a blank page was left for another blank page")
	}
	win.Show(first)
	win.work.drain()
	win.eventually(t, "the first document", func() bool { return win.session.ID() == first })
	if got := win.session.Text(); got != "First" {
		t.Errorf("it says %q", got)
	}
}

func TestShowingWhatIsNotThere(t *testing.T) {
	win := openWindow(t)
	test.Type(win.editor, "Still here")
	win.Show(crdt.DocID{1, 2, 3})
	win.eventually(t, "the message", func() bool { return len(win.banner.waiting) == 1 })
	if win.session.Text() != "Still here" {
		t.Error("the page is gone")
	}
	buttons := find[*widget.Button](win.banner.content)
	if len(buttons) != 1 {
		t.Fatalf("%d buttons, want OK", len(buttons))
	}
	test.Tap(buttons[0])
	if len(win.banner.waiting) != 0 || len(win.banner.content.Objects) != 0 {
		t.Error("the message stays")
	}
	if win.win.Canvas().Focused() != fyne.Focusable(win.editor) {
		t.Error("the keyboard is not back in the page")
	}
}

// TestForeignDocumentIsReadOnly: a library that was moved to another device shows
// its text and says why keys do nothing.
func TestForeignDocumentIsReadOnly(t *testing.T) {
	win := openWindow(t)
	test.Type(win.editor, "Mine")
	if win.strip.text != "" {
		t.Errorf("my own page says %q", win.strip.text)
	}
	id := win.session.ID()
	win.newDocument()
	dir := t.TempDir()
	win.eventually(t, "the text on disk", func() bool {
		docs, err := win.w.Documents()
		return err == nil && len(docs) == 1 && docs[0].Title == "Mine"
	})
	win.leave()
	if err := win.w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(win.w.Dir())); err != nil {
		t.Fatal(err)
	}
	moved := openWindowIn(t, dir)
	moved.Show(id)
	moved.work.drain()
	moved.eventually(t, "the document", func() bool { return moved.session.ID() == id })
	test.Type(moved.editor, "x")
	if got := moved.session.Text(); got != "Mine" {
		t.Errorf("the text is %q", got)
	}
	if labels := find[*widget.Label](moved.strip.content); len(labels) != 1 || !strings.Contains(labels[0].Text, "can be read") {
		t.Errorf("it says %q", moved.strip.text)
	}
	test.Tap(find[*widget.Button](moved.strip.content)[0])
	moved.eventually(t, "a copy", func() bool { return moved.session.ID() != id })
	if test.Type(moved.editor, "x"); moved.session.Text() != "xMine" && moved.session.Text() != "Minex" || moved.strip.text != "" {
		t.Errorf("the copy says %q under %q", moved.session.Text(), moved.strip.text)
	}
	moved.newDocument()
	if moved.strip.text != "" {
		t.Errorf("a new page says %q", moved.strip.text)
	}
}

func TestBannerAsksOneAfterTheOther(t *testing.T) {
	test.NewTempApp(t)
	b := newBanner()
	answers := make(chan string, bannerMax+2)
	ask := func(name string) {
		b.ask(workspace.JoinRequested{Name: name, Title: "Tea", Answer: func(yes bool) {
			if yes {
				name += " in"
			}
			answers <- name
		}}, func() {})
	}
	ask("Ben")
	ask("Eve")
	text := find[*widget.Label](b.content)[0].Text
	if !strings.HasPrefix(text, "Ben has your invite") || !strings.Contains(text, "“Tea”") {
		t.Errorf("asks %q", text)
	}
	buttons := find[*widget.Button](b.content)
	test.Tap(buttons[1]) // Let in
	if got := <-answers; got != "Ben in" {
		t.Errorf("answered %q", got)
	}
	test.Tap(find[*widget.Button](b.content)[0]) // Not now
	if got := <-answers; got != "Eve" {
		t.Errorf("answered %q", got)
	}
	for range bannerMax {
		ask("crowd")
	}
	ask("one too many")
	if got := <-answers; got != "one too many" {
		t.Errorf("refused %q", got)
	}
}

// find returns the visible objects of type T below root, from left to right and
// top to bottom as they were added.
func find[T fyne.CanvasObject](root fyne.CanvasObject) (found []T) {
	if !root.Visible() {
		return nil
	}
	switch o := root.(type) {
	case T:
		return []T{o}
	case *fyne.Container:
		for _, child := range o.Objects {
			found = append(found, find[T](child)...)
		}
	case *ground:
		return find[T](o.content)
	}
	return found
}

func TestFrameGivesWay(t *testing.T) {
	test.NewTempApp(t)
	object := func() fyne.CanvasObject { return widget.NewLabel("") }
	f := newFrame(object(), object(), object())
	for _, c := range []struct {
		width float32
		panel bool
		list  bool
		page  float32
	}{
		{1080, false, true, 1080 - sidebarWidth},
		{1080, true, true, 1080 - sidebarWidth - togetherWidth},
		{900, true, false, 900 - togetherWidth},
		{700, false, false, 700},
		{500, true, false, 500}, // the panel lies over the page
	} {
		if f.panel.Visible() != c.panel {
			f.toggleTogether()
		}
		f.Layout(nil, fyne.NewSize(c.width, 600))
		if f.list.Visible() != c.list || f.page.Size().Width != c.page {
			t.Errorf("width %v, panel %v: list %v, page %v; want %v, %v",
				c.width, c.panel, f.list.Visible(), f.page.Size().Width, c.list, c.page)
		}
	}
}

func TestPanelOffersAnAddress(t *testing.T) {
	test.NewTempApp(t)
	p := newTogether()
	var dialled string
	p.onDial = func(a string) { dialled = a }
	p.showNearby(nearby{})
	if p.addrBox.Visible() {
		t.Error("an address is asked for although nothing is wrong")
	}
	p.missing.OnTapped()
	if !p.addrBox.Visible() {
		t.Error("no address field for somebody who is missing")
	}
	p = newTogether()
	p.onDial = func(a string) { dialled = a }
	p.showNearby(nearby{waited: true, address: "192.168.1.10"})
	if !p.addrBox.Visible() || !strings.Contains(p.howTo.Text, "192.168.1.10") {
		t.Errorf("nobody is found, and it says %q", p.howTo.Text)
	}
	p = newTogether()
	p.onDial = func(a string) { dialled = a }
	p.showNearby(nearby{names: []string{"Ben"}, trouble: []string{"No multicast on wlan0."}})
	if !p.addrBox.Visible() || p.trouble.Text != "No multicast on wlan0." {
		t.Error("the trouble is not shown with an address field")
	}
	p.addr.SetText(" 192.168.1.20 ")
	test.Tap(p.find)
	if dialled != "192.168.1.20" {
		t.Errorf("dialled %q", dialled)
	}
}
