package workspace

import (
	"slices"
	"testing"

	"inkling/crdt"
)

// reopen closes the workspace and opens the document in a new one.
func reopen(t *testing.T, w *Workspace, s *Session) (*Workspace, *Session) {
	t.Helper()
	s.Close()
	closeTest(t, w)
	w = openTest(t, w.Dir())
	s, err := w.Open(s.ID())
	if err != nil {
		t.Fatal(err)
	}
	return w, s
}

func TestUndoSurvivesARestart(t *testing.T) {
	w := openTest(t, t.TempDir())
	s := w.New()
	typeAt(s, 0, "one")
	s.BreakUndo()
	typeAt(s, 3, " two")
	s.BreakUndo()
	typeAt(s, 7, " three")
	if _, ok := s.Undo(); !ok {
		t.Fatal("nothing to undo")
	}
	w, s = reopen(t, w, s)
	for _, step := range []struct {
		do   func() (crdt.Anchor, bool)
		want string
		ok   bool
	}{
		{s.Redo, "one two three", true},
		{s.Redo, "one two three", false},
		{s.Undo, "one two", true},
		{s.Undo, "one", true},
		{s.Redo, "one two", true},
		{s.Undo, "one", true},
		{s.Undo, "", true},
		{s.Undo, "", false},
	} {
		if _, ok := step.do(); ok != step.ok || s.Text() != step.want {
			t.Errorf("%q (%v), want %q (%v)", s.Text(), ok, step.want, step.ok)
		}
	}
	_, s = reopen(t, w, s)
	defer s.Close()
	if _, ok := s.Redo(); !ok || s.Text() != "one" {
		t.Errorf("redo after the second restart: %q (%v)", s.Text(), ok)
	}
}

func TestUndoListThatDoesNotFitIsDropped(t *testing.T) {
	w := openTest(t, t.TempDir())
	s := w.New()
	typeAt(s, 0, "text")
	s.sync()
	owner := s.undoOwner()
	for name, value := range map[string][]byte{
		"empty":          {},
		"cut":            owner[:7],
		"another's":      append(make([]byte, 16), 1, 4, 1, 0, 4, 0),
		"not a list":     append(slices.Clone(owner), 9, 9, 9),
		"beyond the end": append(slices.Clone(owner), 1, 100, 1, 0, 100, 0),
	} {
		w, s = reopen(t, w, s)
		s.sync()
		if err := w.lib.SetState(s.ID(), undoKey, value); err != nil {
			t.Fatal(err)
		}
		w, s = reopen(t, w, s)
		if _, ok := s.Undo(); ok || s.Text() != "text" {
			t.Errorf("%s: undone to %q", name, s.Text())
		}
	}
	s.Close()
}

// TestUndoAfterAKill: what was typed since the list was saved is one step.
func TestUndoAfterAKill(t *testing.T) {
	w := openTest(t, t.TempDir())
	s := w.New()
	typeAt(s, 0, "one")
	s.sync()
	s.saveUndo()
	list, err := w.lib.State(s.ID(), undoKey)
	if err != nil {
		t.Fatal(err)
	}
	s.BreakUndo()
	typeAt(s, 3, " two")
	w, s = reopen(t, w, s)
	if err := w.lib.SetState(s.ID(), undoKey, list); err != nil {
		t.Fatal(err)
	}
	_, s = reopen(t, w, s)
	defer s.Close()
	for _, want := range []string{"one", ""} {
		if _, ok := s.Undo(); !ok || s.Text() != want {
			t.Errorf("undone to %q (%v), want %q", s.Text(), ok, want)
		}
	}
}

// TestLettingSomebodyInKeepsUndo: a Grant is no edit of the person's.
func TestLettingSomebodyInKeepsUndo(t *testing.T) {
	w := openTest(t, t.TempDir())
	s := w.New()
	defer s.Close()
	typeAt(s, 0, "text")
	if err := s.grant(PeerID{1}, "Ben"); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Undo(); !ok || s.Text() != "" {
		t.Errorf("undone: %v, text %q", ok, s.Text())
	}
}
