package editor

import (
	"fmt"
	"image/color"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"

	"inkling/editor/model"
	"inkling/editor/model/modeltest"
)

// desk is an editor in a window of Fyne's test driver, with a clock of its own.
type desk struct {
	*testing.T
	*Editor
	doc    *modeltest.Memory
	window fyne.Window
	clock  *clock
}

func newDesk(t *testing.T, text string) *desk {
	t.Helper()
	test.NewTempApp(t)
	d := &desk{T: t, doc: modeltest.NewMemory(text), clock: &clock{now: time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)}}
	d.Editor = New(d.doc)
	d.After, d.Editor.now = d.clock.after, func() time.Time { return d.clock.now }
	d.window = test.NewWindow(d.Editor)
	d.window.SetPadded(false)
	d.window.Resize(fyne.NewSize(700, 500))
	d.window.Canvas().Focus(d.Editor)
	return d
}

// clock is virtual time with timers.
type clock struct {
	now    time.Time
	timers []*timer
}

type timer struct {
	at time.Time
	f  func()
}

func (c *clock) after(d time.Duration, f func()) func() {
	t := &timer{c.now.Add(d), f}
	c.timers = append(c.timers, t)
	return func() { c.timers = slices.DeleteFunc(c.timers, func(x *timer) bool { return x == t }) }
}

// pass lets time pass and fires what is due, in order.
func (c *clock) pass(d time.Duration) {
	for end := c.now.Add(d); ; {
		next := slices.MinFunc(append(c.timers, &timer{at: end}), func(a, b *timer) int { return a.at.Compare(b.at) })
		if next.f == nil || next.at.After(end) {
			c.now = end
			return
		}
		c.now = next.at
		c.timers = slices.DeleteFunc(c.timers, func(x *timer) bool { return x == next })
		next.f()
	}
}

func (d *desk) marked() string { return modeltest.Format(d.doc, d.pen) }

func (d *desk) want(marked string) {
	d.Helper()
	if got := d.marked(); got != marked {
		d.Errorf("got %q, want %q", got, marked)
	}
}

func (d *desk) key(names ...fyne.KeyName) {
	for _, n := range names {
		d.TypedKey(&fyne.KeyEvent{Name: n})
	}
}

func (d *desk) ctrl(name fyne.KeyName, more fyne.KeyModifier) {
	d.TypedShortcut(&desktop.CustomShortcut{KeyName: name, Modifier: fyne.KeyModifierShortcutDefault | more})
}

// point returns where the caret would stand at an offset, in the widget.
func (d *desk) point(offset int) fyne.Position {
	d.Helper()
	var s spot
	d.flow.look(func(t model.Text) { s = d.flow.spot(t, offset) })
	l, ok := d.view.find(s, false)
	if !ok {
		d.Fatalf("offset %d is not in the window", offset)
	}
	p := &d.flow.page
	return fyne.NewPos(p.units(p.left+l.set.X(s.rune, false).Round()), p.units(l.y+l.set.Style().Baseline))
}

func (d *desk) press(at fyne.Position, m fyne.KeyModifier) {
	d.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: at}, Button: desktop.MouseButtonPrimary, Modifier: m})
}

func (d *desk) click(at fyne.Position) {
	d.press(at, 0)
	d.MouseUp(&desktop.MouseEvent{})
}

func (d *desk) drag(at fyne.Position) {
	d.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: at}})
}

// top returns the text of the first wholly visible line and where it is.
func (d *desk) top() string {
	l := d.view.lines[d.view.steadiest()]
	var s string
	d.doc.View(0, func(t model.Text) { s = t.Paragraph(l.paragraph) })
	line := l.set.Lines()[l.line]
	return fmt.Sprintf("%q at %d", string([]rune(s)[line.Start:line.End]), l.y)
}

