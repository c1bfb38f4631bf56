package model_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"inkling/editor/model"
	"inkling/editor/model/modeltest"
)

var start = time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)

// commands are the names that the marked-text tables use.
var commands = map[string]func(*model.Pen, *modeltest.Memory){
	"left":        func(p *model.Pen, _ *modeltest.Memory) { p.Move(model.Left, false) },
	"right":       func(p *model.Pen, _ *modeltest.Memory) { p.Move(model.Right, false) },
	"word-left":   func(p *model.Pen, _ *modeltest.Memory) { p.Move(model.WordLeft, false) },
	"word-right":  func(p *model.Pen, _ *modeltest.Memory) { p.Move(model.WordRight, false) },
	"text-start":  func(p *model.Pen, _ *modeltest.Memory) { p.Move(model.TextStart, false) },
	"text-end":    func(p *model.Pen, _ *modeltest.Memory) { p.Move(model.TextEnd, false) },
	"Left":        func(p *model.Pen, _ *modeltest.Memory) { p.Move(model.Left, true) },
	"Right":       func(p *model.Pen, _ *modeltest.Memory) { p.Move(model.Right, true) },
	"Word-left":   func(p *model.Pen, _ *modeltest.Memory) { p.Move(model.WordLeft, true) },
	"Word-right":  func(p *model.Pen, _ *modeltest.Memory) { p.Move(model.WordRight, true) },
	"Text-start":  func(p *model.Pen, _ *modeltest.Memory) { p.Move(model.TextStart, true) },
	"Text-end":    func(p *model.Pen, _ *modeltest.Memory) { p.Move(model.TextEnd, true) },
	"up":          func(p *model.Pen, d *modeltest.Memory) { p.MoveLines(grid{d, 10}, -1, false) },
	"down":        func(p *model.Pen, d *modeltest.Memory) { p.MoveLines(grid{d, 10}, 1, false) },
	"Up":          func(p *model.Pen, d *modeltest.Memory) { p.MoveLines(grid{d, 10}, -1, true) },
	"Down":        func(p *model.Pen, d *modeltest.Memory) { p.MoveLines(grid{d, 10}, 1, true) },
	"page-down":   func(p *model.Pen, d *modeltest.Memory) { p.MoveLines(grid{d, 10}, 3, false) },
	"home":        func(p *model.Pen, d *modeltest.Memory) { p.MoveToEdge(grid{d, 10}, false, false) },
	"end":         func(p *model.Pen, d *modeltest.Memory) { p.MoveToEdge(grid{d, 10}, true, false) },
	"Home":        func(p *model.Pen, d *modeltest.Memory) { p.MoveToEdge(grid{d, 10}, false, true) },
	"End":         func(p *model.Pen, d *modeltest.Memory) { p.MoveToEdge(grid{d, 10}, true, true) },
	"all":         func(p *model.Pen, _ *modeltest.Memory) { p.SelectAll() },
	"backspace":   func(p *model.Pen, _ *modeltest.Memory) { p.Delete(model.Left, start) },
	"delete":      func(p *model.Pen, _ *modeltest.Memory) { p.Delete(model.Right, start) },
	"cut-left":    func(p *model.Pen, _ *modeltest.Memory) { p.Delete(model.WordLeft, start) },
	"cut-right":   func(p *model.Pen, _ *modeltest.Memory) { p.Delete(model.WordRight, start) },
	"cut":         func(p *model.Pen, _ *modeltest.Memory) { p.Cut() },
	"undo":        func(p *model.Pen, _ *modeltest.Memory) { p.Undo() },
	"redo":        func(p *model.Pen, _ *modeltest.Memory) { p.Redo() },
	"return":      func(p *model.Pen, _ *modeltest.Memory) { p.Type("\n", start) },
	"later":       func(p *model.Pen, _ *modeltest.Memory) { start = start.Add(time.Minute) },
	"remote-head": func(_ *model.Pen, d *modeltest.Memory) { d.Remote(0, 0, "##") },
}

// run does the commands, separated by spaces; 'x types x, "x pastes x, @n clicks
// offset n, @@n double-clicks it, @@@n clicks it three times, >n drags to it.
func run(t *testing.T, doc *modeltest.Memory, pen *model.Pen, keys string) {
	t.Helper()
	for _, key := range strings.Fields(keys) {
		var n int
		at := func() model.Place {
			if _, err := fmt.Sscan(strings.TrimLeft(key, "@>"), &n); err != nil {
				t.Fatalf("key %q: %v", key, err)
			}
			return model.Place{Version: pen.Caret().Version, Offset: n}
		}
		switch {
		case key[0] == '\'':
			for _, r := range key[1:] {
				pen.Type(string(r), start)
			}
		case key[0] == '"':
			pen.Paste(strings.NewReplacer("_", " ", "/", "\n").Replace(key[1:]))
		case strings.HasPrefix(key, "@@@"):
			pen.Press(at(), model.ByParagraph, false)
		case strings.HasPrefix(key, "@@"):
			pen.Press(at(), model.ByWord, false)
		case key[0] == '@':
			pen.Press(at(), model.ByCharacter, false)
		case key[0] == '>':
			pen.Drag(at())
		case commands[key] == nil:
			t.Fatalf("no command %q", key)
		default:
			commands[key](pen, doc)
		}
	}
}

