package ui

import (
	"strings"
	"testing"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"inkling/app/workspace"
)

func TestSearchInTheWindow(t *testing.T) {
	win := openWindow(t)
	for _, text := range []string{"Tea\nin the garden", "Plants\nof the Garden", "Sea\nblue"} {
		if _, err := win.w.Import("file", []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	shows := func(titles ...string) func() bool {
		return func() bool {
			if win.sidebar.rows() != len(titles) {
				return false
			}
			for i, want := range titles {
				if win.sidebar.at(i).Title != want {
					return false
				}
			}
			return true
		}
	}
	win.eventually(t, "the list", shows("Sea", "Plants", "Tea"))
	win.startSearch()
	if win.win.Canvas().Focused() != fyne.Focusable(win.sidebar.search) {
		t.Fatal("the caret is not in the search field")
	}
	test.Type(win.sidebar.search, "gard pl")
	win.eventually(t, "what fits", shows("Plants"))
	if got := texts(win.sidebar.content); !strings.Contains(got, "Plants of the Garden") || win.sidebar.none.Visible() {
		t.Errorf("the list says %q", got)
	}
	test.Type(win.sidebar.search, "x")
	win.eventually(t, "nothing", func() bool { return win.sidebar.searched && win.sidebar.rows() == 0 })
	if !win.sidebar.none.Visible() {
		t.Error("it is not said that nothing fits")
	}
	win.sidebar.search.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	win.eventually(t, "the whole list", shows("Sea", "Plants", "Tea"))
	if win.win.Canvas().Focused() != fyne.Focusable(win.editor) || win.sidebar.search.Text != "" {
		t.Error("Escape does not lead back to the page")
	}
	win.sidebar.search.SetText("tea")
	win.eventually(t, "what fits", func() bool { return win.sidebar.searched && shows("Tea")() })
	win.sidebar.search.OnSubmitted("tea")
	win.eventually(t, "the document", func() bool { return win.session.Title() == "Tea" })
	if err := win.w.Delete(win.session.ID()); err != nil {
		t.Fatal(err)
	}
	win.eventually(t, "what was deleted goes from what was found", func() bool { return win.sidebar.searched && win.sidebar.rows() == 0 })
}

func TestSnippetLine(t *testing.T) {
	fits := func(s string) bool { return utf8.RuneCountInString(s) <= 20 }
	for _, c := range []struct{ before, hit, behind, want string }{
		{"", "tea", "", "tea"},
		{"green ", "tea", " leaves", "green tea leaves"},
		{"long before the ", "tea", " leaves", "…before the tea lea…"},
		{"onelongwordbeforethe", "茶", "", "…ordbeforethe茶"},
		{"no hit in all of this text", "", "", "no hit in all of th…"},
	} {
		pieces := []workspace.Piece{{Text: c.before}, {Text: c.hit, Hit: true}, {Text: c.behind}}
		if c.hit == "" {
			pieces = pieces[:1]
		}
		if got := snippetLine(pieces, fits); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestCut(t *testing.T) {
	fits := func(s string) bool { return utf8.RuneCountInString(s) <= 5 }
	for line, want := range map[string]string{"": "", "12345": "12345", "123456": "1234…", "123 56": "123…", "字字字字字字": "字字字字…"} {
		if got := cut(line, fits); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := cut("x", func(string) bool { return false }); got != "…" {
		t.Errorf("%q", got)
	}
}
