package spantree

import (
	"math"
	"reflect"
)

// A Source knows what the tree does not keep: what the elements are.
type Source interface {
	// Newlines counts the newlines among the elements first … first+n-1.
	Newlines(first, n uint32) int

	// Less says whether a's key is less than b's. It is a strict total order, and
	// the order of two elements never changes once both have been named.
	Less(a, b uint32) bool
}

// A Tree is the order of the elements of one document.
type Tree struct {
	source      Source
	root        *inner
	first, last *leaf
	sums        Sums
	spans       int
	inners      int

	leaves []*leaf  // by number; nil where a number is free
	free   []uint32 // numbers of leaves that are gone
	index  index
	cursor cursor

	size size
}

// A size says how much nodes hold: maxSpans, maxKids and maxEntries, or less in
// tests.
type size struct{ spans, kids, entries int }

// New makes an empty tree. It will ask source about elements from the first
// Insert that names them.
func New(source Source) *Tree {
	return newTree(source, size{maxSpans, maxKids, maxEntries})
}

func newTree(source Source, size size) *Tree {
	t := &Tree{source: source, size: size, index: index{limit: size.entries}}
	t.root = t.newInner()
	t.first = t.newLeaf()
	t.last = t.first
	t.root.insert(0, child{leaf: t.first})
	return t
}

// Sums counts everything in the tree.
func (t *Tree) Sums() Sums { return t.sums }

// Spans is the number of spans.
func (t *Tree) Spans() int { return t.spans }

// Bytes is the memory that the tree holds, without the source's.
func (t *Tree) Bytes() int {
	return int(reflect.TypeFor[Tree]().Size()) +
		int(reflect.TypeFor[leaf]().Size())*(len(t.leaves)-len(t.free)) +
		int(reflect.TypeFor[inner]().Size())*t.inners +
		8*cap(t.leaves) + 4*cap(t.free) + t.index.bytes()
}

// Recount asks the source for all newlines anew: for a caller that knew the
// elements before it had their text. O(n).
func (t *Tree) Recount() {
	t.sums = t.recount(t.root)
	t.cursor = cursor{}
}

func (t *Tree) recount(n *inner) (sum Sums) {
	for i := range n.all() {
		k := &n.kids[i]
		if k.leaf != nil {
			k.sums = t.count(k.leaf, 0)
		} else {
			k.sums = t.recount(k.inner)
		}
		sum.add(k.sums)
	}
	return sum
}

// reserve panics if n more elements were too many for an int32.
func (t *Tree) reserve(first, n uint32) {
	if uint64(t.sums.Total)+uint64(n) > math.MaxInt32 || uint64(first)+uint64(n) > math.MaxUint32 {
		panic("spantree: too many elements")
	}
}
