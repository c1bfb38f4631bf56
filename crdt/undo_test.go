package crdt_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// writer edits one document with a clock that the test moves.
type writer struct {
	t *testing.T
	*crdt.Doc
	now time.Time
}

func newWriter(t *testing.T) *writer {
	w := &writer{t: t, Doc: crdt.New(), now: noon}
	w.Attach(anaID)
	return w
}

// typed inserts text key by key, 100 ms apart.
func (w *writer) typed(at int, text string) {
	for _, r := range text {
		w.now = w.now.Add(100 * time.Millisecond)
		w.Insert(at, string(r), w.now)
		at++
	}
}

func (w *writer) want(text string) {
	w.t.Helper()
	if got := w.Text(); got != text {
		w.t.Fatalf("text %q, want %q\n%s", got, text, w.Dump())
	}
	if err := w.Check(); err != nil {
		w.t.Fatal(err)
	}
}

// undo undoes or redoes and wants the text after it; wantOK false: there is nothing.
func (w *writer) undo(do func(time.Time) (crdt.Patch, bool), wantOK bool, text string) {
	w.t.Helper()
	if patch, ok := do(w.now); ok != wantOK || ok != (len(patch) > 0) {
		w.t.Fatalf("got %v, %t, want %t", patch, ok, wantOK)
	}
	w.want(text)
}

func TestUndoGroupsByPause(t *testing.T) {
	w := newWriter(t)
	w.typed(0, "one")
	w.now = w.now.Add(899 * time.Millisecond) // the key itself comes 100 ms later
	w.typed(3, " two")
	w.now = w.now.Add(900 * time.Millisecond)
	w.typed(7, " three")
	w.undo(w.Undo, true, "one two")
	w.undo(w.Undo, true, "")
	w.undo(w.Undo, false, "")
	w.undo(w.Redo, true, "one two")
	w.undo(w.Redo, true, "one two three")
	w.undo(w.Redo, false, "one two three")
}

func TestUndoGroupsEndWhenTheClockIsSetBack(t *testing.T) {
	w := newWriter(t)
	w.typed(0, "one")
	w.now = w.now.Add(-time.Hour)
	w.typed(3, " two")
	w.undo(w.Undo, true, "one")
}

func TestUndoListIsBounded(t *testing.T) {
	w := newWriter(t)
	const groups = 10_000
	for i := range groups + 5 {
		w.Insert(i, "x", w.now)
		w.BreakUndo()
	}
	n := 0
	for ; ; n++ {
		if _, ok := w.Doc.Undo(w.now); !ok {
			break
		}
	}
	if n != groups || w.Len() != 5 {
		t.Errorf("%d undos left %d of %d code points", n, w.Len(), groups+5)
	}
}

func TestUndoGroupsEndByBreakAndCaretJump(t *testing.T) {
	w := newWriter(t)
	w.typed(0, "ab")
	w.BreakUndo()
	w.typed(2, "cd")
	w.typed(0, "X") // a jump
	w.undo(w.Undo, true, "abcd")
	w.undo(w.Undo, true, "ab")
	w.typed(2, "Y") // ends what can be redone
	w.undo(w.Redo, false, "abY")
	w.undo(w.Undo, true, "ab")
	w.undo(w.Undo, true, "")
}

func TestUndoOfTypingWithCorrectionsIsOneStep(t *testing.T) {
	w := newWriter(t)
	w.typed(0, "start ")
	w.BreakUndo()
	w.typed(6, "helo")
	w.Delete(9, 10, w.now)
	w.typed(9, "lo")
	w.want("start hello")
	w.undo(w.Undo, true, "start ")
	w.undo(w.Redo, true, "start hello")
	w.undo(w.Undo, true, "start ")
	w.undo(w.Undo, true, "")
}

func TestUndoOfBackspacesWithinAFlushKeepsGroupsApart(t *testing.T) {
	w := newWriter(t)
	w.typed(0, "abcdef")
	w.Delete(5, 6, w.now)
	w.Delete(4, 5, w.now)
	w.BreakUndo()
	w.Delete(3, 4, w.now)
	w.Delete(2, 3, w.now)
	w.want("ab")
	w.undo(w.Undo, true, "abcd")
	w.undo(w.Redo, true, "ab")
	w.undo(w.Undo, true, "abcd")
	w.undo(w.Undo, true, "")
}

