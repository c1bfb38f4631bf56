package ui

import (
	"inkling/app/workspace"
	"inkling/crdt"
	"inkling/editor/model"
)

// document is a session as the editor sees it: model.Document.
type document struct{ s *workspace.Session }

var _ model.Document = document{}

func (d document) View(since uint64, f func(model.Text)) {
	d.s.View(since, func(t workspace.Text) { f(text{t}) })
}

func (d document) Replace(version uint64, from, to int, with string) (model.Anchor, bool) {
	return d.s.Replace(version, from, to, with)
}

func (d document) BreakUndo() { d.s.BreakUndo() }

func (d document) Undo() (model.Anchor, bool) { return d.s.Undo() }

func (d document) Redo() (model.Anchor, bool) { return d.s.Redo() }

// text is the session's text during one View call.
type text struct{ workspace.Text }

func (t text) Patch() (model.Patch, bool) {
	p, ok := t.Text.Patch()
	edits := make(model.Patch, len(p))
	for i, e := range p {
		edits[i] = model.Edit(e)
	}
	return edits, ok
}

func (t text) Anchor(offset int, after bool) model.Anchor {
	return t.Text.Anchor(offset, crdt.Bias(after))
}

func (t text) Offset(a model.Anchor) int {
	place, ok := a.(crdt.Anchor)
	if !ok {
		return 0
	}
	return t.Text.Offset(place)
}
