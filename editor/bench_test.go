package editor

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"inkling/editor/model"
)

// stack is a document whose own costs do not grow with its length, so that a
// benchmark measures the editor: paragraphs of the same length, of which only
// one may be written in, at its end. Anchors do not move.
type stack struct {
	paragraph string // of all but the one being written
	n, at     int
	written   string
	version   uint64
}

type stackText struct {
	*stack
	since uint64
}

func (s *stack) View(since uint64, f func(model.Text)) { f(stackText{s, since}) }

func (s *stack) Replace(_ uint64, from, to int, text string) (model.Anchor, bool) {
	if to-from > 0 {
		s.written = s.written[:len(s.written)-(to-from)]
	}
	s.written += text
	s.version++
	return from + len(text), true
}

func (s *stack) BreakUndo()                 {}
func (s *stack) Undo() (model.Anchor, bool) { return nil, false }
func (s *stack) Redo() (model.Anchor, bool) { return nil, false }

func (t stackText) Version() uint64 { return t.version }

func (t stackText) Patch() (model.Patch, bool) {
	var p model.Patch
	for range t.version - t.since {
		p = append(p, model.Edit{At: t.Start(t.at), Inserted: 1, Line: t.at})
	}
	return p, true
}

func (t stackText) Len() int        { return t.Start(t.n-1) + len(t.Paragraph(t.n-1)) }
func (t stackText) Paragraphs() int { return t.n }

func (t stackText) Paragraph(i int) string {
	if i == t.at {
		return t.written
	}
	return t.paragraph
}

func (t stackText) Start(i int) int {
	start := i * (len(t.paragraph) + 1)
	if i > t.at {
		start += len(t.written) - len(t.paragraph)
	}
	return start
}

func (t stackText) ParagraphAt(offset int) int {
	i := min(offset/(len(t.paragraph)+1), t.at)
	if end := t.Start(t.at) + len(t.written); i == t.at && offset > end {
		i += 1 + (offset-end-1)/(len(t.paragraph)+1)
	}
	return min(i, t.n-1)
}

func (t stackText) Anchor(offset int, _ bool) model.Anchor { return offset }

func (t stackText) Offset(a model.Anchor) int {
	offset, _ := a.(int)
	return min(offset, t.Len())
}

// benchDesk is an editor in the middle of a document of the size in bytes.
func benchDesk(b *testing.B, size int) *Editor {
	test.NewTempApp(b)
	paragraph := strings.TrimSpace(strings.Repeat("It was the coldest morning of the year. ", 10))
	n := size / (len(paragraph) + 1)
	doc := &stack{paragraph: paragraph, n: n, at: n / 2, written: paragraph}
	e := New(doc)
	e.After = func(time.Duration, func()) func() { return func() {} }
	w := test.NewWindow(e)
	w.Resize(fyne.NewSize(900, 700))
	t := stackText{doc, 0}
	end := t.Start(doc.at) + len(doc.written)
	e.SetDocument(doc, end, end)
	w.Canvas().Focus(e)
	return e
}

// BenchmarkKey is a key from the event until the objects are in place, with the
// lines that changed drawn; half the keys are Backspace.
func BenchmarkKey(b *testing.B) {
	for _, size := range []int{10_000, 10_000_000} {
		b.Run(fmt.Sprintf("%d_bytes", size), func(b *testing.B) {
			e := benchDesk(b, size)
			backspace := &fyne.KeyEvent{Name: fyne.KeyBackspace}
			for i := 0; b.Loop(); i++ {
				if i%2 == 0 {
					e.TypedRune('a' + rune(i/2%26))
				} else {
					e.TypedKey(backspace)
				}
			}
		})
	}
}

// BenchmarkScroll is one turn of the wheel.
func BenchmarkScroll(b *testing.B) {
	for _, size := range []int{10_000, 10_000_000} {
		b.Run(fmt.Sprintf("%d_bytes", size), func(b *testing.B) {
			e := benchDesk(b, size)
			for i := 0; b.Loop(); i++ {
				dy := float32(40)
				if i/8%2 == 0 {
					dy = -dy
				}
				e.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, dy)})
			}
		})
	}
}

// BenchmarkOpen is from the document to the objects of the first window.
func BenchmarkOpen(b *testing.B) {
	for _, size := range []int{10_000, 10_000_000} {
		b.Run(fmt.Sprintf("%d_bytes", size), func(b *testing.B) {
			e := benchDesk(b, size)
			for b.Loop() {
				e.SetDocument(e.doc, nil, nil)
			}
		})
	}
}
