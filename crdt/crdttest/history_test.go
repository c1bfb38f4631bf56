package crdttest

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestHistoryIsItsText: a history that is read is the one that was written, byte for byte, and the reader that is made from FORMAT.md
// takes all of it and says the same of it.
func TestHistoryIsItsText(t *testing.T) {
	for seed := range uint64(200) {
		h := DrawHistory(rand.New(rand.NewPCG(seed, 1)), 40)
		if again := DrawHistory(rand.New(rand.NewPCG(seed, 1)), 40); again.String() != h.String() {
			t.Fatalf("seed %d gives\n%sand\n%s", seed, h, again)
		}
		read, err := ParseHistory(h.String())
		if err != nil {
			t.Fatalf("%s%v", h, err)
		}
		n := NewNaive(h.Genesis())
		for i, c := range h.Changes() {
			if got := read.Changes()[i]; got.Hash != c.Hash || string(got.Body) != string(c.Body) {
				t.Fatalf("%schange %d is %x, want %x", h, i, got.Body, c.Body)
			}
			n.Apply(c.AppendFrame(nil))
		}
		if got := n.History(); len(n.Refused) > 0 || sorted(got) != sorted(h) {
			t.Fatalf("%sis read as\n%srefused %v", h, got, n.Refused)
		}
	}
}

// sorted returns the lines of h but those of causes, which the body has in another order. Ranks
// among fewer writers are lesser.
func sorted(h *History) string {
	writers := map[int]int{}
	for i := range MaxWriters {
		for _, e := range h.entries {
			if e.writer == i {
				writers[i] = len(writers)
				break
			}
		}
	}
	for _, e := range h.entries {
		e.writer = writers[e.writer]
	}
	return h.Ops()
}

// TestHistoriesReachEverything that the comparison with the proof is for.
func TestHistoriesReachEverything(t *testing.T) {
	counts := map[string]int{}
	for seed := range uint64(300) {
		h := DrawHistory(rand.New(rand.NewPCG(seed, 1)), 40)
		for _, e := range h.entries {
			h.countForks(e, counts)
		}
		elements, deletes, hits := map[*deed]bool{nil: true}, map[*deed]bool{}, map[*deed]int{}
		lamports := map[uint64]int{}
		for _, d := range h.deeds() {
			lamports[d.lamport]++
			d.count(counts, elements, deletes, hits)
		}
		for _, n := range lamports {
			if n > 2 {
				counts["three ids with one Lamport"]++
			}
		}
	}
	for _, what := range []string{
		"forks", "Deletes across forks", "causes in two tails of a chain", "prepend chains side by side", "three ids with one Lamport", "Inserts behind what is no element", "chains that are gone on", "chains of another origin", "chains of no element",
		"Deletes of several", "void Deletes", "second Deletes", "Restores", "second Restores", "void Restores",
	} {
		if t.Logf("%5d %s", counts[what], what); counts[what] < 10 {
			t.Error("too few")
		}
	}
}

// countForks notes what e has to do with chains that forked.
func (h *History) countForks(e *entry, counts map[string]int) {
	forkedAt := func(e *entry) bool {
		return slices.ContainsFunc(h.entries, func(k *entry) bool { return k != e && k.writer == e.writer && k.previous == e.previous })
	}
	if forkedAt(e) {
		counts["forks"]++
	}
	for i, k := range e.causes {
		if slices.ContainsFunc(e.causes[:i], func(l *entry) bool { return l.writer == k.writer }) {
			counts["causes in two tails of a chain"]++
		}
	}
	for _, d := range e.deeds {
		if n := len(d.targets); n > 1 && d.targets[0].in != d.targets[n-1].in && forkedAt(d.targets[n-1].in) {
			counts["Deletes across forks"]++
		}
		if d.named != nil && slices.ContainsFunc(h.deeds(), func(o *deed) bool {
			return o.named != nil && o.in.writer != e.writer && o.origin == d.origin && o.named.origin == d.origin && d.named.origin == d.origin
		}) {
			counts["prepend chains side by side"]++
		}
	}
}

// count notes what d is.
func (d *deed) count(counts map[string]int, elements, deletes map[*deed]bool, hits map[*deed]int) {
	note := func(what string, is bool) {
		if is {
			counts[what]++
		}
	}
	switch d.verb {
	case 'i':
		elements[d] = elements[d.origin]
		note("Inserts behind what is no element", !elements[d])
		named := d.named != nil
		note("chains of no element", named && !elements[d.named])
		note("chains that are gone on", named && elements[d.named] && d.origin == d.named.origin)
		note("chains of another origin", named && elements[d.named] && d.origin != d.named.origin)
	case 'd':
		deletes[d] = true
		for _, target := range d.targets {
			deletes[d] = deletes[d] && elements[target]
			hits[target]++
			note("second Deletes", hits[target] > 1)
		}
		note("Deletes of several", len(d.targets) > 1)
		note("void Deletes", !deletes[d])
	case 'r':
		hits[d.targets[0]]++
		note("Restores", deletes[d.targets[0]])
		note("second Restores", deletes[d.targets[0]] && hits[d.targets[0]] > 1)
		note("void Restores", !deletes[d.targets[0]])
	}
}

// TestShrinkHistory: of a history that fails when it has a Restore and two writers, little is left, and all of it has bytes.
func TestShrinkHistory(t *testing.T) {
	fails := func(h *History) bool {
		writers := map[int]bool{}
		for _, e := range h.entries {
			writers[e.writer] = true
		}
		return len(writers) > 1 && strings.Contains(h.String(), "\nr ")
	}
	for seed := range uint64(60) {
		h := DrawHistory(rand.New(rand.NewPCG(seed, 1)), 40)
		if !fails(h) {
			continue
		}
		h = ShrinkHistory(h, 1000, fails)
		if again, err := ParseHistory(h.String()); err != nil || !fails(again) || len(h.deeds()) > 6 {
			t.Errorf("seed %d: shrunk to\n%s%v", seed, h, err)
		}
	}
}

func TestTextsThatAreNoHistories(t *testing.T) {
	for _, text := range []string{
		"i 1.0 - -\n", "c\ni 1.0 -\n", "c\nd 1.0\n", "c\ny 1.0\n", "c\ni 1.0 1.1 -\n", "c 4.0\nx 1.0\n", "c\nx 2.0\n", "c\nx one\n",
		"c\nx 1.0\nc\nx 1.0\n", "c\nx 1.0\nx 1.0\n", "x 1.0\n", "c\nxx 1.0\n", "c\nx 1.0.0\n", "c\nr 1.0 1.0\n", "c\ni 1.7 - -\n", "c\nx 1.0\nc\nx 1.1\nr 2.1 1.0\n", "c\nx 1.0\nc\nd 1.1 1.0\n", "c\n",
	} {
		if h, err := ParseHistory(text); err == nil {
			t.Errorf("%q is read as %q", text, h)
		}
	}
}
