package editor

import (
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"golang.org/x/image/math/fixed"

	"inkling/editor/layout"
	"inkling/editor/model"
)

// renderer holds the objects of the window: selections, then lines, carets and
// flags above them. They are taken from pools and only touched where something
// has changed.
type renderer struct {
	e         *Editor
	objects   []fyne.CanvasObject
	sheet     sheet
	blocks    pool[canvas.Rectangle] // selections
	bars      pool[canvas.Rectangle] // others' carets and their flags
	names     pool[canvas.Text]
	margin    map[int]int // how far names reach into the left margin, by the top of their line
	caret     *canvas.Rectangle
	scrollbar *canvas.Rectangle
	// nudge moves objects from the widget's corner to whole device pixels.
	nudge fyne.Delta
}

func newRenderer(e *Editor) *renderer {
	r := &renderer{e: e, caret: &canvas.Rectangle{}, scrollbar: &canvas.Rectangle{}}
	r.sheet.init()
	return r
}

// Layout implements fyne.WidgetRenderer.
func (r *renderer) Layout(fyne.Size) { r.e.Refresh() }

// MinSize implements fyne.WidgetRenderer.
func (r *renderer) MinSize() fyne.Size { return fyne.NewSize(160, 80) }

// Refresh implements fyne.WidgetRenderer.
func (r *renderer) Refresh() { r.e.Refresh() }

// Objects implements fyne.WidgetRenderer.
func (r *renderer) Objects() []fyne.CanvasObject { return r.objects }

// Destroy implements fyne.WidgetRenderer.
func (r *renderer) Destroy() {
	r.e.blink.rest()
	r.e.pointer.release()
	for _, o := range r.e.others {
		o.lower()
	}
	if r.e.renderer == r {
		r.e.renderer = nil
	}
}

// update lays out what is in the window and puts its objects in place.
func (r *renderer) update() {
	e := r.e
	scale := r.measure()
	if e.flow.page.size != e.Size() || e.flow.page.scale != scale {
		e.flow.setPage(newPage(e.Size(), scale))
		e.view.placed = e.view.placed && !e.view.atStart
	}
	if e.look.read() {
		r.sheet.forget()
	}
	e.view.fill(e.flow, e.pen.Caret())
	r.place(r.marks())
	canvas.Refresh(e)
}

// measure returns the device pixels per unit, and sets the nudge.
func (r *renderer) measure() float32 {
	driver := fyne.CurrentApp().Driver()
	c := driver.CanvasForObject(r.e)
	if c == nil {
		return 1
	}
	// The canvas tells only rounded pixels; over a long way that is exact enough.
	const far = 1 << 14
	px, _ := c.PixelCoordinateForPosition(fyne.NewPos(far, 0))
	scale := float32(px) / far
	at := driver.AbsolutePositionForObject(r.e)
	snap := func(v float32) float32 {
		return float32(math.Round(float64(v*scale)))/scale - v
	}
	r.nudge = fyne.Delta{DX: snap(at.X), DY: snap(at.Y)}
	return scale
}

// marks are the selection and the others' carets as spots.
type marks struct {
	own    mark
	others []mark
}

// mark is a selection from … to with the caret at head.
type mark struct{ from, to, head spot }

func (r *renderer) marks() (m marks) {
	e := r.e
	e.flow.steady(func() {
		e.flow.look(func(t model.Text) {
			s := e.pen.Selection()
			m = marks{own: e.flow.mark(t, s.Tail, s.Head)}
			for _, o := range e.others {
				m.others = append(m.others, e.flow.mark(t, o.Tail, o.Head))
			}
		})
	})
	return m
}

func (f *flow) mark(t model.Text, tail, head model.Anchor) mark {
	at := t.Offset(head)
	from := at
	if tail != nil {
		from = t.Offset(tail)
	}
	return mark{f.spot(t, min(from, at)), f.spot(t, max(from, at)), f.spot(t, at)}
}

