package crdt_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// forking is a document whose creator's chain goes on several times from one place, and that others have
// seen in part, with everything that was ever written in it.
type forking struct {
	t   *testing.T
	ana crdttest.Person
	all []*crdt.Change
}

// copy returns a copy that has changes, attached for who.
func (f *forking) copy(who crdttest.Person, changes ...[]*crdt.Change) *crdt.Doc {
	f.t.Helper()
	d := copyOf(f.t, f.ana.Genesis(), slices.Concat(changes...))
	succeed(f.t, d.Attach(who.Author))
	return d
}

// write returns the changes that f makes in d.
func (f *forking) write(d *crdt.Doc, who crdttest.Person, edit func()) []*crdt.Change {
	edit()
	d.BreakUndo()
	changes := who.Flush(d)
	f.all = append(f.all, changes...)
	return changes
}

// newForking makes three tails at Seq 5, two more in one of them, and one at Seq 0. Ben has seen one, Eve another
// with as many Seqs, and a second copy of Ben's all.
func newForking(t *testing.T) *forking {
	ana, ben, eve := crdttest.NewPerson("Ana"), crdttest.NewPerson("Ben"), crdttest.NewPerson("Eve")
	f := &forking{t: t, ana: ana}
	d := f.copy(ana)
	base := f.write(d, ana, func() {
		d.Grant(ben.Author.Device, "Ben", noon)
		d.Grant(eve.Author.Device, "Eve", noon)
		d.Insert(0, "abc", noon)
	})
	tail := func(text string, past ...[]*crdt.Change) []*crdt.Change {
		d := f.copy(ana, past...)
		return slices.Concat(
			f.write(d, ana, func() { d.Insert(3, text, noon) }),
			f.write(d, ana, func() { d.Delete(1, 5, noon) }), // from before the fork to behind it
			f.write(d, ana, func() { d.Undo(noon) }),
			f.write(d, ana, func() { d.Insert(1, "|", noon) }))
	}
	one, two := tail("ONE", base), tail("TWO", base)
	tail("three", base)
	tail("x", base, one[:1])
	tail("y", base, one[:1])
	e := f.copy(ana)
	f.write(e, ana, func() { e.Insert(0, "elsewhere", noon) })

	see := func(text string, who crdttest.Person, past ...[]*crdt.Change) {
		d := f.copy(who, past...)
		f.write(d, who, func() { d.Insert(d.Len(), text, noon); d.Delete(0, 3, noon) })
		f.write(d, who, func() { d.Undo(noon.Add(time.Minute)) })
	}
	see("ben", ben, base, one)
	see("eve", eve, base, two)
	all := slices.Clone(f.all)
	see("both", ben.Again(2), all)
	return f
}

// TestForkInAnyOrder: whatever arrives first, all copies have the same text, order, names and changes: those of the
// oracle.
func TestForkInAnyOrder(t *testing.T) {
	f := newForking(t)
	oracle := crdttest.NewNaive(f.ana.Genesis())
	oracle.Apply(crdttest.Frames(f.all)...)
	if len(oracle.Version()) != 9 || len(oracle.Refused) > 0 {
		t.Fatalf("%d replicas; refused %v", len(oracle.Version()), oracle.Refused)
	}
	eachSeed(t, func(t *testing.T, rng *rand.Rand) {
		changes := travelled(t, f.all)
		rng.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
		d := crdt.New(f.ana.Genesis())
		for len(changes) > 0 {
			n := 1 + rng.IntN(min(4, len(changes)))
			apply(t, d, changes[:n]...)
			apply(t, d, changes[:n]...)
			check(t, d)
			changes = changes[n:]
		}
		switch {
		case d.Pending() > 0:
			t.Errorf("%d wait", d.Pending())
		case d.Text() != oracle.Text() || !slices.Equal(d.Order(), oracle.Order()):
			t.Errorf("text %q, want %q", d.Text(), oracle.Text())
		case !d.Version().Equal(oracle.Version()):
			t.Errorf("version %v, want %v", d.Version(), oracle.Version())
		}
		succeed(t, d.Verify())
		succeed(t, sameChanges(d.DeltaSince(nil), f.all))
		for range 5 {
			v := oracle.Version()
			for _, r := range v.Replicas() {
				v[r] = rng.Uint32N(v[r] + 1)
			}
			if got, err := d.TextAt(v); err != nil || got != oracle.TextAt(v) {
				t.Errorf("at %v: %q, %v; want %q", v, got, err, oracle.TextAt(v))
			}
		}
		if err := sameBlock(d); err != nil {
			t.Error(err)
		}
	})
}

