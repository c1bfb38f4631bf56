package crdttest

import (
	"bytes"
	"slices"

	"inkling/crdt"
)

// Text returns the visible text.
func (n *Naive) Text() string { return text(n.shown(all)) }

// TextAt returns the text that one saw who had seen v and nothing else.
func (n *Naive) TextAt(v crdt.VersionVector) string {
	names := n.names()
	seen := map[crdt.ReplicaID]uint32{} // by change: up to which Seq
	for _, c := range n.changes {
		if next := v[names[c]]; c.applied && next > c.seq {
			seen[c.name()] = next
			for k := c.previous; k != nil; k = k.previous {
				seen[k.name()] = max(seen[k.name()], k.after.next)
			}
		}
	}
	return text(n.shown(func(id crdt.ID) bool { return id.Seq < seen[id.Replica] }))
}

func text(all []*element) string {
	var chars []rune
	for _, e := range all {
		chars = append(chars, e.char)
	}
	return string(chars)
}

// Authors returns the ids of the visible elements, from the first to the last.
func (n *Naive) Authors() []crdt.ID { return n.ids(n.shown(all)) }

// Order returns the ids of all elements, tombstones too, in document order.
func (n *Naive) Order() []crdt.ID { return n.ids(n.order()) }

func (n *Naive) ids(all []*element) (ids []crdt.ID) {
	names := n.names()
	for _, e := range all {
		ids = append(ids, n.public(names, e.id))
	}
	return ids
}

// public returns the name that others have for an element or op.
func (n *Naive) public(names map[*change]crdt.ReplicaID, id crdt.ID) crdt.ID {
	if id.IsRoot() {
		return id
	}
	return crdt.ID{Replica: names[n.writers[id.Replica]], Seq: id.Seq}
}

// names returns the replica of each change that is applied. Of those that go on from one, that with the
// least hash keeps the name; each other one's name is the beginning of its hash.
func (n *Naive) names() map[*change]crdt.ReplicaID {
	least := map[*change]*change{} // by the one they go on from
	first := map[crdt.ReplicaID]*change{}
	for _, c := range n.changes {
		before := least[c.previous]
		if c.previous == nil {
			before = first[c.replica]
		}
		if !c.applied || before != nil && bytes.Compare(before.hash[:], c.hash[:]) < 0 {
			continue
		}
		if least[c.previous] = c; c.previous == nil {
			first[c.replica] = c
		}
	}
	names := map[*change]crdt.ReplicaID{}
	for _, c := range n.changes { // each behind the one it goes on from
		switch {
		case !c.applied:
		case c.previous == nil && first[c.replica] == c:
			names[c] = c.replica
		case c.previous != nil && least[c.previous] == c:
			names[c] = names[c.previous]
		default:
			names[c] = c.name()
		}
	}
	return names
}

// Version returns what has been applied.
func (n *Naive) Version() crdt.VersionVector {
	v := crdt.VersionVector{}
	for c, name := range n.names() {
		v[name] = max(v[name], c.after.next)
	}
	return v
}

// Hash returns the hash of a change of a replica that ends before next.
func (n *Naive) Hash(r crdt.ReplicaID, next uint32) (h crdt.Hash, ok bool) {
	for _, c := range n.ending(r, next) {
		return c.hash, true
	}
	return h, false
}

// Has says whether there is a change with that hash.
func (n *Naive) Has(hash crdt.Hash) bool {
	return slices.ContainsFunc(n.changes, func(c *change) bool { return c.hash == hash })
}

// Ops returns the ops of the change of a replica that begins at seq.
func (n *Naive) Ops(r crdt.ReplicaID, seq uint32) (ops []Op) {
	names := n.names()
	for _, c := range n.chains[r] {
		if c.seq != seq {
			continue
		}
		for _, a := range c.acts {
			if a.Origin = n.public(names, a.origin); len(a.targets) > 0 {
				a.Target.Replica = n.public(names, a.targets[0]).Replica
			}
			ops = append(ops, a.Op)
		}
	}
	return ops
}

// Offset returns where an anchor is, and whether its element is known.
func (n *Naive) Offset(a crdt.Anchor) (offset int, known bool) {
	names := n.names()
	for _, e := range n.order() {
		v := n.visible(e, all)
		if n.public(names, e.id) == a.ID {
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
	names, origin := n.names(), crdt.ID{}
	list := n.order()
	right := 0 // of the place, in list
	for i, seen := 0, 0; seen < at; i++ {
		if n.visible(list[i], all) {
			seen++
			origin, right = list[i].id, i+1
		}
	}
	o.Origin = n.public(names, origin)
	if right < len(list) && list[right].origin == origin && n.public(names, list[right].id).Replica == r {
		o.Chain = &list[right].id.Seq
	}
	return o
}

// Targets returns the elements of the visible range [from, to).
func (n *Naive) Targets(from, to int) []crdt.ID { return slices.Clone(n.Authors()[from:to]) }
