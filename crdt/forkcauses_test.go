package crdt_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// branch is a chain that goes on in two ways from its first change; tails are in ascending order of hashes.
type branch struct {
	base  []*crdt.Change
	tails [2][]*crdt.Change
}

// newBranches returns n chains of the creator's.
func newBranches(t *testing.T, ana crdttest.Person, n int) (all []branch) {
	t.Helper()
	for i := range n {
		who := ana.Again(2 + i)
		write := func(text string, past ...*crdt.Change) []*crdt.Change {
			d := copyOf(t, ana.Genesis(), past)
			must(t, d.Attach(who.Author))
			d.Insert(d.Len(), text, noon)
			return who.Flush(d)
		}
		b := branch{base: write("base")}
		b.tails = [2][]*crdt.Change{write("one", b.base...), write("two", b.base...)}
		slices.SortFunc(b.tails[:], func(x, y []*crdt.Change) int { return bytes.Compare(x[0].Hash[:], y[0].Hash[:]) })
		all = append(all, b)
	}
	return all
}

// witness returns two changes of who: one behind all the bases, and one behind that tail of each branch which
// the bit of choice says.
func witness(t *testing.T, ana, who crdttest.Person, branches []branch, choice int) []*crdt.Change {
	t.Helper()
	d := crdt.New(ana.Genesis())
	for _, b := range branches {
		apply(t, d, b.base...)
	}
	must(t, d.Attach(who.Author))
	d.Insert(0, "bases ", noon)
	changes := who.Flush(d)
	for i, b := range branches {
		apply(t, d, b.tails[choice>>i&1]...)
	}
	d.Insert(0, "tails ", noon)
	return append(changes, who.Flush(d)...)
}

// TestCausesInTails: changes whose bodies are alike name different tails, all at places that they have named before, and come
// together in any order.
func TestCausesInTails(t *testing.T) {
	ana := crdttest.NewPerson("Ana")
	branches := newBranches(t, ana, 3)
	var all []*crdt.Change
	for _, b := range branches {
		all = slices.Concat(all, b.base, b.tails[0], b.tails[1])
	}
	for choice := range 8 {
		all = append(all, witness(t, ana, ana.Again(20+choice), branches, choice)...)
	}
	oracle := crdttest.NewNaive(ana.Genesis())
	oracle.Apply(crdttest.Frames(all)...)
	fewSeeds(t, func(t *testing.T, rng *rand.Rand) {
		changes := travelled(t, all)
		rng.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
		d := crdt.New(ana.Genesis())
		apply(t, d, changes...)
		if d.Pending() > 0 || d.Text() != oracle.Text() {
			t.Fatalf("%d wait; text %q, want %q", d.Pending(), d.Text(), oracle.Text())
		}
		check(t, d)
	})
}

// TestCausesOfTooManyMeanings: which tails a change means is found by trying, up to a limit.
func TestCausesOfTooManyMeanings(t *testing.T) {
	const tries = 10 // branches of which each may mean two things
	ana := crdttest.NewPerson("Ana")
	branches := newBranches(t, ana, tries+1)
	last := 1<<len(branches) - 1 // that which is tried last
	changes := func(branches []branch) []*crdt.Change { return witness(t, ana, ana.Again(20), branches, last) }
	all := func() *crdt.Doc {
		d := crdt.New(ana.Genesis())
		for _, b := range branches {
			apply(t, d, slices.Concat(b.base, b.tails[0], b.tails[1])...)
		}
		return d
	}
	d := all()
	if apply(t, d, changes(branches[:tries])...); d.Pending() > 0 || !strings.HasPrefix(d.Text(), "tails ") {
		t.Errorf("%d wait; text %q", d.Pending(), d.Text())
	}
	_, err := all().Apply(travelled(t, changes(branches))...)
	var refused *crdt.ChangeError
	if !errors.As(err, &refused) || !strings.Contains(refused.Reason, "more than 1024 things") {
		t.Errorf("the error is %v", err)
	}
}
