package spantree

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// A table is a source that knows each element's key and whether it is a newline.
type table struct {
	keys    []uint64
	newline []bool
}

func (s *table) Less(a, b uint32) bool { return s.keys[a] < s.keys[b] }

func (s *table) Newlines(first, n uint32) (sum int) {
	for _, is := range s.newline[first : first+n] {
		if is {
			sum++
		}
	}
	return sum
}

// name makes sure that lv … lv+n-1 are in the table.
func (s *table) name(lv, n uint32) {
	if missing := int(lv+n) - len(s.keys); missing > 0 {
		s.keys = append(s.keys, make([]uint64, missing)...)
		s.newline = append(s.newline, make([]bool, missing)...)
	}
}

// parts is stretches as Build takes them. Some have the same rank.
func (s *table) parts(stretches ...Stretch) (list []Part) {
	for _, x := range stretches {
		p := Part{Stretch: x}
		if x.N > 0 {
			p.Newlines, p.Rank = uint32(s.Newlines(x.First, x.N)), s.keys[x.First]/2
		}
		list = append(list, p)
	}
	return list
}

// built fills an empty tree at once.
func built(t *Tree, parts ...Part) *Tree {
	b := newBuilder(t, len(parts))
	for _, p := range parts {
		b.Add(p)
	}
	return b.Tree()
}

type element struct {
	lv   uint32
	dead bool
}

// An oracle does what a Tree does to a plain slice, and compares.
type oracle struct {
	*table
	t    *testing.T
	tree *Tree
	doc  []element
	rng  *rand.Rand
	gaps []Stretch // LVs passed over so far
	next uint32    // the first LV never handed out
}

func newOracle(t *testing.T, seed uint64, size size) *oracle {
	o := &oracle{table: &table{}, t: t, rng: rand.New(rand.NewPCG(seed, 1))}
	o.tree = newTree(o.table, size)
	return o
}

func (o *oracle) sums(doc []element) (sum Sums) {
	for _, e := range doc {
		sum.Total++
		if !e.dead {
			sum.Visible++
			if o.newline[e.lv] {
				sum.Newlines++
			}
		}
	}
	return sum
}

// at is the tree's gap with that many elements in front of it, found in a way of
// its own.
func (o *oracle) at(rank int) Pos {
	switch {
	case rank == len(o.doc):
		return o.tree.End()
	case o.rng.IntN(2) == 0:
		return o.tree.Find(o.doc[rank].lv)
	}
	return o.tree.Nth(Total, rank)
}

// names hands out n LVs: mostly the next ones, sometimes some are left out, and
// sometimes those are used.
func (o *oracle) names(n uint32) Stretch {
	if i := len(o.gaps) - 1; i >= 0 && o.rng.IntN(8) == 0 {
		o.rng.Shuffle(i+1, func(a, b int) { o.gaps[a], o.gaps[b] = o.gaps[b], o.gaps[a] })
		gap := &o.gaps[i]
		use := Stretch{First: gap.First, N: min(n, gap.N)}
		if o.rng.IntN(2) == 0 {
			use.First += gap.N - use.N
		} else {
			gap.First += use.N
		}
		if gap.N -= use.N; gap.N == 0 {
			o.gaps = o.gaps[:i]
		}
		return use
	}
	if o.rng.IntN(6) == 0 {
		gap := Stretch{First: o.next, N: 1 + o.rng.Uint32N(5)}
		o.gaps = append(o.gaps, gap)
		o.next += gap.N
	}
	o.next += n
	return Stretch{First: o.next - n, N: n}
}

// insert puts n elements at rank. Their keys continue those of the left element
// or are random.
func (o *oracle) insert(rank int, n uint32) {
	s := o.names(n)
	o.name(s.First, s.N)
	key := o.rng.Uint64N(1 << 40)
	if rank > 0 && o.rng.IntN(3) > 0 {
		key = o.keys[o.doc[rank-1].lv] + 1<<10
	}
	added := make([]element, s.N)
	for i := range s.N {
		o.keys[s.First+i] = (key+uint64(i))<<20 | uint64(s.First+i) // all differ
		o.newline[s.First+i] = o.rng.IntN(5) == 0
		added[i] = element{lv: s.First + i}
	}
	behind := o.tree.Insert(o.at(rank), s.First, s.N)
	o.doc = slices.Insert(o.doc, rank, added...)
	if want := o.at(rank + int(s.N)); behind != want {
		o.t.Fatalf("Insert returns %+v, the gap behind is %+v", behind, want)
	}
}

