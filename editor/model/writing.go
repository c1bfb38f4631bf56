package model

import (
	"strings"
	"time"
	"unicode"
)

// pause ends an undo step: after it, typing is a new thought.
const pause = time.Second

// streak is a row of like edits that undo takes back together.
type streak struct {
	kind stroke
	last time.Time
}

type stroke int

const (
	nothing stroke = iota
	typing
	erasingLeft
	erasingRight
)

// Type writes what a key gave in the place of the selection. Control characters
// other than tab and newline are ignored. It reports whether the text changed.
func (p *Pen) Type(text string, now time.Time) bool {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\t' && r != '\n' {
			return -1
		}
		return r
	}, text)
	if text == "" {
		return false
	}
	version, from, to := p.span()
	p.stroke(typing, from != to || strings.Contains(text, "\n"), now)
	return p.replace(version, from, to, text)
}

// Paste writes foreign text in the place of the selection, as an undo step of
// its own: "\r\n" and "\r" become "\n", bytes that are not UTF-8 U+FFFD. It
// reports whether the text changed.
func (p *Pen) Paste(text string) bool {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	text = strings.ToValidUTF8(text, "\uFFFD")
	version, from, to := p.span()
	if text == "" && from == to {
		return false
	}
	p.doc.BreakUndo()
	p.streak = streak{}
	return p.replace(version, from, to, text)
}

// Delete removes the selection or, where there is none, the text between the
// caret and where the motion leads. It reports whether the text changed.
func (p *Pen) Delete(m Motion, now time.Time) bool {
	version, from, to := p.span()
	selected := from != to
	if !selected {
		p.doc.View(0, func(t Text) {
			head := t.Offset(p.selection.Head)
			there := m.to(t, head)
			version, from, to = t.Version(), min(head, there), max(head, there)
		})
	}
	if from == to {
		return false
	}
	kind := erasingLeft
	if m.forward {
		kind = erasingRight
	}
	p.stroke(kind, selected, now)
	return p.replace(version, from, to, "")
}

// Cut removes the selection and returns it; "" if there is none.
func (p *Pen) Cut() string {
	text := p.Selected()
	if text != "" {
		p.Paste("")
	}
	return text
}

// Undo takes back this person's newest step and puts the caret there.
func (p *Pen) Undo() bool { return p.recall(p.doc.Undo) }

// Redo takes back the newest Undo.
func (p *Pen) Redo() bool { return p.recall(p.doc.Redo) }

func (p *Pen) recall(step func() (Anchor, bool)) bool {
	at, ok := step()
	if ok {
		p.Select(at, at)
	}
	return ok
}

// sliceLen is how many code points Selected copies in one View, so that the
// document is never locked for long.
const sliceLen = 1 << 15

// Selected returns the selected text. Others may write while a long selection
// is copied; what they write behind the part already copied is in it.
func (p *Pen) Selected() string {
	var b strings.Builder
	var next, end Anchor
	p.doc.View(0, func(t Text) {
		from, to := p.ordered(t)
		next, end = t.Anchor(from, true), t.Anchor(to, true)
	})
	for more := true; more; {
		p.doc.View(0, func(t Text) {
			from, to := t.Offset(next), t.Offset(end)
			stop := min(from+sliceLen, to)
			copyText(&b, t, from, stop)
			next, more = t.Anchor(stop, true), stop < to
		})
	}
	return b.String()
}

func copyText(b *strings.Builder, t Text, from, to int) {
	for i := t.ParagraphAt(from); from < to; i++ {
		s, start := t.Paragraph(i), t.Start(i)
		s = s[byteAt(s, from-start):]
		end := byteAt(s, to-from)
		b.WriteString(s[:end])
		from += runesTo(s, end)
		if from < to {
			b.WriteByte('\n')
			from++
		}
	}
}

// span returns the selection as offsets of a version.
func (p *Pen) span() (version uint64, from, to int) {
	p.doc.View(0, func(t Text) {
		version = t.Version()
		from, to = p.ordered(t)
	})
	return version, from, to
}

func (p *Pen) ordered(t Text) (from, to int) {
	tail, head := p.offsets(t)
	return min(tail, head), max(tail, head)
}

// replace writes, and puts the caret behind what was written. It reports whether the
// document took it.
func (p *Pen) replace(version uint64, from, to int, text string) bool {
	at, ok := p.doc.Replace(version, from, to, text)
	if ok {
		p.selection = Selection{at, at}
		p.lineEnd, p.wished = false, false
	}
	return ok
}

// stroke notes an edit of the kind and starts a new undo step where the person
// would expect one: fresh asks for it, else a pause or another kind does.
func (p *Pen) stroke(kind stroke, fresh bool, now time.Time) {
	if fresh || kind != p.streak.kind || now.Sub(p.streak.last) > pause {
		p.doc.BreakUndo()
	}
	p.streak = streak{kind, now}
}
