// Package modeltest supports tests of the editor: Memory, a plain document in
// memory that implements model.Document, and marked text, in which "|" stands
// for the head of the selection and "^" for its tail:
//
//	doc, pen := modeltest.Parse("one ^two|")
//	pen.Delete(model.Left, now)
//	modeltest.Format(doc, pen) // "one |"
//
// Memory is the naive reference: an array of code points with tombstones, every
// call linear in the length of the text. It does not merge, and its Remote
// stands for what another person writes. It is safe for concurrent use.
package modeltest

import (
	"slices"
	"strings"
	"sync"

	"inkling/editor/model"
)

// Memory is a document in memory. The zero value is an empty one.
type Memory struct {
	mu       sync.Mutex
	elements []*element
	// patches[v] led from version v to v+1.
	patches    []model.Patch
	undo, redo []step
	broken     bool
	// Forget makes every Patch answer "too much", as a document does that has
	// dropped its old patches.
	Forget bool
	// ReadOnly makes Replace take no edits.
	ReadOnly bool
	// Views counts the calls of View.
	Views int
}

// element is one code point. Its address is its identity.
type element struct {
	r       rune
	deleted bool
}

// step is what one Undo takes back: the elements it showed or hid, in order.
type step []*element

// anchor is a place beside an element; nil is the edge of the text.
type anchor struct {
	at    *element
	after bool
}

// NewMemory returns a document with the text.
func NewMemory(text string) *Memory {
	m := &Memory{}
	for _, r := range text {
		m.elements = append(m.elements, &element{r: r})
	}
	return m
}

// String returns the text.
func (m *Memory) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return string(m.runes())
}

// View implements model.Document.
func (m *Memory) View(since uint64, f func(model.Text)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Views++
	f(&text{m, m.runes(), since})
}

// Replace implements model.Document.
func (m *Memory) Replace(version uint64, from, to int, s string) (model.Anchor, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ReadOnly {
		return nil, false
	}
	for _, p := range m.patches[version:] {
		from, to = p.Carry(from, false), p.Carry(to, true)
	}
	touched := m.splice(from, max(to, from), s)
	if m.broken || len(m.undo) == 0 {
		m.undo = append(m.undo, nil)
	}
	last := &m.undo[len(m.undo)-1]
	*last = append(*last, touched...)
	m.broken, m.redo = false, nil
	return m.anchor(from+len([]rune(s)), true), true
}

// Remote is an edit by somebody else.
func (m *Memory) Remote(from, to int, s string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.splice(from, to, s)
}

// BreakUndo implements model.Document.
func (m *Memory) BreakUndo() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = true
}

// Undo implements model.Document.
func (m *Memory) Undo() (model.Anchor, bool) { return m.recall(&m.undo, &m.redo) }

// Redo implements model.Document.
func (m *Memory) Redo() (model.Anchor, bool) { return m.recall(&m.redo, &m.undo) }

func (m *Memory) recall(from, to *[]step) (model.Anchor, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(*from) == 0 {
		return nil, false
	}
	last := (*from)[len(*from)-1]
	*from = (*from)[:len(*from)-1]
	var at model.Anchor
	for _, e := range slices.Backward(last) {
		m.toggle(e)
		if a := (anchor{e, true}); at == nil || m.offset(a) > m.offset(at) {
			at = a
		}
	}
	back := slices.Clone(last)
	slices.Reverse(back)
	*to = append(*to, back)
	m.broken = true
	return at, true
}

// splice replaces visible text and returns the elements it hid and made.
func (m *Memory) splice(from, to int, s string) []*element {
	i := m.index(from)
	removed := m.runes()[from:to]
	var touched []*element
	for j, left := i, to-from; left > 0; j++ {
		if e := m.elements[j]; !e.deleted {
			e.deleted = true
			touched = append(touched, e)
			left--
		}
	}
	var made []*element
	for _, r := range s {
		made = append(made, &element{r: r})
	}
	m.elements = slices.Insert(m.elements, i, made...)
	m.note(from, string(removed), s)
	return append(touched, made...)
}

func (m *Memory) toggle(e *element) {
	at := 0
	for _, x := range m.elements {
		if x == e {
			break
		}
		if !x.deleted {
			at++
		}
	}
	if e.deleted = !e.deleted; e.deleted {
		m.note(at, string(e.r), "")
	} else {
		m.note(at, "", string(e.r))
	}
}

// note records an edit that has been made.
func (m *Memory) note(at int, removed, inserted string) {
	line := 0
	for _, r := range m.runes()[:at] {
		if r == '\n' {
			line++
		}
	}
	m.patches = append(m.patches, model.Patch{{
		At: at, Removed: len([]rune(removed)), Inserted: len([]rune(inserted)),
		Line: line, LinesRemoved: strings.Count(removed, "\n"), LinesInserted: strings.Count(inserted, "\n"),
	}})
}

// index returns the element index of a visible offset: behind the visible
// element before it.
func (m *Memory) index(offset int) int {
	for i, e := range m.elements {
		if offset == 0 {
			return i
		}
		if !e.deleted {
			offset--
		}
	}
	return len(m.elements)
}

func (m *Memory) runes() []rune {
	var r []rune
	for _, e := range m.elements {
		if !e.deleted {
			r = append(r, e.r)
		}
	}
	return r
}

func (m *Memory) anchor(offset int, after bool) model.Anchor {
	i := m.index(offset)
	if after {
		if i == 0 {
			return anchor{nil, true}
		}
		return anchor{m.elements[i-1], true}
	}
	for ; i < len(m.elements); i++ {
		if !m.elements[i].deleted {
			return anchor{m.elements[i], false}
		}
	}
	return anchor{nil, false}
}

func (m *Memory) offset(a model.Anchor) int {
	at, ok := a.(anchor)
	if !ok || at.at == nil && at.after {
		return 0
	}
	n := 0
	for _, e := range m.elements {
		if e == at.at {
			if at.after && !e.deleted {
				n++
			}
			return n
		}
		if !e.deleted {
			n++
		}
	}
	return n
}
