package ui

import (
	"context"
	"sort"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"inkling/app/workspace"
)

// searchField is where one types what the list is to show. Escape empties it.
type searchField struct {
	widget.Entry
	onLeave func() // Escape: back to the page
	onFirst func() // Return: the first of the list
}

func newSearchField() *searchField {
	f := &searchField{}
	f.PlaceHolder = "Search"
	f.Icon = theme.SearchIcon()
	f.ExtendBaseWidget(f)
	f.OnSubmitted = func(string) { f.onFirst() }
	return f
}

// TypedKey is fyne.Focusable's.
func (f *searchField) TypedKey(e *fyne.KeyEvent) {
	if e.Name != fyne.KeyEscape {
		f.Entry.TypedKey(e)
		return
	}
	f.SetText("")
	f.onLeave()
}

// startSearch puts the caret into the search field.
func (win *Window) startSearch() {
	win.frame.showList()
	if win.sidebar.content.Visible() {
		win.win.Canvas().Focus(win.sidebar.search)
	}
}

// search has the list show what fits what was typed, soon; nothing typed, all documents. Only the last search counts,
// and those before it are given up.
func (win *Window) search(typed string) {
	win.searching()
	ctx, cancel := context.WithCancel(context.Background())
	win.searching = cancel
	if strings.TrimSpace(typed) == "" {
		win.sidebar.showFound(nil, false)
		return
	}
	win.background(func() {
		found, err := win.w.Search(ctx, typed)
		win.do(func() {
			switch {
			case ctx.Err() != nil:
			case err != nil:
				win.fail(err)
			default:
				win.sidebar.showFound(found, true)
			}
		})
	})
}

// searchAgain has the list show what fits now.
func (win *Window) searchAgain() {
	if win.sidebar.searched {
		win.search(win.sidebar.search.Text)
	}
}

// beforeHit is how many letters of a snippet are shown before what was found.
const beforeHit = 12

// snippetLine makes one line of a snippet that fits, and in which what was found is to be seen.
func snippetLine(pieces []workspace.Piece, fits func(string) bool) string {
	var before, rest strings.Builder
	for _, p := range pieces {
		if p.Hit || rest.Len() > 0 {
			rest.WriteString(p.Text)
		} else {
			before.WriteString(p.Text)
		}
	}
	head := []rune(strings.TrimLeft(before.String(), " "))
	if rest.Len() > 0 && len(head) > beforeHit {
		head = head[len(head)-beforeHit:]
		for i, r := range head {
			if r == ' ' {
				head = head[i+1:]
				break
			}
		}
		head = append([]rune("…"), head...)
	}
	return cut(string(head)+strings.TrimRight(rest.String(), " "), fits)
}

// cut cuts a line behind as many letters as fit.
func cut(line string, fits func(string) bool) string {
	if fits(line) {
		return line
	}
	letters := []rune(line)
	n := sort.Search(len(letters), func(n int) bool { return !fits(string(letters[:n+1]) + "…") })
	return strings.TrimRight(string(letters[:n]), " ") + "…"
}

// fitsList says whether a line of small text fits into the list.
func fitsList(line string) bool {
	size := fyne.MeasureText(line, theme.CaptionTextSize(), fyne.TextStyle{})
	return size.Width <= sidebarWidth-2*theme.InnerPadding()
}
