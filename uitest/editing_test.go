//go:build linux

package uitest

import (
	"image"
	"testing"
)

// writer starts a person alone with the program.
func writer(t *testing.T) *person {
	p := newPerson(t, "Ana", lonelyMachine(t))
	p.start()
	return p
}

func TestWritingByKeys(t *testing.T) {
	ana := writer(t)
	for _, c := range []struct {
		name, text string
		keys       []string
		then, want string
	}{
		{"return and backspace", "onee\ntwo", []string{"Up", "End", "BackSpace", "Return"}, "and", "one\nand\ntwo"},
		{"arrows", "ac\nf", []string{"Up", "Home", "Right"}, "b", "abc\nf"},
		{"delete", "axb", []string{"Left", "Left", "Delete"}, "", "ab"},
		{"joining lines", "one\ntwo", []string{"Home", "BackSpace"}, " ", "one two"},
		{"selecting and typing over", "one two", []string{"Shift+Left", "Shift+Left", "Shift+Left"}, "2", "one 2"},
		{"selecting a word", "one two", []string{"Ctrl+Shift+Left", "BackSpace"}, "three", "one three"},
		{"copy and paste", "ab", []string{"Ctrl+A", "Ctrl+C", "End", "Ctrl+V", "Ctrl+V"}, ".", "ababab."},
		{"cut and paste", "ab cd ", []string{"Ctrl+Home", "Shift+Right", "Shift+Right", "Shift+Right", "Ctrl+X", "Ctrl+End", "Ctrl+V"}, "", "cd ab "},
		{"undo and redo", "kept", []string{"Ctrl+A", "Ctrl+X", "Ctrl+Z", "Ctrl+Y", "Ctrl+Z"}, "", "kept"},
		{"other letters", "Grüße, señor – „жизнь“ 漢字", nil, "", "Grüße, señor – „жизнь“ 漢字"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ana.presses("Ctrl+A", "Delete")
			ana.types(c.text)
			ana.presses(c.keys...)
			ana.types(c.then)
			ana.waitForText(c.want)
		})
	}
}

func TestWritingByMouse(t *testing.T) {
	ana := writer(t)
	ana.types("one ")
	two := ana.typesAndSees("two")
	ana.types(" three\n")
	last := ana.typesAndSees("last")

	ana.screen.click(image.Pt(two.Max.X+200, middle(two).Y)) // to the right of the line: its end
	ana.types("!")
	ana.waitForText("one two three!\nlast")

	ana.presses("Ctrl+Home", "Down", "End")
	ana.types(" word")
	ana.screen.click(image.Pt(last.Min.X, middle(last).Y))
	ana.types("at ")
	ana.waitForText("one two three!\nat last word")

	ana.presses("Ctrl+End", "Ctrl+Shift+Left", "BackSpace", "BackSpace")
	ana.waitForText("one two three!\nat last")

	ana.screen.drag(image.Pt(two.Min.X, middle(two).Y), image.Pt(two.Max.X, middle(two).Y))
	keepImage(t, "selection", ana.see())
	ana.presses("Ctrl+X")
	ana.waitForText("one  three!\nat last")
	if got := ana.screen.clipboard.read(); got != "two" {
		t.Errorf("the clipboard holds %q after two was cut", got)
	}

	ana.screen.clipboard.offer("2") // from another program
	ana.presses("Ctrl+V")
	ana.waitForText("one 2 three!\nat last")

	ana.presses("Ctrl+Z")
	ana.waitForText("one  three!\nat last")
	ana.presses("Ctrl+Z")
	ana.waitForText("one two three!\nat last")
	ana.presses("Ctrl+Y")
	ana.waitForText("one  three!\nat last")
}

// Two clicks at different places are no double click, however quickly they come.
func TestQuickClicks(t *testing.T) {
	ana := writer(t)
	first := ana.typesAndSees("first")
	ana.types("\n")
	second := ana.typesAndSees("second")
	ana.screen.click(image.Pt(first.Max.X+200, middle(first).Y))
	ana.screen.click(image.Pt(second.Min.X, middle(second).Y))
	ana.types("the ")
	ana.waitForText("first\nthe second")
}

// A double click selects a word.
func TestDoubleClick(t *testing.T) {
	ana := writer(t)
	ana.types("one ")
	two := ana.typesAndSees("two")
	ana.types(" three")
	ana.screen.click(middle(two))
	ana.screen.click(middle(two))
	ana.types("2")
	ana.waitForText("one 2 three")
}

// A burst is faster than a person types, as a keyboard wedge or a macro is.
func TestBurstOfKeys(t *testing.T) {
	ana := writer(t)
	want := ""
	for range 20 {
		want += "The quick brown fox jumps over the lazy dog. "
	}
	ana.screen.types(want, 0)
	ana.waitForText(want)
	ana.settle()
	keepImage(t, "page", ana.see())
}
