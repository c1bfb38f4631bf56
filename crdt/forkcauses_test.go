package crdt_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
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
	const tries = 11 // branches of which each may mean two things
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
	if !errors.As(err, &refused) || !strings.Contains(refused.Reason, "more than 4096 things") {
		t.Errorf("the error is %v", err)
	}
}

// TestElementsOfSeveralTails: an element from in front of a fork is named by the first place that leads to it, and by no other;
// whether what it builds on is there already or comes with it.
func TestElementsOfSeveralTails(t *testing.T) {
	ana := crdttest.NewPerson("Ana")
	b := newBranches(t, ana, 1)[0]
	who := ana.Again(20)
	d := crdt.New(ana.Genesis())
	must(t, d.Attach(who.Author))
	apply(t, d, slices.Concat(b.base, b.tails[0])...)
	d.Insert(0, "one ", noon)
	past := who.Flush(d)
	apply(t, d, b.tails[1]...)
	d.Insert(0, "two ", noon)
	past = append(past, who.Flush(d)...)
	past = slices.Concat(b.base, b.tails[0], b.tails[1], past)
	last := past[len(past)-1]
	for what, c := range map[string]struct {
		body  []byte // deletes an element: of a place, so far back
		right bool
	}{
		"of the base, by the first tail":  {[]byte{1, 2, 2, 2 + 0, 7}, true},
		"of the base, by the second tail": {[]byte{1, 2, 2, 2 + 1, 7}, false},
		"of the first tail":               {[]byte{1, 2, 2, 2 + 0, 1}, true},
		"of the second tail":              {[]byte{1, 2, 2, 2 + 1, 1}, true},
		"first of the second tail":        {[]byte{1, 2, 2, 2 + 1, 3}, true},
		"last of the base":                {[]byte{1, 2, 2, 2 + 1, 4}, false},
	} {
		hash := sha256.Sum256(append(last.Hash[:], c.body...))
		change := value(crdt.NewChange(last.Replica, last.Next, c.body, hash, ed25519.Sign(who.Key, hash[:])))
		change.Stamp = crdt.Stamp(hash[:])
		for ahead := range 2 {
			d := crdt.New(ana.Genesis())
			changes := travelled(t, append(slices.Clone(past), change))
			if ahead == 0 {
				apply(t, d, changes[:len(past)]...)
				changes = changes[len(past):]
			}
			_, err := d.Apply(changes...)
			var refused *crdt.ChangeError
			switch {
			case c.right && (err != nil || d.Pending() > 0):
				t.Errorf("%s: %v, %d wait", what, err, d.Pending())
			case !c.right && (!errors.As(err, &refused) || !strings.Contains(refused.Reason, "another tail")):
				t.Errorf("%s: the error is %v", what, err)
			}
			check(t, d)
		}
	}
}

// TestManyTails: a change that names many tails, all of one length, means one thing, in whatever order it comes with
// them.
func TestManyTails(t *testing.T) {
	ana := crdttest.NewPerson("Ana")
	write := func(who crdttest.Person, text string, past []*crdt.Change) []*crdt.Change {
		d := copyOf(t, ana.Genesis(), past)
		must(t, d.Attach(who.Author))
		d.Insert(0, text, noon)
		return who.Flush(d)
	}
	for _, n := range []int{2, 7, 11, 40} {
		for _, base := range []bool{false, true} {
			var past []*crdt.Change
			if base {
				past = write(ana, "base", nil)
				past = append(past, write(ana.Again(2), "knows it ", past)...)
			}
			all := slices.Clone(past)
			for i := range n {
				all = append(all, write(ana, string(rune('a'+i)), past)...)
			}
			all = append(all, write(ana.Again(2), "saw all ", all)...)
			text := copyOf(t, ana.Genesis(), all).Text()
			if n < 12 { // more takes the oracle too long
				oracle := crdttest.NewNaive(ana.Genesis())
				if oracle.Apply(crdttest.Frames(all)...); oracle.Text() != text {
					t.Fatalf("%d tails: text %q, want %q", n, text, oracle.Text())
				}
			}
			fewSeeds(t, func(t *testing.T, rng *rand.Rand) {
				changes := travelled(t, all)
				rng.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
				d := crdt.New(ana.Genesis())
				for _, c := range changes {
					apply(t, d, c)
				}
				if d.Pending() > 0 || d.Text() != text {
					t.Fatalf("%d wait; text %q, want %q", d.Pending(), d.Text(), text)
				}
			})
		}
	}
}