func TestMarkedText(t *testing.T) {
	const flag, family = "🇫🇷", "👩‍👩‍👧"
	for _, c := range []struct{ before, keys, after string }{
		// Graphemes.
		{"a|bc", "right", "ab|c"},
		{"a|bc", "left", "|abc"},
		{"|abc", "left", "|abc"},
		{"abc|", "right", "abc|"},
		{"a|\nb", "right", "a\n|b"},
		{"a\n|b", "left", "a|\nb"},
		{"a" + family + "|b", "left", "a|" + family + "b"},
		{"a|" + family + "b", "right", "a" + family + "|b"},
		{flag + flag + "|", "left", flag + "|" + flag},
		{"e\u0301|x", "left", "|e\u0301x"},
		{"e\u0301|x", "backspace", "|x"},
		{"|" + family + "x", "delete", "|x"},
		{"ab|", "backspace backspace backspace", "|"},
		{"a\n|b", "backspace", "a|b"},
		{"a|\nb", "delete", "a|b"},
		{"|", "delete", "|"},
		// Selections.
		{"ab|cd", "Left Left", "|ab^cd"},
		{"ab|cd", "Right", "ab^c|d"},
		{"a^bc|d", "left", "a|bcd"},
		{"a^bc|d", "right", "abc|d"},
		{"a|bc^d", "right", "abc|d"},
		{"a^bc|d", "Right", "a^bcd|"},
		{"a^bc|d", "Left Left Left", "|a^bcd"},
		{"a|b", "all", "^ab|"},
		{"a^bc|d", "'x", "ax|d"},
		{"a|bc^d", "backspace", "a|d"},
		{"a^bc|d", "delete", "a|d"},
		{"a^b\nc|d", "cut", "a|d"},
		{"a|b", "cut", "a|b"},
		// Words: to the end of the next one, to the start of the one before.
		{"|one two", "word-right", "one| two"},
		{"one| two", "word-right", "one two|"},
		{"one two|", "word-left", "one |two"},
		{"one |two", "word-left", "|one two"},
		{"one, |two", "word-left", "|one, two"},
		{"o|ne-two", "word-right", "one|-two"},
		{"don|'t go", "word-right", "don't| go"},
		{"one|", "word-right", "one|"},
		{"one|\ntwo", "word-right", "one\n|two"},
		{"one\n|two", "word-left", "one|\ntwo"},
		{"  |  x", "word-left", "|    x"},
		{"one two|", "Word-left Word-left", "|one two^"},
		{"one |two", "Word-right", "one ^two|"},
		{"one two|", "cut-left", "one |"},
		{"one| two", "cut-right", "one|"},
		{"a\n|b", "cut-left", "a|b"},
		{"Grüße|", "word-left", "|Grüße"},
		// The ends of the text.
		{"a\nb|c\nd", "text-start", "|a\nbc\nd"},
		{"a\nb|c\nd", "text-end", "a\nbc\nd|"},
		{"a\nb|c\nd", "Text-start", "|a\nb^c\nd"},
		{"a\nb|c\nd", "Text-end", "a\nb^c\nd|"},
		// Lines, ten characters wide.
		{"abcdef\nghijkl|\nm", "up", "abcdef|\nghijkl\nm"},
		{"abcdef|\ngh\nijklmn", "down", "abcdef\ngh|\nijklmn"},
		{"abcdef|\ngh\nijklmn", "down down", "abcdef\ngh\nijklmn|"},
		{"abcdef|\ngh\nijklmn", "down left down", "abcdef\ngh\ni|jklmn"},
		{"abc|def", "up", "|abcdef"},
		{"abc|def", "down", "abcdef|"},
		{"0123456789abc|def", "up", "012|3456789abcdef"},
		{"ab|c\ndef", "Down", "ab^c\nde|f"},
		{"abc\nde|f", "Up", "ab|c\nde^f"},
		{"|a\nb\nc\nd\ne", "page-down", "a\nb\nc\n|d\ne"},
		{"0123456789ab|c", "home", "0123456789|abc"},
		{"0123456789ab|c", "home home", "0123456789|abc"},
		{"01|23456789abc", "end", "0123456789|abc"},
		{"01|23456789abc", "end end", "0123456789|abc"},
		{"01|23456789abc", "end home", "|0123456789abc"},
		{"ab|c", "Home", "|ab^c"},
		{"a|bc", "End", "a^bc|"},
		// The mouse.
		{"|one two", "@5", "one t|wo"},
		{"|one two", "@1 >5", "o^ne t|wo"},
		{"|one two", "@5 >1", "o|ne t^wo"},
		{"|one two", "@@5", "one ^two|"},
		{"|one two", "@@7", "one ^two|"},
		{"|one two", "@@3", "^one| two"},
		{"|one two six", "@@5 >9", "one ^two six|"},
		{"|one two six", "@@5 >1", "|one two^ six"},
		{"|one two six", "@@5 >6", "one ^two| six"},
		{"a\n|one two\nb", "@@@4", "a\n^one two|\nb"},
		{"a\n|one two\nb", "@@@4 >10", "a\n^one two\nb|"},
		// Writing.
		{"a|b", "'xy", "axy|b"},
		{"a|b", "return", "a\n|b"},
		{"a|b", "\"x/y", "ax\ny|b"},
		{"a^b|", "\"x", "ax|"},
		// Undo steps.
		{"|", "'abc undo", "|"},
		{"|", "'abc undo redo", "abc|"},
		{"|", "'abc later 'def undo", "abc|"},
		{"|", "'abc return 'def undo", "abc|"},
		{"|", "'abc left 'x undo", "ab|c"},
		{"|", "'abc \"xyz undo", "abc|"},
		{"|", "'abc \"xyz 'd undo", "abcxyz|"},
		{"|", "'abc backspace undo", "abc|"},
		{"|", "'abc backspace backspace undo", "abc|"},
		{"|", "'abc backspace left delete undo", "ab|"},
		{"^abc|", "'x undo", "abc|"},
		{"|", "undo redo", "|"},
		// Others write; the selection stays on its text.
		{"a^bc|d", "remote-head", "##a^bc|d"},
		{"a|b", "remote-head 'x", "##ax|b"},
		{"a|b", "'x remote-head undo", "##a|b"},
		{"^ab|", "remote-head", "##^ab|"},
		{"|ab", "remote-head", "|##ab"},
	} {
		doc, pen := modeltest.Parse(c.before)
		run(t, doc, pen, c.keys)
		if got := modeltest.Format(doc, pen); got != c.after {
			t.Errorf("%q, %s: got %q, want %q", c.before, c.keys, got, c.after)
		}
	}
}

