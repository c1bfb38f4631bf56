package editor

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"inkling/editor/model"
)

// TypedRune implements fyne.Focusable.
func (e *Editor) TypedRune(r rune) {
	e.edit(func() bool { return e.pen.Type(string(r), e.now()) })
}

// TypedKey implements fyne.Focusable.
func (e *Editor) TypedKey(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		e.TypedRune('\n')
	case fyne.KeyTab:
		e.TypedRune('\t')
	case fyne.KeyBackspace:
		e.erase(model.Left)
	case fyne.KeyDelete:
		e.erase(model.Right)
	case fyne.KeyLeft:
		e.move(model.Left, e.shift)
	case fyne.KeyRight:
		e.move(model.Right, e.shift)
	case fyne.KeyUp:
		e.act(func() { e.pen.MoveLines(lines{e.flow}, -1, e.shift) })
	case fyne.KeyDown:
		e.act(func() { e.pen.MoveLines(lines{e.flow}, 1, e.shift) })
	case fyne.KeyHome:
		e.act(func() { e.pen.MoveToEdge(lines{e.flow}, false, e.shift) })
	case fyne.KeyEnd:
		e.act(func() { e.pen.MoveToEdge(lines{e.flow}, true, e.shift) })
	case fyne.KeyPageUp:
		e.turn(-1)
	case fyne.KeyPageDown:
		e.turn(1)
	}
}

// TypedShortcut implements fyne.Shortcutable. What is not the editor's goes on
// to the window.
func (e *Editor) TypedShortcut(s fyne.Shortcut) {
	switch s := s.(type) {
	case *fyne.ShortcutUndo:
		e.edit(e.pen.Undo)
	case *fyne.ShortcutRedo:
		e.edit(e.pen.Redo)
	case *fyne.ShortcutSelectAll:
		// The whole text: no part of it is more worth seeing than the present one.
		e.pen.SelectAll()
		e.Refresh()
		e.tell()
	case *fyne.ShortcutCopy:
		if text := e.pen.Selected(); text != "" {
			s.Clipboard.SetContent(text)
		}
	case *fyne.ShortcutCut:
		e.edit(func() bool {
			text := e.pen.Cut()
			if text != "" {
				s.Clipboard.SetContent(text)
			}
			return text != ""
		})
	case *fyne.ShortcutPaste:
		e.edit(func() bool { return e.pen.Paste(s.Clipboard.Content()) })
	case *desktop.CustomShortcut:
		if !e.chord(s) {
			e.forward(s)
		}
	default:
		e.forward(s)
	}
}

// chord does what a key with Ctrl (Command or Option on macOS) means.
func (e *Editor) chord(s *desktop.CustomShortcut) bool {
	shift := s.Modifier&fyne.KeyModifierShift != 0
	if m := s.Modifier &^ fyne.KeyModifierShift; m != fyne.KeyModifierShortcutDefault && m != wordModifier {
		return false
	}
	switch s.KeyName {
	case fyne.KeyLeft:
		e.move(model.WordLeft, shift)
	case fyne.KeyRight:
		e.move(model.WordRight, shift)
	case fyne.KeyHome:
		e.move(model.TextStart, shift)
	case fyne.KeyEnd:
		e.move(model.TextEnd, shift)
	case fyne.KeyBackspace:
		e.erase(model.WordLeft)
	case fyne.KeyDelete:
		e.erase(model.WordRight)
	case fyne.KeyZ:
		if !shift {
			return false
		}
		e.edit(e.pen.Redo)
	default:
		return false
	}
	return true
}

func (e *Editor) forward(s fyne.Shortcut) {
	if c, ok := fyne.CurrentApp().Driver().CanvasForObject(e).(fyne.Shortcutable); ok {
		c.TypedShortcut(s)
	}
}

func (e *Editor) move(m model.Motion, extend bool) {
	e.act(func() { e.pen.Move(m, extend) })
}

func (e *Editor) erase(m model.Motion) {
	e.edit(func() bool { return e.pen.Delete(m, e.now()) })
}

// turn goes one window up or down; the caret keeps its height in the window.
func (e *Editor) turn(pages int) {
	n := max(1, e.flow.page.height/e.flow.page.body.Leading-2) * pages
	at, visible := e.caretLine()
	y := 0
	if visible {
		y = at.y
	}
	e.act(func() { e.pen.MoveLines(lines{e.flow}, n, e.shift) })
	if at, ok := e.caretLine(); ok && visible {
		e.scroll(at.y - y)
	}
}

// caretLine returns the visible line with the caret.
func (e *Editor) caretLine() (visibleLine, bool) {
	caret := e.pen.Caret()
	if l, ok := e.view.find(e.flow.locate(caret), caret.LineEnd); ok {
		return *l, true
	}
	return visibleLine{}, false
}

// KeyDown implements desktop.Keyable.
func (e *Editor) KeyDown(key *fyne.KeyEvent) {
	if key.Name == desktop.KeyShiftLeft || key.Name == desktop.KeyShiftRight {
		e.shift = true
	}
}

// KeyUp implements desktop.Keyable.
func (e *Editor) KeyUp(key *fyne.KeyEvent) {
	if key.Name == desktop.KeyShiftLeft || key.Name == desktop.KeyShiftRight {
		e.shift = false
	}
}

// AcceptsTab implements fyne.Tabbable: Tab writes a tab.
func (e *Editor) AcceptsTab() bool { return true }
