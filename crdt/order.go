package crdt

import "cmp"

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
// the same replica (see [Doc.joined]). Copies with the same changes have the same
// tree and the same keys, and no two keys are equal. So they have one preorder.
//
// # Why skipping finds the place
//
// A new element goes behind its origin, past every element whose key is greater
// than its own ([sequence.place]). No tree is kept for that, because keys rise
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

// key is the sort key of an element. The replica of the chain and of the id is
// the same, and along a replica Lamports rise with Seqs: so it is enough to keep
// the Lamport of the chain, the replica, and the Seq of the id.
type key struct {
	lamport uint64
	by      *replica
	seq     uint32
}

func keyOf(by *replica, seq, chain uint32) key {
	return key{lamport: by.lamport(chain), by: by, seq: seq}
}

func (k key) compare(l key) int {
	if c := cmp.Compare(k.lamport, l.lamport); c != 0 {
		return c
	}
	if k.by != l.by {
		return k.by.id.Compare(l.by.id)
	}
	return cmp.Compare(k.seq, l.seq)
}

// place returns where an element with key k belongs, from p on, the place behind
// its origin.
func (s *sequence) place(p pos, k key) pos {
	if p.off > 0 {
		r := s.run(p)
		if keyOf(r.by, r.seq+p.off, r.seq+p.off).compare(k) < 0 {
			return p
		}
		p.run, p.off = p.run+1, 0 // the keys of the rest rise
	}
	for {
		runs := s.blocks[p.block].runs
		for ; p.run < len(runs); p.run++ {
			if runs[p.run].key().compare(k) < 0 {
				return p
			}
		}
		next := p.block + 1
		for next < len(s.blocks) && s.blocks[next].least.compare(k) > 0 {
			next++
		}
		if next == len(s.blocks) {
			return pos{block: next - 1, run: len(s.blocks[next-1].runs)}
		}
		p = pos{block: next}
		if s.blocks[next].runs[0].key().compare(k) < 0 {
			return pos{block: next - 1, run: len(s.blocks[next-1].runs)}
		}
	}
}

// joined returns the Seq of the prepend chain of the element {by, seq}, inserted
// behind origin by o. The author names the element in front of which it inserted.
// Every copy judges that from the author's own chain of edits, alike: the named
// one must be an earlier element of the same replica with the same origin. If
// not, the new element is its own chain.
func (d *Doc) joined(by *replica, seq uint32, o *Op, origin element) uint32 {
	if !o.Chained || o.Chain >= seq || !by.hasElement(o.Chain) || by.origin(o.Chain) != origin {
		return seq
	}
	return by.chain(o.Chain)
}

// neighbour returns the element in front of which an insert of by at p, behind
// origin, joins a prepend chain; false when there is none.
func (d *Doc) neighbour(p pos, by *replica, origin element) (seq uint32, ok bool) {
	p, ok = d.seq.element(p)
	if !ok {
		return 0, false
	}
	r := d.seq.run(p)
	if r.by != by || by.origin(r.seq+p.off) != origin {
		return 0, false
	}
	return r.seq + p.off, true
}
