package workspace

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
)

// soon makes the keeper of w rest only for a moment.
func soon(w *Workspace) {
	w.keeper.mu.Lock()
	defer w.keeper.mu.Unlock()
	w.keeper.rest = time.Millisecond
}

// await waits until ok says so.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

// hasBlock says whether the library keeps a document as a block.
func hasBlock(t *testing.T, w *Workspace, doc crdt.DocID) bool {
	t.Helper()
	base, err := w.lib.Base(doc)
	if err != nil {
		t.Fatal(err)
	}
	return base != nil
}

// TestKeeperCompacts: what somebody wrote is compacted by itself, while the session goes on; after a restart all of it
// is there, can be undone, and can be given to others.
func TestKeeperCompacts(t *testing.T) {
	dir := t.TempDir()
	w := openTest(t, dir)
	soon(w)
	s := w.New()
	for i := range 300 {
		typeAt(s, 0, fmt.Sprint(i, " "))
		s.sync()
	}
	await(t, "compaction", func() bool { return hasBlock(t, w, s.ID()) })
	typeAt(s, 0, "behind the block ")
	s.BreakUndo()
	var v uint64
	s.View(0, func(t Text) { v = t.Version() })
	s.Replace(v, 5, 20, "") // also of what is in the block
	text := s.Text()
	s.Close()
	closeTest(t, w)

	w = openTest(t, dir)
	s, err := w.Open(s.ID())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.Text() != text {
		t.Fatalf("text %q, want %q", s.Text(), text)
	}
	if _, ok := s.Undo(); !ok || !strings.HasPrefix(s.Text(), "behind the block 299 ") {
		t.Errorf("after an undo: %v, %.40q", ok, s.Text())
	}
	s.sync()
	if r, err := w.Check(t.Context()); err != nil || !r.Intact() {
		t.Errorf("check: %v, %v", r, err)
	}
	other := openTest(t, t.TempDir())
	share(t, w, other, s)
	if got, err := other.Export(s.ID()); err != nil || got != s.Text() {
		t.Errorf("the other has %.40q, %v", got, err)
	}
}

// TestKeeperCompactsWhatIsClosed: a document that is no longer in use is compacted though somebody writes in another one.
func TestKeeperCompactsWhatIsClosed(t *testing.T) {
	w := openTest(t, t.TempDir())
	s := w.New()
	for i := range 100 {
		typeAt(s, 0, fmt.Sprint(i, " "))
		s.sync()
	}
	if hasBlock(t, w, s.ID()) {
		t.Error("compacted while it is in use, and after no rest")
	}
	s.Close()
	w.drop(s)
	await(t, "compaction", func() bool { return hasBlock(t, w, s.ID()) })
	if text, err := w.Export(s.ID()); err != nil || !strings.HasPrefix(text, "99 98 97 ") {
		t.Errorf("%v: %.40q", err, text)
	}
}