// place puts all objects in place.
func (r *renderer) place(m marks) {
	e, page := r.e, &r.e.flow.page
	r.blocks.reset()
	r.bars.reset()
	r.names.reset()
	r.margin = map[int]int{}
	r.objects = r.objects[:0]
	for i, o := range e.others {
		tint := o.Color
		tint.A = 48
		r.selection(m.others[i], tint)
	}
	r.selection(m.own, e.look.selection)
	for _, l := range r.sheet.show(e.view.lines, e.look.tone, page.left) {
		if l.image.Pixels != nil {
			size := l.image.Pixels.Rect.Size()
			r.put(l.raster, l.x, l.y, size.X, size.Y)
		}
	}
	for i, o := range e.others {
		r.other(o, m.others[i].head)
	}
	r.ownCaret(m.own.head)
	if top, height := e.view.thumb(page); height > 0 {
		w := page.px(thumbWidth)
		r.scrollbar.FillColor, r.scrollbar.CornerRadius = e.look.scrollbar, thumbWidth/2
		r.put(r.scrollbar, page.width-w-page.px(thumbGap), top, w, height)
	}
}

// put shows an object at a place in device pixels.
func (r *renderer) put(o fyne.CanvasObject, x, y, w, h int) {
	p := &r.e.flow.page
	o.Resize(fyne.NewSize(p.units(w), p.units(h)))
	o.Move(fyne.NewPos(p.units(x), p.units(y)).Add(r.nudge))
	r.objects = append(r.objects, o)
}

// selection puts blocks behind the selected text.
func (r *renderer) selection(m mark, c color.NRGBA) {
	if m.from == m.to {
		return
	}
	for i := range r.e.view.lines {
		l := &r.e.view.lines[i]
		if l.paragraph < m.from.paragraph || l.paragraph > m.to.paragraph {
			continue
		}
		from, to, line := 0, l.set.Len()+1, l.set.Lines()[l.line]
		if l.paragraph == m.from.paragraph {
			from = m.from.rune
		}
		if l.paragraph == m.to.paragraph {
			to = m.to.rune
		}
		extents := l.set.Extents(l.line, from, to)
		// The end of a selected paragraph is a short stretch behind its text.
		if end := l.set.Len(); from <= end && to > end && line.End == end {
			x := l.set.X(end, false)
			extents = append(extents, layout.Extent{Left: x, Right: x + l.set.Style().Size/3})
		}
		for _, x := range extents {
			r.block(l, x, to > l.set.Len(), c)
		}
	}
}

// block puts one block behind a line. Where the selection goes on in the next
// paragraph, it covers the space up to that.
func (r *renderer) block(l *visibleLine, x layout.Extent, goesOn bool, c color.NRGBA) {
	b := r.blocks.next()
	b.FillColor = c
	height := l.set.Style().Leading
	if goesOn && l.line == len(l.set.Lines())-1 {
		height += l.set.Style().After
	}
	r.put(b, r.e.flow.page.left+x.Left.Round(), l.y, (x.Right - x.Left).Ceil(), height)
}

// ownCaret puts the caret of this person.
func (r *renderer) ownCaret(head spot) {
	lineEnd := r.e.pen.Caret().LineEnd
	l, ok := r.e.view.find(head, lineEnd)
	if !ok {
		return
	}
	r.caret.FillColor = r.e.look.caret
	r.caret.Hidden = !r.e.blink.shown()
	x, y, w, h := r.bar(l, head, lineEnd)
	r.put(r.caret, x, y, w, h)
}

// showCaret shows or hides the own caret after a blink.
func (r *renderer) showCaret() {
	if r.e.blink.shown() {
		r.caret.Show()
	} else {
		r.caret.Hide()
	}
}

// bar returns where a caret stands: between letters, from above the ascenders to
// the descenders.
func (r *renderer) bar(l *visibleLine, head spot, lineEnd bool) (x, y, w, h int) {
	page, style := &r.e.flow.page, l.set.Style()
	w = max(1, page.px(1.6))
	x = page.left + l.set.X(head.rune, lineEnd).Round() - w/2
	above, below := scaled(style.Size, 0.86), scaled(style.Size, 0.28)
	return x, l.y + style.Baseline - above, w, above + below
}

func scaled(size fixed.Int26_6, by float64) int { return int(float64(size)/64*by + 0.5) }