func TestWriting(t *testing.T) {
	d := newDesk(t, "")
	edits, moves := 0, 0
	d.OnEdited = func() { edits++ }
	d.OnSelection = func(model.Anchor, model.Anchor) { moves++ }
	test.Type(d.Editor, "Hello")
	d.key(fyne.KeyReturn, fyne.KeyTab)
	test.Type(d.Editor, "wörld")
	d.want("Hello\n\twörld|")
	if edits != 12 || moves != 12 {
		t.Errorf("%d edits and %d moves reported, want 12 each", edits, moves)
	}
	d.key(fyne.KeyBackspace)
	d.ctrl(fyne.KeyBackspace, 0)
	d.want("Hello\n\t|")
	d.ctrl(fyne.KeyHome, 0)
	d.key(fyne.KeyDelete)
	d.want("|ello\n\t")
	d.key(fyne.KeyBackspace)
	if edits != 15 {
		t.Errorf("%d edits reported, want 15: the last key changed nothing", edits)
	}
	d.TypedShortcut(&fyne.ShortcutUndo{})
	d.TypedShortcut(&fyne.ShortcutUndo{})
	d.want("Hello\n\twörld|")
	d.TypedShortcut(&fyne.ShortcutRedo{})
	d.ctrl(fyne.KeyZ, fyne.KeyModifierShift)
	d.want("|ello\n\t")
}

func TestMotions(t *testing.T) {
	d := newDesk(t, "one two\nthree")
	d.key(fyne.KeyEnd)
	d.want("one two|\nthree")
	d.key(fyne.KeyDown)
	d.want("one two\nthree|")
	d.KeyDown(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
	d.key(fyne.KeyHome)
	d.want("one two\n|three^")
	d.KeyUp(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
	d.key(fyne.KeyUp)
	d.want("|one two\nthree")
	d.ctrl(fyne.KeyRight, 0)
	d.want("one| two\nthree")
	d.ctrl(fyne.KeyRight, fyne.KeyModifierShift)
	d.want("one^ two|\nthree")
	d.TypedShortcut(&fyne.ShortcutSelectAll{})
	d.want("^one two\nthree|")
}

func TestClipboard(t *testing.T) {
	d := newDesk(t, "one two")
	board := test.NewClipboard()
	d.TypedShortcut(&fyne.ShortcutCopy{Clipboard: board})
	if board.Content() != "" {
		t.Errorf("nothing selected, but copied %q", board.Content())
	}
	d.TypedShortcut(&fyne.ShortcutSelectAll{})
	d.TypedShortcut(&fyne.ShortcutCut{Clipboard: board})
	d.TypedShortcut(&fyne.ShortcutPaste{Clipboard: board})
	d.TypedShortcut(&fyne.ShortcutPaste{Clipboard: board})
	d.want("one twoone two|")
}

func TestMouse(t *testing.T) {
	d := newDesk(t, "The title\none two three\nfour five")
	d.click(d.point(14))
	d.want("The title\none |two three\nfour five")
	d.press(d.point(21), fyne.KeyModifierShift)
	d.want("The title\none ^two thr|ee\nfour five")
	d.clock.pass(time.Second)

	d.press(d.point(15), 0)
	d.press(d.point(15), 0)
	d.want("The title\none ^two| three\nfour five")
	d.drag(d.point(20))
	d.want("The title\none ^two three|\nfour five")
	d.press(d.point(15), 0) // the drag ended elsewhere: a new first press
	d.clock.pass(time.Second)
	for range 3 {
		d.press(d.point(15), 0)
	}
	d.want("The title\n^one two three|\nfour five")

	d.clock.pass(time.Second)
	d.press(d.point(4), 0)
	d.drag(d.point(28))
	d.want("The ^title\none two three\nfour| five")
	d.DragEnd()
	d.clock.pass(time.Second)
	d.click(fyne.NewPos(30, 490)) // the page below the text
	d.want("The title\none two three\nfour five|")
}

// novel has n paragraphs of different lengths.
func novel(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d. %s\n", i, strings.Repeat("It was the coldest morning of the year. ", i%7))
	}
	return b.String()
}

// TestRemoteEditsLeaveTheView: what others write above, in and below the window
// never moves the line at its top, unless they change that line itself.
func TestRemoteEditsLeaveTheView(t *testing.T) {
	for seed := range uint64(3) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		d := newDesk(t, novel(120))
		d.doc.Forget = seed == 2
		for range 12 {
			d.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, float32(100-rnd.IntN(1000)))})
			before := d.top()
			l := d.view.lines[d.view.steadiest()]
			var from, until int // the paragraph at the top
			d.flow.look(func(t model.Text) {
				from = t.Start(l.paragraph)
				until = from + len([]rune(t.Paragraph(l.paragraph))) + 1
			})
			n := len([]rune(d.doc.String()))
			for range 3 {
				at := rnd.IntN(n)
				if at < until && at+5 > from { // in or next to it: only insert before
					at = from
					d.doc.Remote(at, at, "new text\n\nbefore it\n")
				} else {
					d.doc.Remote(at, at+rnd.IntN(5), []string{"", "x", "a\nb\n", strings.Repeat("long ", 50)}[rnd.IntN(4)])
				}
				d.Refresh()
				if got := d.top(); got != before {
					t.Fatalf("seed %d: the view moved from %s to %s", seed, before, got)
				}
				d.flow.look(func(t model.Text) {
					from = d.flow.hold - l.set.Lines()[l.line].Start
					until = from + l.set.Len() + 1
					n = t.Len() - 5
				})
			}
		}
	}
}

