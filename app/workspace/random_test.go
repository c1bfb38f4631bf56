package workspace

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"unicode/utf8"

	"inkling/crdt"
	"inkling/storage"
)

// TestRandomLives lets members of a document write, undo, restart, compact, forget the network and
// pass on what they have, by changes and by blocks, in any order. In the end all have one text, every library is
// intact, and a restart changed nothing that undo would do.
func TestRandomLives(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	v := newVillage(t, 3)
	for step := range 150 {
		p := random.IntN(len(v.people))
		s := v.sessions[p]
		switch random.IntN(12) {
		case 0, 1, 2:
			typeAt(s, random.IntN(utf8.RuneCountInString(s.Text())+1), fmt.Sprintf("<%d.%d>", p, step))
		case 3:
			n := utf8.RuneCountInString(s.Text())
			from := random.IntN(n + 1)
			var version uint64
			s.View(0, func(t Text) { version = t.Version() })
			s.Replace(version, from, min(n, from+random.IntN(6)), "")
		case 4:
			s.Undo()
		case 5:
			s.Redo()
		case 6:
			v.pass(p, random.IntN(len(v.people)))
		case 7:
			v.restart(p)
		case 8, 9:
			v.compact(p)
		case 10, 11:
			q := random.IntN(len(v.people))
			view := newTestView(v.sessions[q])
			if random.IntN(2) == 0 {
				typeAt(v.sessions[q], 0, fmt.Sprintf("[%d.%d]", q, step)) // it may not be saved yet
			}
			passBlock(t, v.people[p], v.people[q], v.doc)
			view.follow(t)
		}
	}
	v.meet()
}

// village is people who write in one document, and their sessions in it.
type village struct {
	t        *testing.T
	doc      crdt.DocID
	people   []*Workspace
	sessions []*Session
}

// newVillage lets n people into a document of the first one, each by the one before.
func newVillage(t *testing.T, n int) *village {
	v := &village{t: t}
	for p := range n {
		w := openTest(t, t.TempDir())
		v.people = append(v.people, w)
		if p == 0 {
			s := w.New()
			v.doc = s.ID()
			v.sessions = append(v.sessions, s)
			typeAt(s, 0, "Once")
			s.sync()
			continue
		}
		share(t, v.people[p-1], w, v.sessions[p-1])
		v.sessions = append(v.sessions, nil)
		v.open(p)
	}
	return v
}

func (v *village) open(p int) {
	s, err := v.people[p].Open(v.doc)
	if err != nil {
		v.t.Fatal(err)
	}
	v.sessions[p] = s
}

// pass gives q all that p has.
func (v *village) pass(p, q int) {
	v.sessions[p].sync()
	pass(v.t, v.people[p], v.people[q], v.doc)
}

// restart ends the program of p and starts it again: the text and what can be undone are
// as before.
func (v *village) restart(p int) {
	v.t.Helper()
	before := v.sessions[p]
	before.BreakUndo()
	text, undo := before.Text(), string(before.doc.UndoList())
	w := v.people[p]
	before.Close()
	closeTest(v.t, w)
	v.people[p] = openTest(v.t, w.Dir())
	v.open(p)
	after := v.sessions[p]
	if after.Text() != text || string(after.doc.UndoList()) != undo || after.Standing() != MayWrite {
		v.t.Fatalf("before the restart %q, undo %x; after it %q, %x", text, undo, after.Text(), after.doc.UndoList())
	}
}

// compact takes a step of compaction at p.
func (v *village) compact(p int) {
	v.t.Helper()
	if _, err := v.people[p].lib.Compact(v.t.Context(), v.doc, storage.Always); err != nil {
		v.t.Fatal(err)
	}
}

// meet gives all people everything and compares.
func (v *village) meet() {
	v.t.Helper()
	last := len(v.people) - 1
	for p := range last {
		v.pass(p, p+1)
	}
	for p := last; p > 0; p-- {
		v.pass(p, p-1)
	}
	for p := range last {
		v.pass(p, p+1)
	}
	for p := range v.people {
		if got, want := v.sessions[p].Text(), v.sessions[0].Text(); got != want {
			v.t.Errorf("person %d has %q, person 0 %q", p, got, want)
		}
		v.restart(p)
		if r, err := v.people[p].Check(v.t.Context()); err != nil || !r.Intact() {
			v.t.Errorf("person %d: %v %v", p, r, err)
		}
		v.sessions[p].Close()
	}
}
