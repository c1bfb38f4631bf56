package crdttest

import (
	"maps"
	"slices"

	"inkling/crdt"
)

// Text returns the visible text.
func (n *Naive) Text() string { return text(n.shown(nil)) }

// TextAt returns the text that one saw who had seen v and nothing else.
func (n *Naive) TextAt(v crdt.VersionVector) string { return text(n.shown(v)) }

func text(all []*element) string {
	var chars []rune
	for _, e := range all {
		chars = append(chars, e.char)
	}
	return string(chars)
}

// Authors returns the ids of the visible elements, from the first to the last.
func (n *Naive) Authors() []crdt.ID { return ids(n.shown(nil)) }

// Order returns the ids of all elements, tombstones too, in document order.
func (n *Naive) Order() []crdt.ID { return ids(n.order()) }

func ids(all []*element) (ids []crdt.ID) {
	for _, e := range all {
		ids = append(ids, e.id)
	}
	return ids
}

// Version returns what has been applied.
func (n *Naive) Version() crdt.VersionVector { return crdt.VersionVector(maps.Clone(n.next)) }

// Hash returns the hash of the change of a replica that ends before next.
func (n *Naive) Hash(r crdt.ReplicaID, next uint32) (h crdt.Hash, ok bool) {
	for _, c := range n.chains[r] {
		if c.after.next == next {
			return c.hash, true
		}
	}
	return h, false
}

// Ops returns the ops of the change of a replica that begins at seq.
func (n *Naive) Ops(r crdt.ReplicaID, seq uint32) []Op {
	for _, c := range n.chains[r] {
		if c.seq == seq {
			return c.Ops
		}
	}
	return nil
}

// Offset returns where an anchor is, and whether its element is known.
func (n *Naive) Offset(a crdt.Anchor) (offset int, known bool) {
	for _, e := range n.order() {
		v := n.visible(e, nil)
		if e.id == a.ID {
			if a.Bias == crdt.After && v {
				offset++
			}
			return offset, true
		}
		if v {
			offset++
		}
	}
	switch {
	case !a.ID.IsRoot():
		return 0, false
	case a.Bias == crdt.After:
		return 0, true
	}
	return offset, true
}

// InsertOp returns the op by which replica r inserts text at an offset.
func (n *Naive) InsertOp(r crdt.ReplicaID, at int, text string) Op {
	o := Op{Kind: crdt.Insert, Seqs: uint32(len([]rune(text))), Text: text}
	all := n.order()
	right := 0 // of the place, in all
	for i, seen := 0, 0; seen < at; i++ {
		if n.visible(all[i], nil) {
			seen++
			o.Origin, right = all[i].id, i+1
		}
	}
	if right < len(all) && all[right].id.Replica == r && all[right].origin == o.Origin {
		o.Chain = &all[right].id.Seq
	}
	return o
}

// Targets returns the elements of the visible range [from, to).
func (n *Naive) Targets(from, to int) []crdt.ID { return slices.Clone(n.Authors()[from:to]) }
