package editor

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"inkling/editor/model"
)

// Editor is the widget.
type Editor struct {
	widget.BaseWidget
	// OnSelection, if set, is called when the caret or the selection has moved,
	// also by an edit of this person.
	OnSelection func(tail, head model.Anchor)
	// OnEdited, if set, is called when this person has edited the text.
	OnEdited func()
	// After calls f on the Fyne goroutine when d has passed, unless it is stopped
	// before. New sets it to a timer and fyne.Do. Fyne's test driver runs fyne.Do
	// on the timer's goroutine, so tests put their own.
	After func(d time.Duration, f func()) (stop func())

	doc      model.Document
	pen      *model.Pen
	told     model.Selection // what OnSelection was told last
	flow     *flow
	view     viewport
	look     look
	blink    blink
	pointer  pointer
	others   []*other
	renderer *renderer
	shift    bool // a shift key is down
	now      func() time.Time
}

var (
	_ fyne.Widget        = (*Editor)(nil)
	_ fyne.Focusable     = (*Editor)(nil)
	_ fyne.Shortcutable  = (*Editor)(nil)
	_ fyne.Tabbable      = (*Editor)(nil)
	_ fyne.Draggable     = (*Editor)(nil)
	_ fyne.Scrollable    = (*Editor)(nil)
	_ desktop.Keyable    = (*Editor)(nil)
	_ desktop.Mouseable  = (*Editor)(nil)
	_ desktop.Cursorable = (*Editor)(nil)
)

// New returns an editor for the document with the caret at its start.
func New(doc model.Document) *Editor {
	e := &Editor{After: afterOnFyne, now: time.Now}
	e.ExtendBaseWidget(e)
	e.SetDocument(doc, nil, nil)
	facesChanged.add(e)
	return e
}

func afterOnFyne(d time.Duration, f func()) func() {
	t := time.AfterFunc(d, func() { fyne.Do(f) })
	return func() { t.Stop() }
}

// SetDocument shows another document, selected from tail to head. A nil anchor
// stands for the other one, two for the start of the text.
func (e *Editor) SetDocument(doc model.Document, tail, head model.Anchor) {
	e.doc, e.pen = doc, model.NewPen(doc)
	e.pen.Select(tail, head)
	e.told = e.pen.Selection()
	e.flow, e.view = newFlow(doc), viewport{}
	e.SetCarets(nil)
	e.pointer.release()
	e.reveal()
	e.Refresh()
}

// Selection returns the two ends of the selection; head is where the caret is.
func (e *Editor) Selection() (tail, head model.Anchor) {
	s := e.pen.Selection()
	return s.Tail, s.Head
}

// Refresh shows what is new in the document and in the theme.
func (e *Editor) Refresh() {
	if e.renderer == nil || e.Size().IsZero() {
		return
	}
	e.renderer.update()
}

// CreateRenderer implements fyne.Widget.
func (e *Editor) CreateRenderer() fyne.WidgetRenderer {
	e.renderer = newRenderer(e)
	return e.renderer
}

// act does something to the pen on behalf of the person and shows it.
func (e *Editor) act(f func()) {
	f()
	e.reveal()
	e.blink.stir(e)
	e.Refresh()
	e.tell()
}

// edit is act for what changes the text; f reports whether it did.
func (e *Editor) edit(f func() bool) {
	var edited bool
	e.act(func() { edited = f() })
	if edited && e.OnEdited != nil {
		e.OnEdited()
	}
}

// tell calls OnSelection if the selection is another than it was told.
func (e *Editor) tell() {
	s := e.pen.Selection()
	if s == e.told {
		return
	}
	e.told = s
	if e.OnSelection != nil {
		e.OnSelection(s.Tail, s.Head)
	}
}

// reveal lets the next update scroll so far that the caret is in the window.
func (e *Editor) reveal() { e.view.reveal = true }