func TestPasteCleans(t *testing.T) {
	for in, want := range map[string]string{
		"a\r\nb\rc\n": "a\nb\nc\n",
		"a\xffb":      "a\uFFFDb",
		"a\x01\tb":    "a\x01\tb",
	} {
		doc, pen := modeltest.Parse("|")
		pen.Paste(in)
		if doc.String() != want {
			t.Errorf("paste %q: got %q, want %q", in, doc, want)
		}
	}
}

func TestTypeIgnoresControl(t *testing.T) {
	doc, pen := modeltest.Parse("|")
	if pen.Type("\x1b\x7f", start) || doc.String() != "" {
		t.Errorf("typed control characters: text %q", doc)
	}
}

func TestSelectedIsTheText(t *testing.T) {
	long := strings.Repeat(strings.Repeat("Grüße aus Wien ", 40)+"\n", 80)
	doc := modeltest.NewMemory(long)
	pen := model.NewPen(doc)
	pen.SelectAll()
	if got := pen.Selected(); got != long {
		t.Errorf("selected %d bytes, want %d", len(got), len(long))
	}
	if got := pen.Cut(); got != long || doc.String() != "" {
		t.Errorf("cut %d of %d bytes, left %d", len(got), len(long), len(doc.String()))
	}
}

// TestWrittenAgainstAnOldVersion: an edit and a hit name their version and land
// where they were meant, whatever came between.
func TestWrittenAgainstAnOldVersion(t *testing.T) {
	doc, pen := modeltest.Parse("|abc")
	at := model.Place{Version: pen.Caret().Version, Offset: 2}
	doc.Remote(0, 0, "123\n")
	pen.Press(at, model.ByCharacter, false)
	if got := modeltest.Format(doc, pen); got != "123\nab|c" {
		t.Errorf("got %q", got)
	}
	doc.Forget = true
	doc.Remote(0, 7, "")
	pen.Press(at, model.ByCharacter, false)
	if got := modeltest.Format(doc, pen); got != "|" {
		t.Errorf("after a forgotten patch: got %q", got)
	}
}