func TestUndoOfTypingOverASelection(t *testing.T) {
	w := newWriter(t)
	w.typed(0, "one two")
	w.BreakUndo()
	w.Delete(0, 3, w.now)
	w.typed(0, "three")
	w.want("three two")
	w.undo(w.Undo, true, "one two")
	w.undo(w.Redo, true, "three two")
}

func TestUndoTouchesNoForeignText(t *testing.T) {
	docs := people(2, "base ")
	ana, ben := docs[0], docs[1]
	ana.Insert(5, "mine", noon)
	meet(t, docs)
	ben.Insert(7, "HIS", noon)
	if got := meet(t, docs); got != "base miHISne" {
		t.Fatal(got)
	}
	ana.Undo(noon)
	if got := meet(t, docs); got != "base HIS" {
		t.Errorf("text %q", got)
	}
	ana.Redo(noon)
	if got := meet(t, docs); got != "base miHISne" {
		t.Errorf("text %q", got)
	}
}

// TestUndoDeletesOnlyWhatStillShows: what another had deleted is the other's to bring back.
func TestUndoDeletesOnlyWhatStillShows(t *testing.T) {
	docs := people(2, "")
	docs[0].Insert(0, "abc", noon)
	meet(t, docs)
	docs[1].Delete(1, 2, noon)
	meet(t, docs)
	docs[0].Undo(noon)
	if got := meet(t, docs); got != "" {
		t.Fatalf("text %q", got)
	}
	docs[1].Undo(noon)
	if got := meet(t, docs); got != "b" {
		t.Errorf("text %q, want b", got)
	}
}

func TestTwoDeletesOneRestoreStaysDeleted(t *testing.T) {
	docs := people(2, "abc")
	docs[0].Delete(0, 2, noon)
	docs[1].Delete(1, 3, noon)
	if got := meet(t, docs); got != "" {
		t.Fatalf("text %q", got)
	}
	docs[0].Undo(noon)
	if got := meet(t, docs); got != "a" {
		t.Errorf("text %q, want a: b is deleted by the other as well", got)
	}
	docs[1].Undo(noon)
	if got := meet(t, docs); got != "abc" {
		t.Errorf("text %q", got)
	}
}

func TestBothUndoTheSameDeletionOnce(t *testing.T) {
	docs := people(2, "word")
	for _, d := range docs {
		d.Delete(0, 4, noon)
		d.Undo(noon)
	}
	if got := meet(t, docs); got != "word" {
		t.Errorf("text %q", got)
	}
}

// TestUndoGroupsSkipWhatNoLongerShows: what another deleted already makes no step.
func TestUndoGroupsSkipWhatNoLongerShows(t *testing.T) {
	docs := people(2, "x")
	docs[0].Insert(1, "one", noon)
	docs[0].BreakUndo()
	docs[0].Insert(4, "two", noon)
	meet(t, docs)
	docs[1].Delete(4, 7, noon)
	meet(t, docs)
	if _, ok := docs[0].Undo(noon); !ok || docs[0].Text() != "x" {
		t.Errorf("undo gave %t and %q", ok, docs[0].Text())
	}
}

// TestUndoAllThenRedoAll: without others, undo goes back through the very states
// that the groups began with, and redo forward through them.
func TestUndoAllThenRedoAll(t *testing.T) {
	eachSeed(t, func(t *testing.T, rng *rand.Rand) {
		w, edits := newWriter(t), crdttest.NewEdits(rng)
		states := []string{""}
		for range *stepsFlag {
			e := edits.Next(w.Len())
			w.Delete(e.At, e.At+e.Delete, w.now)
			w.Insert(e.At, e.Insert, w.now)
			w.BreakUndo()
			states = append(states, w.Text())
			if rng.IntN(3) == 0 {
				w.Flush(w.now)
			}
		}
		walk(w, states, rng)
	})
}

// walk undoes and redoes at random through states, then undoes all.
func walk(w *writer, states []string, rng *rand.Rand) {
	at := len(states) - 1
	for range 2 * len(states) {
		if up := rng.IntN(2) == 0; up && at+1 < len(states) {
			at++
			w.undo(w.Redo, true, states[at])
		} else if !up && at > 0 {
			at--
			w.undo(w.Undo, true, states[at])
		}
	}
	for ; at > 0; at-- {
		w.undo(w.Undo, true, states[at-1])
	}
	w.undo(w.Undo, false, "")
}
