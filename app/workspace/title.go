package workspace

import (
	"strings"
	"unicode"

	"inkling/crdt"
)

const (
	titleLength = 80  // code points of a title, at most
	titleSearch = 400 // code points of the text in which a title is looked for
)

// Untitled is what a document without text is called.
const Untitled = "Untitled"

// titleOf returns the title of d: its first line that has a letter or digit,
// without Markdown's heading marks. "" when there is none.
func titleOf(d *crdt.Doc) string {
	text := d.Slice(0, min(d.Len(), titleSearch))
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "#"))
		if strings.IndexFunc(line, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0 {
			return shorten(line, titleLength)
		}
	}
	return ""
}

// shorten cuts s to at most n code points, at a word's end where there is one.
func shorten(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	cut := string(runes[:n-1])
	if i := strings.LastIndexFunc(cut, unicode.IsSpace); i > n/2 {
		cut = strings.TrimSpace(cut[:i])
	}
	return cut + "…"
}