// TestEditedViewEqualsFresh: after random writing by two, the window shows what
// an editor that was opened on the text just now and scrolled alike shows.
func TestEditedViewEqualsFresh(t *testing.T) {
	for seed := range uint64(2) {
		rnd := rand.New(rand.NewPCG(seed, 6))
		d := newDesk(t, novel(40))
		for range 60 {
			switch rnd.IntN(5) {
			case 0:
				n := len([]rune(d.doc.String()))
				at := rnd.IntN(n + 1)
				d.doc.Remote(at, min(n, at+rnd.IntN(30)), "remote\n"[:rnd.IntN(8)])
				d.Refresh()
			case 1:
				d.key([]fyne.KeyName{fyne.KeyPageDown, fyne.KeyPageUp, fyne.KeyDown, fyne.KeyReturn, fyne.KeyBackspace}[rnd.IntN(5)])
			default:
				test.Type(d.Editor, "word ")
			}
		}
		fresh := newFlow(d.doc)
		fresh.setPage(d.flow.page)
		fresh.look(nil)
		if len(d.view.lines) == 0 {
			t.Fatalf("seed %d: nothing in the window", seed)
		}
		y := d.view.lines[0].y
		for i, l := range d.view.lines {
			want := fresh.paragraph(l.paragraph)
			if fmt.Sprint(l.set.Lines()) != fmt.Sprint(want.Lines()) {
				t.Fatalf("seed %d: paragraph %d is set as %v, want %v", seed, l.paragraph, l.set.Lines(), want.Lines())
			}
			if l.y != y {
				t.Fatalf("seed %d: line %d is at %d, want %d", seed, i, l.y, y)
			}
			if y += want.Style().Leading; l.line == len(want.Lines())-1 {
				y += want.Style().After
			}
		}
		if fresh.len() != d.flow.len() {
			t.Fatalf("seed %d: %d paragraphs, want %d", seed, d.flow.len(), fresh.len())
		}
	}
}

// TestCaretStaysInTheWindow: after each key the caret's line is wholly visible.
func TestCaretStaysInTheWindow(t *testing.T) {
	d := newDesk(t, novel(60))
	check := func(what any) {
		t.Helper()
		l, ok := d.caretLine()
		if !ok || l.y < 0 || l.bottom() > d.flow.page.height {
			t.Fatalf("after %v the caret is out of the window: %+v, %v", what, l, ok)
		}
	}
	rnd := rand.New(rand.NewPCG(1, 7))
	for i := range 100 {
		k := []fyne.KeyName{fyne.KeyDown, fyne.KeyPageDown, fyne.KeyUp, fyne.KeyPageUp, fyne.KeyReturn, fyne.KeyRight}[rnd.IntN(6)]
		d.key(k)
		check(fmt.Sprint(k, " number ", i))
	}
	d.ctrl(fyne.KeyEnd, 0)
	check("Ctrl+End")
	d.ctrl(fyne.KeyHome, 0)
	check("Ctrl+Home")
	if d.view.lines[0].y != d.flow.page.top {
		t.Errorf("after Ctrl+Home the text begins at %d, want %d", d.view.lines[0].y, d.flow.page.top)
	}
}

