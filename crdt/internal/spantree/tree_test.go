package spantree

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestRandom compares a tree with a slice after every step, with nodes so small
// that a short run splits and merges them often.
func TestRandom(t *testing.T) {
	for _, run := range []struct {
		size
		runs, steps int
	}{
		{size{4, 4, 4}, 60, 150},
		{size{5, 8, 5}, 40, 250},
		{size{12, 5, 8}, 40, 400},
		{size{maxSpans, maxKids, maxEntries}, 6, 1500},
	} {
		for range run.runs {
			seed := rand.Uint64()
			o := newOracle(t, seed, run.size)
			t.Logf("%+v, seed %d", run.size, seed)
			for range run.steps {
				o.step()
				o.check()
				for range 3 {
					o.ask(o.rng.IntN(len(o.doc) + 1))
					o.skip(o.rng.IntN(len(o.doc) + 1))
				}
			}
			o.rebuild()
		}
	}
}

// rebuild makes a second tree at once, of spans that are cut at random, and goes
// on with it.
func (o *oracle) rebuild() {
	var parts []Stretch
	for s := range o.tree.Range(o.tree.Start(), len(o.doc)) {
		for s.N > 0 && o.rng.IntN(3) == 0 {
			n := o.rng.Uint32N(s.N + 1)
			parts = append(parts, Stretch{s.First, n, s.Dead})
			s.First += n
			s.N -= n
		}
		parts = append(parts, s)
	}
	spans := o.tree.Spans()
	o.tree = built(newTree(o.table, o.tree.size), o.table.parts(parts...)...)
	if o.tree.Spans() != spans {
		o.t.Fatalf("Build makes %d spans, should be %d", o.tree.Spans(), spans)
	}
	o.check()
	for range 50 {
		o.ask(o.rng.IntN(len(o.doc) + 1))
		o.step()
		o.check()
	}
}

// TestEmpties lets a large tree fall to one dead span and rise again: nodes of all
// levels merge and go.
func TestEmpties(t *testing.T) {
	seed := rand.Uint64()
	t.Log("seed", seed)
	o := newOracle(t, seed, size{8, 8, 5})
	o.name(0, 3000)
	for lv := range uint32(3000) {
		o.keys[lv] = uint64(lv)
	}
	o.tree = built(newTree(o.table, o.tree.size), o.table.parts(Stretch{0, 3000, false})...)
	for lv := range uint32(3000) {
		o.doc = append(o.doc, element{lv: lv})
	}
	for _, dead := range []bool{true, false} {
		for lv := uint32(0); lv < 3000; lv += 2 {
			o.setDead(int(lv), 1, dead)
			if lv%100 == 0 {
				o.check()
			}
		}
		if dead && o.tree.Spans() != 3000 {
			t.Fatal("every second element dead makes spans:", o.tree.Spans())
		}
		o.check()
	}
	for _, i := range o.rng.Perm(3000) {
		o.setDead(i, 1, true)
		if i%20 == 0 {
			o.check()
		}
	}
	o.check()
	if o.tree.Spans() != 1 || o.tree.inners != 1 || len(o.tree.leaves)-len(o.tree.free) != 1 {
		t.Fatalf("%d spans, %d inner nodes left", o.tree.Spans(), o.tree.inners)
	}
}

func TestRangeStops(t *testing.T) {
	o := newOracle(t, 7, size{4, 4, 4})
	for range 50 {
		o.step()
	}
	for rank := range o.doc {
		n := o.rng.IntN(len(o.doc) + 5)
		var got []element
		for s := range o.tree.Range(o.at(rank), n) {
			for i := range s.N {
				got = append(got, element{s.First + i, s.Dead})
			}
		}
		if want := o.doc[rank:min(rank+n, len(o.doc))]; !slices.Equal(got, want) {
			t.Fatalf("Range of %d from %d is %v, should be %v", n, rank, got, want)
		}
	}
	for range o.tree.All() {
		break
	}
	for range o.tree.Range(o.tree.Start(), 3) {
		break
	}
}

func TestRecount(t *testing.T) {
	o := newOracle(t, 8, size{4, 4, 4})
	for range 100 {
		o.step()
	}
	for lv := range o.newline {
		o.newline[lv] = !o.newline[lv]
	}
	if o.tree.Check() == nil {
		t.Fatal("Check does not see other newlines")
	}
	o.tree.Recount()
	o.check()
	o.ask(len(o.doc) / 2)
}

func TestEmpty(t *testing.T) {
	for _, tree := range []*Tree{New(&table{}), built(New(&table{})), built(New(&table{}), Part{Stretch: Stretch{3, 0, true}})} {
		if err := tree.Check(); err != nil {
			t.Fatal(err)
		}
		if _, ok := tree.At(tree.Start()); ok || tree.Start() != tree.End() {
			t.Fatal("there is something in an empty tree")
		}
		if _, _, ok := tree.Left(tree.End()); ok {
			t.Fatal("there is something left of the start")
		}
		if _, ok := tree.Lookup(0); ok {
			t.Fatal("an element is found in an empty tree")
		}
		if p, ok := tree.ByAddress(0, 0); !ok || p != tree.Start() {
			t.Fatal("the address of the start leads elsewhere")
		}
		if tree.Rank(Newlines, tree.End()) != 0 || tree.Skip(tree.Start(), 5) != tree.Start() {
			t.Fatal("an empty tree has a rank or a key")
		}
		if tree.Insert(tree.Start(), 0, 0) != tree.Start() || tree.SetDead(tree.Start(), 0, true) != (Sums{}) {
			t.Fatal("nothing is something")
		}
		if tree.Spans() != 0 || tree.Bytes() <= 0 {
			t.Fatal("spans", tree.Spans(), "bytes", tree.Bytes())
		}
	}
}

// TestNoSuchAddress: addresses come from outside, so wrong ones are answered.
func TestNoSuchAddress(t *testing.T) {
	o := newOracle(t, 9, size{4, 4, 4})
	o.insert(0, 10)
	o.setDead(2, 3, true)
	n := len(o.doc)
	for visible := -2; visible < n+2; visible++ {
		for dead := -2; dead < n+2; dead++ {
			p, ok := o.tree.ByAddress(visible, dead)
			if !ok {
				continue
			}
			if v, d := o.tree.Address(p); v != visible || d != dead {
				t.Fatalf("address %d, %d leads to %d, %d", visible, dead, v, d)
			}
		}
	}
}

func TestPanics(t *testing.T) {
	o := newOracle(t, 10, size{4, 4, 4})
	o.name(0, 20)
	for lv := range o.keys {
		o.keys[lv] = uint64(lv)
	}
	tree := o.tree
	tree.Insert(tree.Start(), 0, 10)
	for name, mistake := range map[string]func(){
		"Nth below":         func() { tree.Nth(Visible, -1) },
		"Nth above":         func() { tree.Nth(Newlines, 0) },
		"Find":              func() { tree.Find(10) },
		"Next":              func() { tree.Next(tree.Find(5), 6) },
		"SetDead":           func() { tree.SetDead(tree.Find(5), 6, true) },
		"Insert too many":   func() { tree.Insert(tree.End(), 10, 1<<31-1) },
		"Insert too far up": func() { tree.Insert(tree.End(), 1<<32-2, 2) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error(name, "does not panic")
				}
			}()
			mistake()
		}()
	}
	if err := tree.Check(); err != nil {
		t.Fatal(err)
	}
}
