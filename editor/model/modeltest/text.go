package modeltest

import (
	"fmt"
	"strings"

	"inkling/editor/model"
)

// text is a Memory inside one View call.
type text struct {
	m     *Memory
	runes []rune
	since uint64
}

func (t *text) Version() uint64 { return uint64(len(t.m.patches)) }

func (t *text) Patch() (model.Patch, bool) {
	if t.m.Forget {
		return nil, t.since == t.Version()
	}
	var all model.Patch
	for _, p := range t.m.patches[t.since:] {
		all = append(all, p...)
	}
	return all, true
}

func (t *text) Len() int                                   { return len(t.runes) }
func (t *text) Paragraphs() int                            { return t.ParagraphAt(len(t.runes)) + 1 }
func (t *text) Anchor(offset int, after bool) model.Anchor { return t.m.anchor(offset, after) }
func (t *text) Offset(a model.Anchor) int                  { return t.m.offset(a) }

func (t *text) Paragraph(i int) string {
	return strings.Split(string(t.runes), "\n")[i]
}

func (t *text) Start(i int) int {
	if i < 0 || i >= t.Paragraphs() {
		panic(fmt.Sprintf("modeltest: paragraph %d of %d", i, t.Paragraphs()))
	}
	at := 0
	for ; i > 0; at++ {
		if t.runes[at] == '\n' {
			i--
		}
	}
	return at
}

func (t *text) ParagraphAt(offset int) int {
	n := 0
	for _, r := range t.runes[:offset] {
		if r == '\n' {
			n++
		}
	}
	return n
}
