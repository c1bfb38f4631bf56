package workspace

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"inkling/crdt"
)

const (
	titleLength = 80  // code points of a title, at most
	titleSearch = 400 // code points of the text in which a title is looked for

	previewLength = 160 // code points of a preview, at most
	previewSearch = 800 // code points behind the title in which it is looked for
)

// Untitled is what a document without text is called.
const Untitled = "Untitled"

// titleOf returns the title of d: its first line that has a letter or digit,
// without Markdown's heading marks. "" when there is none.
func titleOf(d *crdt.Doc) string {
	title, _ := titleIn(d.Slice(0, min(d.Len(), titleSearch)))
	return title
}

// titleIn returns the title that a text has, and the byte behind it: where the line goes on when that is too long
// for a title, else the next one. Without a title that is 0.
func titleIn(text string) (title string, end int) {
	for at := 0; at < len(text); {
		line := text[at:]
		if i := strings.IndexByte(line, '\n'); i >= 0 {
			line = line[:i+1]
		}
		bare := strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "#"))
		if strings.IndexFunc(bare, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) < 0 {
			at += len(line)
			continue
		}
		if title = shorten(bare, titleLength); title == bare {
			return title, at + len(line)
		}
		return title, at + strings.Index(line, bare) + len(strings.TrimSuffix(title, "…"))
	}
	return "", 0
}

// previewOf returns the first words of d behind its title, on one line.
func previewOf(d *crdt.Doc) string {
	head := d.Slice(0, min(d.Len(), titleSearch))
	_, end := titleIn(head)
	from := utf8.RuneCountInString(head[:end])
	return fold(d.Slice(from, min(d.Len(), from+previewSearch)), previewLength)
}

// fold makes one line of text: each run of spaces, line ends and control characters is one space. It is cut at
// at most n code points.
func fold(text string, n int) string {
	words := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
	return shorten(strings.Join(words, " "), n)
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
