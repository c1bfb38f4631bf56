package modeltest

import (
	"strings"

	"inkling/editor/model"
)

// Parse returns the document and the pen that the marked text stands for.
// Without "^" the tail is where the head is; without "|" it panics.
func Parse(marked string) (*Memory, *model.Pen) {
	plain := strings.NewReplacer("|", "", "^", "").Replace(marked)
	doc := NewMemory(plain)
	head := offsetOf(marked, '|')
	if head < 0 {
		panic("modeltest: no | in " + marked)
	}
	tail := offsetOf(marked, '^')
	if tail < 0 {
		tail = head
	}
	pen := model.NewPen(doc)
	pen.Select(doc.anchor(tail, tail >= head), doc.anchor(head, head >= tail))
	return doc, pen
}

// Format is the marked text for a document and a selection in it.
func Format(doc *Memory, pen *model.Pen) string {
	var out string
	doc.View(0, func(t model.Text) {
		s := pen.Selection()
		tail, head := t.Offset(s.Tail), t.Offset(s.Head)
		for i, r := range append(doc.runes(), 0) {
			if i == tail && tail != head {
				out += "^"
			}
			if i == head {
				out += "|"
			}
			out += string(r)
		}
	})
	return strings.TrimSuffix(out, "\x00")
}

// offsetOf returns the offset of the mark in code points without marks, -1 if
// it is not there.
func offsetOf(marked string, mark rune) int {
	n := 0
	for _, r := range marked {
		switch {
		case r == mark:
			return n
		case r != '|' && r != '^':
			n++
		}
	}
	return -1
}