func TestScrollingEnds(t *testing.T) {
	d := newDesk(t, novel(60))
	d.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, -1e6)})
	last := d.view.lines[len(d.view.lines)-1]
	if last.paragraph != d.flow.len()-1 || last.bottom() < d.flow.page.height/3 {
		t.Errorf("scrolled down: the last line is of paragraph %d and ends at %d", last.paragraph, last.bottom())
	}
	d.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, 1e6)})
	if l := d.view.lines[0]; l.paragraph != 0 || l.y != d.flow.page.top {
		t.Errorf("scrolled up: paragraph %d at %d", l.paragraph, l.y)
	}
	short := newDesk(t, "one\ntwo")
	short.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, -100)})
	if l := short.view.lines[0]; l.y != short.flow.page.top {
		t.Errorf("a text that fits was scrolled to %d", l.y)
	}
}

func TestScrollbar(t *testing.T) {
	d := newDesk(t, novel(300))
	x := d.Size().Width - 5
	top, height := d.view.thumb(&d.flow.page)
	if top != 0 || height == 0 {
		t.Fatalf("thumb at %d, %d high", top, height)
	}
	d.press(fyne.NewPos(x, 5), 0)
	d.drag(fyne.NewPos(x, 600))
	d.MouseUp(&desktop.MouseEvent{})
	if last := d.view.lines[len(d.view.lines)-1]; last.paragraph != d.flow.len()-1 {
		t.Errorf("dragged to the end: paragraph %d of %d is last", last.paragraph, d.flow.len())
	}
	d.want("|" + novel(300))
}

func TestDragBeyondTheEdgeScrolls(t *testing.T) {
	d := newDesk(t, novel(60))
	d.press(d.point(3), 0)
	d.drag(fyne.NewPos(300, 560))
	before := d.view.above
	d.clock.pass(time.Second)
	if d.view.above <= before {
		t.Error("the text does not move while a selection is dragged below the window")
	}
	d.MouseUp(&desktop.MouseEvent{})
	rest := d.view.above
	d.clock.pass(time.Second)
	if d.view.above != rest {
		t.Error("the text still moves after the button was released")
	}
}

func TestCaretBlinks(t *testing.T) {
	d := newDesk(t, "")
	test.Type(d.Editor, "x")
	d.clock.pass(solidTime)
	if d.renderer.caret.Hidden {
		t.Error("the caret blinks right after a key")
	}
	d.clock.pass(blinkTime + time.Millisecond)
	if !d.renderer.caret.Hidden {
		t.Error("the caret does not blink")
	}
	d.clock.pass(20 * time.Second)
	if d.renderer.caret.Hidden || len(d.clock.timers) != 0 {
		t.Errorf("left alone: hidden %v, %d timers", d.renderer.caret.Hidden, len(d.clock.timers))
	}
	test.Type(d.Editor, "x")
	d.window.Canvas().Unfocus()
	if !d.renderer.caret.Hidden || len(d.clock.timers) != 0 {
		t.Errorf("unfocused: hidden %v, %d timers", d.renderer.caret.Hidden, len(d.clock.timers))
	}
}

func TestOthers(t *testing.T) {
	d := newDesk(t, "Title\none two")
	red := color.NRGBA{200, 0, 0, 255}
	caret := func(at int) Caret {
		var c Caret
		d.doc.View(0, func(t model.Text) { c = Caret{Name: "Ana", Color: red, Head: t.Anchor(at, true)} })
		return c
	}
	d.SetCarets([]Caret{caret(8)})
	if d.renderer.names.used != 1 {
		t.Fatal("a new caret has no name")
	}
	d.clock.pass(flagTime)
	if d.renderer.names.used != 0 || d.renderer.bars.used != 2 {
		t.Errorf("after a while: %d names, %d bars; want a bar with a tab", d.renderer.names.used, d.renderer.bars.used)
	}
	d.SetCarets([]Caret{caret(8)})
	if d.renderer.names.used != 0 {
		t.Error("a caret that did not move shows its name")
	}
	d.SetCarets([]Caret{caret(10)})
	if d.renderer.names.used != 1 {
		t.Error("a caret that moved shows no name")
	}
	x := d.renderer.bars.all[0].Position().X
	d.doc.Remote(6, 6, "new ")
	d.Refresh()
	if d.renderer.bars.all[0].Position().X <= x {
		t.Error("the caret did not go along with its text")
	}
	d.SetCarets(nil)
	if d.renderer.bars.used != 0 || len(d.clock.timers) > 1 {
		t.Errorf("gone: %d bars, %d timers", d.renderer.bars.used, len(d.clock.timers))
	}
}

