package model

// Pen is one window's place in a document: its selection, and the commands that
// move it and write with it.
type Pen struct {
	doc       Document
	selection Selection
	// lineEnd: the caret is drawn at the end of the line above a soft break.
	lineEnd bool
	// wish is the x that Up and Down try to keep; valid while wished.
	wish   int
	wished bool
	// grain and pivot are what a press of the mouse selected first: a drag
	// always keeps it.
	grain  Grain
	pivot  Selection
	streak streak
}

// NewPen returns a pen with its caret at the start of the text.
func NewPen(doc Document) *Pen {
	p := &Pen{doc: doc}
	p.change(0, func(Text) (int, int) { return 0, 0 })
	return p
}

// Selection returns where the pen is.
func (p *Pen) Selection() Selection { return p.selection }

// Select puts the selection between two anchors of the document. A nil one
// means: at the other one, and both nil: the start of the text.
func (p *Pen) Select(tail, head Anchor) {
	p.change(0, func(t Text) (int, int) {
		switch {
		case tail == nil && head == nil:
			return 0, 0
		case tail == nil:
			tail = head
		case head == nil:
			head = tail
		}
		return t.Offset(tail), t.Offset(head)
	})
}

// SelectAll selects the whole text.
func (p *Pen) SelectAll() {
	p.change(0, func(t Text) (int, int) { return 0, t.Len() })
}

// Move takes the caret along the motion. With extend the tail stays.
func (p *Pen) Move(m Motion, extend bool) {
	p.change(0, func(t Text) (int, int) {
		tail, head := p.offsets(t)
		switch {
		case !extend && m.collapse && tail != head && m.forward:
			head = max(tail, head)
		case !extend && m.collapse && tail != head:
			head = min(tail, head)
		default:
			head = m.to(t, head)
		}
		if !extend {
			tail = head
		}
		return tail, head
	})
}

// MoveLines takes the caret n lines down (up, for n < 0), keeping the x it had
// when the first of several such moves began.
func (p *Pen) MoveLines(lines Lines, n int, extend bool) {
	at := p.Caret()
	x := p.wish
	if !p.wished {
		x = lines.X(at)
	}
	p.moveTo(lines.Below(at, n, x), extend)
	p.wish, p.wished = x, true
}

// MoveToEdge takes the caret to the start or the end of its line.
func (p *Pen) MoveToEdge(lines Lines, end, extend bool) {
	p.moveTo(lines.Edge(p.Caret(), end), extend)
}

func (p *Pen) moveTo(at Place, extend bool) {
	p.change(at.Version, func(t Text) (int, int) {
		head := locate(t, at)
		tail := head
		if extend {
			tail = t.Offset(p.selection.Tail)
		}
		return tail, head
	})
	p.lineEnd = at.LineEnd
}

// Press is a press of the mouse: it selects the grain at the place or, with
// extend, up to the place.
func (p *Pen) Press(at Place, grain Grain, extend bool) {
	if extend {
		p.moveTo(at, true)
		p.grain, p.pivot = ByCharacter, Selection{p.selection.Tail, p.selection.Tail}
		return
	}
	p.change(at.Version, func(t Text) (int, int) {
		return grain.around(t, locate(t, at))
	})
	p.lineEnd = at.LineEnd && grain == ByCharacter
	p.grain, p.pivot = grain, p.selection
}

// Drag selects from what was pressed to the place, by whole grains.
func (p *Pen) Drag(to Place) {
	p.change(to.Version, func(t Text) (int, int) {
		from, end := t.Offset(p.pivot.Tail), t.Offset(p.pivot.Head)
		a, b := p.grain.around(t, locate(t, to))
		if a < from {
			return end, a
		}
		return from, max(b, end)
	})
	p.lineEnd = to.LineEnd && p.grain == ByCharacter
}

// Caret returns where the head is now.
func (p *Pen) Caret() Place {
	var at Place
	p.doc.View(0, func(t Text) {
		at = Place{t.Version(), t.Offset(p.selection.Head), p.lineEnd}
	})
	return at
}

// change sets the selection to the offsets that f returns and forgets what only
// lasts from one move to the next. The edges of a selection cling to the text
// inside it, so that what others write beside it stays outside; a caret clings
// to the character before it.
func (p *Pen) change(since uint64, f func(t Text) (tail, head int)) {
	p.doc.View(since, func(t Text) {
		tail, head := f(t)
		p.selection = Selection{t.Anchor(tail, tail >= head), t.Anchor(head, head >= tail)}
	})
	p.lineEnd, p.wished, p.streak = false, false, streak{}
}

func (p *Pen) offsets(t Text) (tail, head int) {
	return t.Offset(p.selection.Tail), t.Offset(p.selection.Head)
}