// setDead sets up to n elements from rank on.
func (o *oracle) setDead(rank, n int, dead bool) {
	for end := min(rank+n, len(o.doc)); rank < end; {
		p := o.at(rank)
		s, _ := o.tree.At(p)
		part := min(int(s.N), end-rank)
		before := o.sums(o.doc[rank : rank+part])
		for i := range part {
			o.doc[rank+i].dead = dead
		}
		want := o.sums(o.doc[rank : rank+part])
		want = want.Minus(before)
		if got := o.tree.SetDead(p, uint32(part), dead); got != want {
			o.t.Fatalf("SetDead changes the sums by %v, should be %v", got, want)
		}
		rank += part
	}
}

// step does something random.
func (o *oracle) step() {
	if len(o.doc) == 0 {
		o.insert(0, 1+o.rng.Uint32N(5))
		return
	}
	rank := o.rng.IntN(len(o.doc) + 1)
	switch o.rng.IntN(10) {
	case 0, 1, 2:
		o.insert(rank, 1+o.rng.Uint32N(6))
	case 3, 4: // type
		for range 3 {
			o.insert(rank, 1)
			rank++
		}
	case 5: // backspace
		for range 4 {
			if rank--; rank >= 0 {
				o.setDead(rank, 1, true)
			}
		}
	case 6, 7:
		o.setDead(rank, 1+o.rng.IntN(8), true)
	case 8:
		o.setDead(rank, 1+o.rng.IntN(8), false)
	case 9: // a great hole, or all of it filled again
		if o.rng.IntN(5) == 0 {
			o.setDead(rank, len(o.doc)/2, o.rng.IntN(2) == 0)
		}
	}
}

// check compares everything that can be asked.
func (o *oracle) check() {
	o.t.Helper()
	if err := o.tree.Check(); err != nil {
		o.t.Fatal(err)
	}
	if got, want := o.tree.Sums(), o.sums(o.doc); got != want {
		o.t.Fatalf("sums are %v, should be %v", got, want)
	}
	var got []element
	for s := range o.tree.All() {
		for i := range s.N {
			got = append(got, element{s.First + i, s.Dead})
		}
	}
	if !slices.Equal(got, o.doc) {
		o.t.Fatalf("elements are\n%v, should be\n%v", got, o.doc)
	}
	if err := o.tree.Check(); err != nil { // the cursor after all the questions
		o.t.Fatal(err)
	}
}

// ask compares the answers about one place.
func (o *oracle) ask(rank int) {
	o.t.Helper()
	t, p := o.tree, o.at(rank)
	want := o.sums(o.doc[:rank])
	fail := func(what string, got, want any) {
		o.t.Helper()
		o.t.Fatalf("%s at %d is %v, should be %v", what, rank, got, want)
	}
	for u := Visible; u <= Newlines; u++ {
		if got := t.Rank(u, p); got != want.Of(u) {
			fail(fmt.Sprint("Rank of unit ", u), got, want.Of(u))
		}
	}
	if got := t.Before(p); got != want {
		fail("Before", got, want)
	}
	lv, dead, ok := t.Left(p)
	if ok != (rank > 0) || ok && (element{lv, dead}) != o.doc[rank-1] {
		fail("Left", lv, "the element in front")
	}
	visible, gone := t.Address(p)
	wantGone := 0
	for i := rank - 1; i >= 0 && o.doc[i].dead; i-- {
		wantGone++
	}
	if visible != int(want.Visible) || gone != wantGone {
		fail("Address", [2]int{visible, gone}, [2]int{int(want.Visible), wantGone})
	}
	if got, ok := t.ByAddress(visible, gone); !ok || got != p {
		fail("ByAddress", got, p)
	}
	s, ok := t.At(p)
	if ok != (rank < len(o.doc)) {
		fail("At", ok, !ok)
	}
	if !ok {
		return
	}
	if e := (element{s.First, s.Dead}); e != o.doc[rank] {
		fail("At", e, o.doc[rank])
	}
	if got := t.Rank(Total, t.Behind(p)); got != rank+1 {
		fail("Rank behind", got, rank+1)
	}
	if !s.Dead {
		if got := t.Nth(Visible, int(want.Visible)); got != p {
			fail("Nth visible", got, p)
		}
		if o.newline[s.First] && t.Nth(Newlines, int(want.Newlines)) != p {
			fail("Nth newline", want.Newlines, p)
		}
	}
	if got := t.Nth(Total, rank); got != p {
		fail("Nth", got, p)
	}
}

// skip compares Skip from rank on for the key of some element.
func (o *oracle) skip(rank int) {
	o.t.Helper()
	lv := o.doc[o.rng.IntN(len(o.doc))].lv
	want := rank
	for want < len(o.doc) && !o.Less(o.doc[want].lv, lv) {
		want++
	}
	if got := o.tree.Skip(o.at(rank), lv); got != o.at(want) {
		o.t.Fatalf("Skip from %d ends at %d, should end at %d", rank, o.tree.Rank(Total, got), want)
	}
}
