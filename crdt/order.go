package crdt

import (
	"cmp"

	"inkling/crdt/internal/spantree"
)

// # The order rule
//
// Every element but the root has an origin, the element it was inserted after,
// and so the elements form a tree. The document is that tree read in preorder:
// an element, then its children one after the other, each with all below it.
// Children of one origin (siblings) stand in descending order of their keys.
//
// The key of an element is (chain, id). Ids are ordered by (Lamport, ReplicaID,
// Seq). chain is the element's own id, except in a prepend chain: an author who
// inserts directly in front of an own element with the same origin, tombstones
// counting as elements, takes over that element's chain. So what one person
// prepends, line by line or letter by letter, sorts as one, and what another
// prepends at the same place comes before or behind all of it.
//
// # Why it converges
//
// Tree and keys follow from the ops alone: the origin is in the op, the Lamport
// follows from the change's causes, and the chain from the op and earlier ops of
// the same chain (see [history.joined]). Copies with the same changes have the same
// tree and the same keys, and no two keys are equal. So they have one preorder.
//
// # Why skipping finds the place
//
// A new element goes behind its origin, past every element whose key is greater
// than its own ([Doc.place]). No tree is kept for that, because keys rise
// from parent to child: an author knows the origin, so the child's id is greater
// than the origin's; the child's chain is the id of some child of the same
// origin, so it is greater than the origin's id too, which is not less than the
// origin's chain. Now read on from the origin P of a new element E. What comes is
//   - a sibling S of E with a greater key, then all below S, with keys greater
//     still: skipped, rightly;
//   - a sibling with a smaller key: E stops in front of it, rightly;
//   - the first element behind everything below P. It is a younger sibling of P
//     or of one above P, with a key smaller than that one's, which is not greater
//     than P's, which is smaller than E's: E stops there, rightly.
//
// It follows that the origin of an element is the nearest one to its left with a
// smaller key. [Doc.Check] verifies just that for every element.

// Less says whether the key of element a is less than that of element b. Both are
// local versions; O(log n).
func (h *history) Less(a, b uint32) bool {
	switch b {
	case a:
		return false
	case a + 1:
		if h.runs[h.run(b)].lv != b {
			return true // b was inserted behind a
		}
	}
	if c := h.compareIDs(h.chain(a), h.chain(b)); c != 0 {
		return c < 0
	}
	return h.compareIDs(a, b) < 0
}

// compareIDs orders ids by (Lamport, ReplicaID, Seq); fork.go says what a fork adds to that. On one chain of edits Lamports
// rise with Seqs, so the Seq decides nothing.
func (h *history) compareIDs(a, b uint32) int {
	if a == b {
		return 0
	}
	i, j := h.arrival(a), h.arrival(b)
	x, y := &h.arrivals[i], &h.arrivals[j]
	if c := cmp.Compare(x.lamport+uint64(a-x.lv), y.lamport+uint64(b-y.lv)); c != 0 || i == j {
		return c
	}
	return h.replicas[x.by].compare(h.replicas[y.by])
}

// joined returns the chain of the element lv that was inserted behind origin by
// an op that names the element named (or none). Every copy judges that from the
// author's own chain of edits, alike: the named one, which has a lower Seq there, must be an element
// with the same origin. If not, the new element is its own chain.
func (h *history) joined(lv, origin, named uint32) uint32 {
	if named == none || !h.isElement(named) || h.origin(named) != origin {
		return lv
	}
	return h.chain(named)
}

// place returns where element lv belongs, from p on, the gap right behind its
// origin; history has it already. newest says that its id is the greatest of all.
func (d *Doc) place(p spantree.Pos, lv, named uint32, newest bool) spantree.Pos {
	right, ok := d.tree.At(p)
	switch {
	case !ok || (newest && named == none):
		return p // nothing has a greater key
	case right.First == named:
		return p // its key is less by the id alone
	}
	return d.tree.Skip(p, lv)
}

// neighbour returns the element in front of which an insert of the own replica at
// p, behind origin, joins a prepend chain, else none.
func (d *Doc) neighbour(p spantree.Pos, origin uint32) uint32 {
	if origin != none && origin+1 == d.next {
		return none // nothing has the newest element as its origin yet
	}
	right, ok := d.tree.At(p)
	if !ok || d.origin(right.First) != origin {
		return none
	}
	if r, _ := d.op(right.First); r != d.own {
		return none
	}
	return right.First
}
