package spantree

import (
	"math/rand/v2"
	"testing"
)

// TestCheckSees damages a tree in every way there is a check for.
func TestCheckSees(t *testing.T) {
	damages := map[string]func(t *Tree){
		"total":          func(t *Tree) { t.sums.Newlines++ },
		"child's sums":   func(t *Tree) { t.first.child().sums.Visible-- },
		"child's least":  func(t *Tree) { t.root.kids[0].least = t.last.spans[0].lv + 1 },
		"spans":          func(t *Tree) { t.spans++ },
		"inner nodes":    func(t *Tree) { t.inners-- },
		"free number":    func(t *Tree) { t.free = append(t.free, 0) },
		"last":           func(t *Tree) { t.last = t.first },
		"first":          func(t *Tree) { t.first = t.first.next },
		"longer list":    func(t *Tree) { t.last.next = &leaf{} },
		"prev":           func(t *Tree) { t.last.prev = nil },
		"slot":           func(t *Tree) { t.last.slot++ },
		"inner slot":     func(t *Tree) { t.root.kids[1].inner.slot = 0 },
		"parent":         func(t *Tree) { t.root.kids[0].inner.parent = nil },
		"no kids":        func(t *Tree) { t.root.kids[0].inner.n = 0 },
		"depth":          func(t *Tree) { t.root.kids[1] = t.root.kids[1].inner.kids[0] },
		"number":         func(t *Tree) { t.leaves[t.first.number] = t.last },
		"no spans":       func(t *Tree) { t.first.n = 0 },
		"empty span":     func(t *Tree) { t.first.spans[0].n = 0 },
		"keys":           func(t *Tree) { t.first.spans[0] = span{lv: 60, n: 3} },
		"two for one":    func(t *Tree) { l := t.first; l.spans[1] = span{lv: l.spans[0].end(), n: l.spans[0].n} },
		"entry's leaf":   func(t *Tree) { t.index.chunks[0][0].leaf++ },
		"entries' order": func(t *Tree) { t.index.chunks[0][1].lv = 0 },
		"chunk's first":  func(t *Tree) { t.index.firsts[1]-- },
		"tail":           func(t *Tree) { t.index.tail.leaf++ },
		"end":            func(t *Tree) { t.index.end = 1 },
		"cursor lost":    func(t *Tree) { t.aim(t.last, 1).before.Total++ },
		"cursor's rank":  func(t *Tree) { t.aim(t.last, 1).visible++ },
		"cursor gone":    func(t *Tree) { t.cursor.leaf = &leaf{} },
	}
	for name, damage := range damages {
		// Odd elements are dead, and keys ascend only up to 50: no two elements are
		// one span but the first two.
		source := &table{keys: make([]uint64, 100), newline: make([]bool, 100)}
		var spans []Stretch
		for lv := range uint32(50) {
			source.keys[lv], source.keys[lv+50] = uint64(lv), uint64(100-lv)
			spans = append(spans, Stretch{lv, 1, lv%2 == 1})
		}
		tree := built(newTree(source, size{4, 4, 4}), source.parts(spans...)...)
		if err := tree.Check(); err != nil {
			t.Fatal(err)
		}
		damage(tree)
		if err := tree.Check(); err == nil {
			t.Errorf("%s: damage is not seen", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
	}
}

// TestIndex compares an index with an array under changes it does not know the
// reason of.
func TestIndex(t *testing.T) {
	for range 100 {
		seed := rand.Uint64()
		t.Log("seed", seed)
		rng := rand.New(rand.NewPCG(seed, 2))
		x := index{limit: 4 + rng.IntN(6)}
		want := map[uint32]uint32{}
		for range 200 {
			lv, n, leaf := rng.Uint32N(300), 1+rng.Uint32N(6), rng.Uint32N(3)
			if _, known := want[lv]; !known && lv < x.end {
				n = 1 // in a hole
			}
			for i := range n {
				if _, known := want[lv+i]; !known && i > 0 {
					n = i
					break
				}
				want[lv+i] = leaf
			}
			x.set(lv, n, leaf)
			if err := x.check(); err != nil {
				t.Fatal(err)
			}
			for lv, leaf := range want {
				if got, ok := x.find(lv); !ok || got != leaf {
					t.Fatalf("%d is in %d, the index leads to %d, %t", lv, leaf, got, ok)
				}
			}
		}
	}
}