// TestForkBetweenCopies: whatever two copies have of it, by their heads each learns what it lacks.
func TestForkBetweenCopies(t *testing.T) {
	f := newForking(t)
	eachSeed(t, func(t *testing.T, rng *rand.Rand) {
		docs := make([]*crdt.Doc, 2+rng.IntN(2))
		for i := range docs {
			docs[i] = crdt.New(f.ana.Genesis())
			some := slices.DeleteFunc(slices.Clone(f.all), func(*crdt.Change) bool { return rng.IntN(6) == 0 })
			apply(t, docs[i], travelled(t, some)...)
		}
		for i := range docs { // nobody lacks what nobody has
			docs[i] = copyOf(t, f.ana.Genesis(), docs[i].DeltaSince(nil))
		}
		for range 4 {
			for _, to := range docs {
				for _, from := range docs {
					heads := crdt.WithoutFamilies(to.Heads(), to.Strange(from.Heads()))
					apply(t, to, travelled(t, from.DeltaSince(from.Known(heads)))...)
				}
			}
		}
		for _, d := range docs {
			if d.Text() != docs[0].Text() || !d.Version().Equal(docs[0].Version()) {
				t.Errorf("%q at %v, want %q at %v", d.Text(), d.Version(), docs[0].Text(), docs[0].Version())
			}
			if strange := d.Strange(docs[0].Heads()); len(strange) > 0 {
				t.Errorf("still strange: %v", strange)
			}
			if more := d.DeltaSince(d.Known(docs[0].Heads())); len(more) > 0 {
				t.Errorf("%d changes would be sent once more", len(more))
			}
		}
	})
}

// TestHeadsWithoutForks say what a vector does.
func TestHeadsWithoutForks(t *testing.T) {
	ana := crdttest.NewPerson("Ana")
	changes := letters(t, ana, strings.Repeat("abc", 200))
	all, some := copyOf(t, ana.Genesis(), changes), copyOf(t, ana.Genesis(), changes[:50])
	if got := all.DeltaSince(all.Known(some.Heads())); len(got) != len(changes)-50 {
		t.Errorf("%d changes, want %d", len(got), len(changes)-50)
	}
	if got := some.DeltaSince(some.Known(all.Heads())); len(got) > 0 {
		t.Errorf("%d changes, want none", len(got))
	}
	if got := append(all.Strange(some.Heads()), some.Strange(all.Heads())...); len(got) > 0 {
		t.Errorf("%v are strange", got)
	}
	other := all.Heads() // of another tail, as long
	other[0].Stamp[0]++
	if got := all.DeltaSince(all.Known(other)); len(got) != len(changes) {
		t.Errorf("%d changes for who has another tail, want all %d", len(got), len(changes))
	}
	if got := all.Strange(other); !slices.Equal(got, []crdt.ReplicaID{other[0].Replica}) {
		t.Errorf("%v are strange", got)
	}
}

// TestLocalEditsInAFork: nothing more is written in a chain that forked.
func TestLocalEditsInAFork(t *testing.T) {
	f := newForking(t)
	d := crdt.New(f.ana.Genesis())
	apply(t, d, f.all[0])
	succeed(t, d.Attach(f.ana.Author))
	d.Insert(0, "mine", noon)
	apply(t, d, travelled(t, f.all)...)
	if d.Forked() || d.Len() > 9 {
		t.Fatalf("local edits have no hash yet, and the text is %q", d.Text())
	}
	own := f.ana.Flush(d)
	applied := apply(t, d)
	if !d.Forked() || len(applied.Changes) == 0 || d.Pending() > 0 {
		t.Fatalf("forked %t, %d wait", d.Forked(), d.Pending())
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a local edit in a chain that forked")
			}
		}()
		d.Insert(0, "more", noon)
	}()
	if err := d.Attach(f.ana.Author); !errors.Is(err, crdt.ErrForked) {
		t.Errorf("attach: %v", err)
	}
	succeed(t, d.Attach(f.ana.Again(2).Author))
	d.Insert(0, "more ", noon)
	more := f.ana.Again(2).Flush(d)
	other := copyOf(t, f.ana.Genesis(), slices.Concat(f.all, own, more))
	if other.Text() != d.Text() || !strings.HasPrefix(d.Text(), "more ") {
		t.Errorf("%q, want %q", other.Text(), d.Text())
	}
	check(t, other)
}
