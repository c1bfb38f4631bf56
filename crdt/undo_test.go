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
	who crdttest.Person
	now time.Time
}

func newWriter(t *testing.T) *writer {
	p, d := solo(t, "Ana")
	return &writer{t: t, Doc: d, who: p, now: noon}
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
	check(w.t, w.Doc)
}

// undo undoes or redoes and wants the text after it; wantOK false: there is nothing.
func (w *writer) undo(do func(time.Time) (crdt.Patch, bool), wantOK bool, text string) {
	w.t.Helper()
	if patch, ok := do(w.now); ok != wantOK || ok != (len(patch) > 0) {
		w.t.Fatalf("got %v, %t, want %t", patch, ok, wantOK)
	}
	w.want(text)
}

// reopen replaces the document by one that is built from its changes, with its undo list.
func (w *writer) reopen() {
	w.t.Helper()
	w.who.Flush(w.Doc)
	list := w.UndoList()
	d := crdt.New(w.Genesis())
	for _, c := range w.DeltaSince(nil) {
		_, err := d.Load(c)
		succeed(w.t, err)
	}
	succeed(w.t, d.Attach(w.who.Author))
	succeed(w.t, d.SetUndoList(list))
	w.Doc = d
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
	for i := range 2*groups + 5 {
		w.Insert(i, "x", w.now)
		w.BreakUndo()
	}
	w.reopen()
	n := 0
	for ; ; n++ {
		if _, ok := w.Doc.Undo(w.now); !ok {
			break
		}
	}
	if n != groups || w.Len() != groups+5 {
		t.Errorf("%d undos left %d of %d code points", n, w.Len(), 2*groups+5)
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

// TestUndoAfterAGrant: making somebody a member is no edit; what was typed around it
// is taken back all the same, the Grant is not.
func TestUndoAfterAGrant(t *testing.T) {
	w := newWriter(t)
	ben := crdttest.NewPerson("Ben")
	w.typed(0, "one")
	w.Doc.Grant(ben.Author.Device, ben.Name, w.now)
	w.undo(w.Undo, true, "")
	w.undo(w.Redo, true, "one")
	w.typed(3, " two")
	w.undo(w.Undo, true, "one")
	if len(w.Members()) != 2 {
		t.Error("the Grant is gone")
	}
}

func TestUndoAcrossReopening(t *testing.T) {
	w := newWriter(t)
	w.typed(0, "one")
	w.BreakUndo()
	w.typed(3, " two")
	w.BreakUndo()
	w.Delete(0, 2, w.now)
	w.reopen()
	w.undo(w.Undo, true, "one two")
	w.undo(w.Undo, true, "one")
	w.reopen()
	w.undo(w.Redo, true, "one two")
	w.reopen()
	w.undo(w.Redo, true, "e two")
	w.undo(w.Undo, true, "one two")
	w.undo(w.Undo, true, "one")
	w.undo(w.Undo, true, "")
	w.undo(w.Undo, false, "")
}

func TestUndoListsThatDoNotFit(t *testing.T) {
	w := newWriter(t)
	w.typed(0, "abc") // 3 Seqs
	for name, list := range map[string]string{
		"nothing":               "",
		"another version":       "\x02\x03\x00\x00",
		"no redo list":          "\x01\x03\x00",
		"more than there is":    "\x01\x03\x01\x01\x03\x00",
		"of more than there is": "\x01\x04\x00\x00",
		"more than it knows of": "\x01\x02\x01\x01\x02\x00",
		"cut":                   "\x01\x03\x01\x01",
		"too many groups":       "\x01\x03\x91\x4e\x00",
		"bytes behind it":       "\x01\x03\x00\x00\x00",
		"a redo list too long":  "\x01\x03\x00\x01\x00\x04",
	} {
		if err := w.SetUndoList([]byte(list)); !isFormatError(err) {
			t.Errorf("%s: %v, want a *FormatError", name, err)
		}
	}
	w.undo(w.Undo, true, "")
}

// TestUndoListThatIsOld: what was typed after it was saved is taken back as one.
func TestUndoListThatIsOld(t *testing.T) {
	w := newWriter(t)
	w.typed(0, "one")
	w.BreakUndo()
	w.typed(3, " two")
	list := w.UndoList()
	w.typed(7, "!") // of the same group, which saving does not end
	w.undo(w.Undo, true, "one")
	w.undo(w.Redo, true, "one two!")
	w.typed(8, " three")
	succeed(t, w.SetUndoList(list))
	w.undo(w.Redo, false, "one two! three")
	w.undo(w.Undo, true, "one two")
	w.undo(w.Undo, true, "one")
	w.undo(w.Undo, true, "")
	w.undo(w.Undo, false, "")
}

func TestForgetUndo(t *testing.T) {
	w := newWriter(t)
	w.typed(0, "one")
	w.BreakUndo()
	w.typed(3, " two")
	w.undo(w.Undo, true, "one")
	w.ForgetUndo()
	w.undo(w.Undo, false, "one")
	w.undo(w.Redo, false, "one")
	w.typed(3, "!")
	w.undo(w.Undo, true, "one")
	w.undo(w.Undo, false, "one")
	if w.Full() {
		t.Error("three letters fill the document")
	}
}

func TestUndoTouchesNoForeignText(t *testing.T) {
	p := newPeople(t, 2, "base ")
	ana, ben := p.docs[0], p.docs[1]
	ana.Insert(5, "mine", noon)
	p.meet()
	ben.Insert(7, "HIS", noon)
	if got := p.meet(); got != "base miHISne" {
		t.Fatal(got)
	}
	ana.Undo(noon)
	if got := p.meet(); got != "base HIS" {
		t.Errorf("text %q", got)
	}
	ana.Redo(noon)
	if got := p.meet(); got != "base miHISne" {
		t.Errorf("text %q", got)
	}
}

// TestUndoOfAnyGroupTouchesNoForeignText: also of one that no person made, which ends
// behind text that goes on from another's.
func TestUndoOfAnyGroupTouchesNoForeignText(t *testing.T) {
	p := newPeople(t, 2, "")
	ana, ben := p.docs[0], p.docs[1]
	ana.Insert(0, "x", noon)
	p.meet()
	ben.Insert(1, "y", noon)
	p.meet()
	ana.Insert(2, "z", noon)
	succeed(t, ana.SetUndoList([]byte{1, 2, 1, 0, 2, 0}))
	if ana.Undo(noon); ana.Text() != "y" {
		t.Errorf("text %q, want y", ana.Text())
	}
}

// TestUndoDeletesOnlyWhatStillShows: what another had deleted is the other's to bring back.
func TestUndoDeletesOnlyWhatStillShows(t *testing.T) {
	p := newPeople(t, 2, "")
	p.docs[0].Insert(0, "abc", noon)
	p.meet()
	p.docs[1].Delete(1, 2, noon)
	p.meet()
	p.docs[0].Undo(noon)
	if got := p.meet(); got != "" {
		t.Fatalf("text %q", got)
	}
	p.docs[1].Undo(noon)
	if got := p.meet(); got != "b" {
		t.Errorf("text %q, want b", got)
	}
}

func TestTwoDeletesOneRestoreStaysDeleted(t *testing.T) {
	p := newPeople(t, 2, "abc")
	p.docs[0].Delete(0, 2, noon)
	p.docs[1].Delete(1, 3, noon)
	if got := p.meet(); got != "" {
		t.Fatalf("text %q", got)
	}
	p.docs[0].Undo(noon)
	if got := p.meet(); got != "a" {
		t.Errorf("text %q, want a: b is deleted by the other as well", got)
	}
	p.docs[1].Undo(noon)
	if got := p.meet(); got != "abc" {
		t.Errorf("text %q", got)
	}
}

func TestBothUndoTheSameDeletionOnce(t *testing.T) {
	p := newPeople(t, 2, "word")
	for _, d := range p.docs {
		d.Delete(0, 4, noon)
		d.Undo(noon)
	}
	if got := p.meet(); got != "word" {
		t.Errorf("text %q", got)
	}
}

// TestUndoGroupsSkipWhatNoLongerShows: what another deleted already makes no step.
func TestUndoGroupsSkipWhatNoLongerShows(t *testing.T) {
	p := newPeople(t, 2, "x")
	p.docs[0].Insert(1, "one", noon)
	p.docs[0].BreakUndo()
	p.docs[0].Insert(4, "two", noon)
	p.meet()
	p.docs[1].Delete(4, 7, noon)
	p.meet()
	if _, ok := p.docs[0].Undo(noon); !ok || p.docs[0].Text() != "x" {
		t.Errorf("undo gave %t and %q", ok, p.docs[0].Text())
	}
}

// TestUndoGroupGoesOnAcrossRemoteEdits: what comes from others ends no group.
func TestUndoGroupGoesOnAcrossRemoteEdits(t *testing.T) {
	p := newPeople(t, 2, "")
	ana, ben := p.docs[0], p.docs[1]
	ana.Insert(0, "one", noon)
	ben.Insert(0, "Ben\n", noon)
	apply(t, ana, p.who[1].Flush(ben)...)
	at, _ := ana.Offset(ana.Anchor(ana.Len(), crdt.Before))
	for i := range ana.Len() - 2 {
		if ana.Slice(i, i+3) == "one" {
			at = i + 3
		}
	}
	ana.Insert(at, " two", noon.Add(time.Millisecond))
	ana.Undo(noon)
	if got := p.meet(); got != "Ben\n" {
		t.Errorf("text %q", got)
	}
}

// TestUndoAllThenRedoAll: without others, undo goes back through the very states
// that the groups began with, and redo forward through them, reopened at times.
func TestUndoAllThenRedoAll(t *testing.T) {
	eachSeed(t, func(t *testing.T, rng *rand.Rand) {
		w, edits := newWriter(t), crdttest.NewEdits(rng)
		states := []string{""}
		for range *stepsFlag / 2 {
			e := edits.Next(w.Len())
			w.Delete(e.At, e.At+e.Delete, w.now)
			w.Insert(e.At, e.Insert, w.now)
			w.BreakUndo()
			states = append(states, w.Text())
			if rng.IntN(3) == 0 {
				w.who.Flush(w.Doc)
			}
		}
		walk(w, states, rng)
	})
}

// walk undoes and redoes at random through states, then undoes all.
func walk(w *writer, states []string, rng *rand.Rand) {
	at := len(states) - 1
	for range 2 * len(states) {
		if rng.IntN(20) == 0 {
			w.reopen()
		}
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
