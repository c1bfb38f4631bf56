package crdttest

import (
	"fmt"
	"strings"

	"inkling/crdt"
)

// View keeps a text and its paragraphs as a window does: it follows patches and
// reads from the document only what a patch says is new.
type View struct {
	text       []rune
	paragraphs []string
}

// NewView returns a view of an empty text.
func NewView() *View { return &View{paragraphs: []string{""}} }

const (
	unread          = -1        // a code point that a patch inserted
	unreadParagraph = "\xffnew" // not valid UTF-8, so no real paragraph
)

// Follow makes p's edits, reads what is new from text, the document's text after
// them, and says whether the view then equals it.
func (v *View) Follow(p crdt.Patch, text string) error {
	for i, e := range p {
		if err := v.edit(e); err != nil {
			return fmt.Errorf("edit %d of %+v: %w", i, p, err)
		}
	}
	if err := v.read(text); err != nil {
		return fmt.Errorf("after %+v: %w", p, err)
	}
	return nil
}

func (v *View) edit(e crdt.Edit) error {
	if e.At < 0 || e.At+e.Removed > len(v.text) || e.Line < 0 || e.Line+e.LinesRemoved >= len(v.paragraphs) {
		return fmt.Errorf("outside a text of %d in %d paragraphs", len(v.text), len(v.paragraphs))
	}
	if e.Removed == 0 && e.Inserted == 0 {
		return fmt.Errorf("changes nothing")
	}
	if line, sure := newlines(v.text[:e.At]); sure && line != e.Line {
		return fmt.Errorf("offset %d lies in paragraph %d, not %d", e.At, line, e.Line)
	}
	if n, sure := newlines(v.text[e.At : e.At+e.Removed]); sure && n != e.LinesRemoved {
		return fmt.Errorf("it removes %d newlines, not %d", n, e.LinesRemoved)
	}
	inserted := make([]rune, e.Inserted)
	for i := range inserted {
		inserted[i] = unread
	}
	v.text = append(append(append([]rune{}, v.text[:e.At]...), inserted...), v.text[e.At+e.Removed:]...)
	fresh := make([]string, e.LinesInserted+1)
	for i := range fresh {
		fresh[i] = unreadParagraph
	}
	v.paragraphs = append(append(append([]string{}, v.paragraphs[:e.Line]...), fresh...), v.paragraphs[e.Line+e.LinesRemoved+1:]...)
	return nil
}

// newlines counts newlines; it is not sure when some of text is unread.
func newlines(text []rune) (n int, sure bool) {
	for _, r := range text {
		switch r {
		case unread:
			return 0, false
		case '\n':
			n++
		}
	}
	return n, true
}

func (v *View) read(text string) error {
	now := []rune(text)
	if len(now) != len(v.text) {
		return fmt.Errorf("%d code points, want %d", len(v.text), len(now))
	}
	for i, r := range v.text {
		if r != unread && r != now[i] {
			return fmt.Errorf("at %d %q, want %q", i, r, now[i])
		}
	}
	paragraphs := strings.Split(text, "\n")
	if len(paragraphs) != len(v.paragraphs) {
		return fmt.Errorf("%d paragraphs, want %d", len(v.paragraphs), len(paragraphs))
	}
	for i, p := range v.paragraphs {
		if p != unreadParagraph && p != paragraphs[i] {
			return fmt.Errorf("paragraph %d is %q, want %q", i, p, paragraphs[i])
		}
	}
	v.text, v.paragraphs = now, paragraphs
	return nil
}