// TestAnchorsAgreeWithPatches: carrying an offset through the patches leads to
// where an anchor made at it with the same bias is, while its text lives.
func TestAnchorsAgreeWithPatches(t *testing.T) {
	for seed := range uint64(100) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		doc := modeltest.NewMemory("one two\nthree four\n\nfive")
		for range 20 {
			var version uint64
			var at, length int
			after := rnd.IntN(2) == 0
			var a model.Anchor
			doc.View(0, func(t model.Text) {
				version, length = t.Version(), t.Len()
				at = rnd.IntN(length + 1)
				a = t.Anchor(at, after)
			})
			from := rnd.IntN(length + 1)
			doc.Remote(from, from, "x\ny"[:rnd.IntN(4)])
			doc.View(version, func(text model.Text) {
				p, _ := text.Patch()
				if got, want := p.Carry(at, after), text.Offset(a); got != want {
					t.Errorf("seed %d: carried %d to %d, the anchor is at %d", seed, at, got, want)
				}
			})
		}
	}
}

// TestRandomWriting: whatever two people do, the caret stands on a grapheme
// boundary inside the text after a step, and undoing everything leaves what the
// other wrote.
func TestRandomWriting(t *testing.T) {
	keys := []string{"left", "right", "word-left", "word-right", "Left", "Right", "up", "down", "home", "end",
		"'a", "'é", "'👍🏽", "return", "backspace", "delete", "cut-left", "cut-right", "\"p/q", "later", "undo", "redo"}
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		doc, pen := modeltest.Parse("|")
		remote := 0
		for range 60 {
			if rnd.IntN(5) == 0 {
				n := len([]rune(doc.String()))
				at := rnd.IntN(n + 1)
				doc.Remote(at, at, "#")
				remote++
			}
			run(t, doc, pen, keys[rnd.IntN(len(keys))])
			if at := pen.Caret().Offset; at < 0 || at > len([]rune(doc.String())) {
				t.Fatalf("seed %d: caret at %d of %q", seed, at, doc)
			}
		}
		for pen.Undo() {
		}
		got := strings.Count(doc.String(), "#")
		if rest := strings.ReplaceAll(doc.String(), "#", ""); rest != "" || got > remote {
			t.Fatalf("seed %d: undoing everything left %q (%d of %d remote)", seed, doc, got, remote)
		}
	}
}

// grid is Lines with one character per column.
type grid struct {
	doc   *modeltest.Memory
	width int
}

func (g grid) X(at model.Place) int { _, x := g.locate(at); return x }

func (g grid) Below(at model.Place, n, x int) model.Place {
	rows := g.rows()
	row, _ := g.locate(at)
	switch row += n; {
	case row < 0:
		return model.Place{Version: at.Version}
	case row >= len(rows):
		return model.Place{Version: at.Version, Offset: rows[len(rows)-1][1]}
	}
	return model.Place{Version: at.Version, Offset: min(rows[row][0]+x, rows[row][1])}
}

func (g grid) Edge(at model.Place, end bool) model.Place {
	row, _ := g.locate(at)
	r := g.rows()[row]
	if !end {
		return model.Place{Version: at.Version, Offset: r[0]}
	}
	return model.Place{Version: at.Version, Offset: r[1], LineEnd: true}
}

func (g grid) locate(at model.Place) (row, x int) {
	for i, r := range g.rows() {
		if at.Offset >= r[0] && (at.Offset < r[1] || at.Offset == r[1]) {
			row, x = i, at.Offset-r[0]
			if at.LineEnd {
				return row, x
			}
		}
	}
	return row, x
}

// rows returns the first and the last offset of each line.
func (g grid) rows() [][2]int {
	var rows [][2]int
	at := 0
	for _, s := range strings.Split(g.doc.String(), "\n") {
		n := len([]rune(s))
		for i := 0; i == 0 || i < n; i += g.width {
			rows = append(rows, [2]int{at + i, at + min(i+g.width, n)})
		}
		at += n + 1
	}
	return rows
}

// TestReadOnlyDocument: what a document does not take moves nothing.
func TestReadOnlyDocument(t *testing.T) {
	for _, marked := range []string{"one |two", "one ^two|", "|one ^two"} {
		for _, keys := range []string{"'x", "\"x", "backspace", "delete", "cut", "return"} {
			doc, pen := modeltest.Parse(marked)
			doc.ReadOnly = true
			run(t, doc, pen, keys)
			if got := modeltest.Format(doc, pen); got != marked {
				t.Errorf("%s: %s leads to %s", marked, keys, got)
			}
		}
	}
}