func TestSetDocument(t *testing.T) {
	d := newDesk(t, novel(50))
	d.ctrl(fyne.KeyEnd, 0)
	tail, head := d.Selection()
	first := d.doc
	d.doc = modeltest.NewMemory("another")
	d.SetDocument(d.doc, nil, nil)
	d.want("|another")
	d.doc = first
	d.SetDocument(d.doc, tail, head)
	d.want(novel(50) + "|")
	if _, ok := d.caretLine(); !ok {
		t.Error("the place where one left off is not in the window")
	}
}

// TestObjectsAreFew: the objects of the window do not grow with the text, and a
// key draws one line anew.
func TestObjectsAreFew(t *testing.T) {
	d := newDesk(t, strings.Repeat("It was the coldest morning of the year. ", 2500))
	d.ctrl(fyne.KeyEnd, 0)
	if n := len(d.renderer.objects); n > 40 {
		t.Errorf("%d objects for one window", n)
	}
	old := map[*drawnLine][]uint8{}
	for _, l := range d.renderer.sheet.lines {
		old[l] = slices.Clone(l.image.Pixels.Pix)
	}
	test.Type(d.Editor, "x")
	changed := 0
	for _, l := range d.renderer.sheet.lines {
		if l.image.Pixels != nil && !slices.Equal(old[l], l.image.Pixels.Pix) {
			changed++
		}
	}
	if changed != 1 {
		t.Errorf("one key drew %d lines, want 1", changed)
	}
}

// TestLinesStandOnPixels: at any scale, every line's object is as large as its
// image and lies on whole device pixels.
func TestLinesStandOnPixels(t *testing.T) {
	for _, scale := range []float32{1, 1.25, 1.5, 2} {
		d := newDesk(t, novel(10))
		d.window.Canvas().(software.WindowlessCanvas).SetScale(scale)
		d.window.Resize(fyne.NewSize(651, 433))
		d.Refresh()
		if d.flow.page.scale != scale {
			t.Fatalf("scale %v, want %v", d.flow.page.scale, scale)
		}
		for _, l := range d.renderer.sheet.lines {
			if l.image.Pixels == nil {
				continue
			}
			for _, v := range []float32{l.raster.Position().X, l.raster.Position().Y} {
				if px := v * scale; abs(int(px*64+0.5)-int(px+0.5)*64) > 1 {
					t.Errorf("scale %v: a line stands at %v pixels", scale, px)
				}
			}
			if w := l.raster.Size().Width * scale; int(w+0.5) != l.image.Pixels.Rect.Dx() {
				t.Errorf("scale %v: %v pixels for an image of %d", scale, w, l.image.Pixels.Rect.Dx())
			}
		}
	}
}

// TestNamesCoverNoText: where the margin has room, names stand in it, also those of
// people on one line.
func TestNamesCoverNoText(t *testing.T) {
	d := newDesk(t, "Title\none two")
	d.window.Resize(fyne.NewSize(1100, 500))
	var carets []Caret
	d.doc.View(0, func(t model.Text) {
		for i, name := range []string{"Ana", "Bruno"} {
			carets = append(carets, Caret{Name: name, Color: color.NRGBA{uint8(100 * i), 0, 0, 255}, Head: t.Anchor(8+i, true)})
		}
	})
	d.SetCarets(carets)
	left := d.flow.page.units(d.flow.page.left)
	ana, bruno := d.renderer.names.all[0], d.renderer.names.all[1]
	if d.renderer.names.used != 2 || ana.Position().X+ana.Size().Width > left || bruno.Position().X+bruno.Size().Width > ana.Position().X {
		t.Errorf("names at %v and %v, the text begins at %v", ana.Position(), bruno.Position(), left)
	}
	if ana.Position().X < 0 || bruno.Position().X < 0 {
		t.Error("a name stands outside the window")
	}
}
