package editor

import (
	"slices"

	"fyne.io/fyne/v2"

	"inkling/editor/layout"
	"inkling/editor/model"
)

const (
	// maxKept bounds the paragraphs that stay set, in number and code points:
	// some windows full of short ones, or one very long one and what is near it.
	maxKept      = 512
	maxKeptRunes = 1 << 20
	// fetchAhead is how many paragraphs one View copies, so that filling a window
	// takes few of them, and fetchRunes how many code points before it stops.
	fetchAhead = 16
	fetchRunes = 4096
)

// spot is a place in the version that the flow has seen.
type spot struct{ paragraph, rune int }

// flow is the document as set paragraphs: the heights of all of them, and those
// near the window ready to draw.
type flow struct {
	doc     model.Document
	setter  *layout.Setter
	page    page
	version uint64
	started bool
	index   *layout.Index
	kept    []kept // by number, without gaps only where the window is
	runes   int    // in kept
	// hold is the place that the window hangs on; holdAnchor finds it again when
	// the document has no patch.
	hold       int
	holdAnchor model.Anchor
}

// kept is a paragraph that was fetched; set is nil until it is needed.
type kept struct {
	number int
	text   string
	runes  int
	set    *layout.Paragraph
}

// firstSize is the page that is assumed until the window tells its own.
var firstSize = fyne.NewSize(900, 700)

func newFlow(doc model.Document) *flow {
	f := &flow{doc: doc, setter: layout.NewSetter(faces())}
	f.setPage(newPage(firstSize, 1))
	return f
}

// setPage lays everything out anew if the page is another.
func (f *flow) setPage(p page) {
	if p != f.page {
		f.page = p
		f.reset()
	}
}

// reset forgets all that was set; the next look starts anew.
func (f *flow) reset() {
	f.kept, f.runes = nil, 0
	f.index = nil
}

// look catches up with the document and calls use, which may be nil, with its
// text.
func (f *flow) look(use func(t model.Text)) {
	f.doc.View(f.version, func(t model.Text) {
		f.follow(t)
		if use != nil {
			use(t)
		}
	})
}

// steady does f and does it again if the document moved on meanwhile: the spots
// that f worked with were those of an older version.
func (f *flow) steady(do func()) {
	for {
		f.look(nil)
		version := f.version
		do()
		if f.version == version {
			return
		}
	}
}

func (f *flow) follow(t model.Text) {
	patch, ok := t.Patch()
	switch {
	case f.started && ok:
		f.apply(patch)
	default:
		f.kept, f.runes, f.index = nil, 0, nil
		if f.holdAnchor != nil {
			f.hold = t.Offset(f.holdAnchor)
		}
	}
	if f.index == nil {
		f.index = layout.NewIndex(t.Paragraphs(), f.page.estimate(t.Len(), t.Paragraphs()))
	}
	f.version, f.started = t.Version(), true
}

func (f *flow) apply(patch model.Patch) {
	f.hold = patch.Carry(f.hold, false)
	for _, e := range patch {
		if f.index != nil {
			f.index.Splice(e.Line, e.LinesRemoved+1, e.LinesInserted+1)
		}
		f.kept = slices.DeleteFunc(f.kept, func(k kept) bool {
			gone := k.number >= e.Line && k.number <= e.Line+e.LinesRemoved
			if gone {
				f.runes -= k.runes
			}
			return gone
		})
		for i := range f.kept {
			if f.kept[i].number > e.Line {
				f.kept[i].number += e.LinesInserted - e.LinesRemoved
			}
		}
	}
}

// len is the number of paragraphs.
func (f *flow) len() int { return f.index.Len() }

// paragraph returns paragraph i, set. It may have to look at the document, which
// may move on by that: see steady.
func (f *flow) paragraph(i int) *layout.Paragraph {
	i = min(max(i, 0), f.len()-1)
	at, ok := f.find(i)
	for !ok {
		f.fetch(i)
		i = min(i, f.len()-1)
		at, ok = f.find(i)
	}
	k := &f.kept[at]
	if k.set == nil {
		k.set = f.setter.Set(k.text, f.page.style(i, k.runes), f.page.measure)
		k.text = ""
		f.index.Set(i, k.set.Height())
	}
	return k.set
}

func (f *flow) find(i int) (at int, ok bool) {
	return slices.BinarySearchFunc(f.kept, i, func(k kept, i int) int { return k.number - i })
}

// fetch copies paragraph i and some that follow it.
func (f *flow) fetch(i int) {
	f.look(func(t model.Text) {
		copied := 0
		for n := i; n < min(i+fetchAhead, t.Paragraphs()) && copied < fetchRunes; n++ {
			at, ok := f.find(n)
			if ok {
				continue
			}
			start := t.Start(n)
			k := kept{number: n, text: t.Paragraph(n)}
			k.runes = t.Len() - start
			if n+1 < t.Paragraphs() {
				k.runes = t.Start(n+1) - start
			}
			f.kept = slices.Insert(f.kept, at, k)
			f.runes += k.runes
			copied += k.runes
		}
	})
	f.trim(i)
}

// trim drops the paragraphs that are farthest from i.
func (f *flow) trim(i int) {
	for len(f.kept) > fetchAhead && (len(f.kept) > maxKept || f.runes > maxKeptRunes) {
		last := len(f.kept) - 1
		drop := 0
		if f.kept[last].number-i > i-f.kept[0].number {
			drop = last
		}
		f.runes -= f.kept[drop].runes
		f.kept = slices.Delete(f.kept, drop, drop+1)
	}
}

// spot returns where an offset of the text is.
func (f *flow) spot(t model.Text, offset int) spot {
	i := t.ParagraphAt(offset)
	return spot{i, offset - t.Start(i)}
}

// locate returns the spot of a place of any version.
func (f *flow) locate(at model.Place) (s spot) {
	for {
		f.doc.View(at.Version, func(t model.Text) {
			if patch, ok := t.Patch(); ok {
				at.Offset = patch.Carry(at.Offset, false)
			}
			at.Version, at.Offset = t.Version(), min(at.Offset, t.Len())
			s = f.spot(t, at.Offset)
		})
		if f.look(nil); at.Version == f.version {
			return s
		}
	}
}

// place returns the place of a spot.
func (f *flow) place(s spot, lineEnd bool) (at model.Place) {
	f.look(func(t model.Text) {
		i := min(s.paragraph, t.Paragraphs()-1)
		at = model.Place{Version: t.Version(), Offset: min(t.Start(i)+s.rune, t.Len()), LineEnd: lineEnd}
	})
	return at
}
