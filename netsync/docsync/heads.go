package docsync

import (
	"slices"

	"inkling/crdt"
)

// heads is a set of heads, by chain. Who tells one has the change that ends there and all before it.
type heads map[crdt.ReplicaID][]crdt.Head

func setOf(list []crdt.Head) heads {
	h := heads{}
	for _, head := range list {
		h.add(head)
	}
	return h
}

// list returns all heads, in no order.
func (h heads) list() (list []crdt.Head) {
	for _, of := range h {
		list = append(list, of...)
	}
	return list
}

func (h heads) add(head crdt.Head) {
	if h.lacks(head) {
		h[head.Replica] = append(h[head.Replica], head)
	}
}

func (h heads) lacks(head crdt.Head) bool { return !slices.Contains(h[head.Replica], head) }

// equal says whether h and other are the same heads.
func (h heads) equal(other heads) bool { return h.within(other) && other.within(h) }

func (h heads) within(other heads) bool {
	for _, of := range h {
		if slices.ContainsFunc(of, other.lacks) {
			return false
		}
	}
	return true
}

func (h heads) remove(head crdt.Head) {
	h[head.Replica] = slices.DeleteFunc(h[head.Replica], func(other crdt.Head) bool { return other == head })
}

// advance notes that who told h has c, too, if c surely goes on from the only head of its chain, or begins that.
// What else a change goes on from, its frame does not say.
func (h heads) advance(c *crdt.Change) bool {
	of := h[c.Replica]
	if only := len(of) == 1 && of[0].Next == c.Seq; !only && (len(of) > 0 || c.Seq > 0) {
		return false
	}
	h[c.Replica] = []crdt.Head{headOf(c)}
	return true
}

// headOf returns the head that a chain has with c.
func headOf(c *crdt.Change) crdt.Head {
	return crdt.Head{Replica: c.Replica, Next: c.Next, Stamp: c.Stamp}
}

// move makes the given heads all those of their chains, and returns the ones of chains that so got any they
// had not.
func (h heads) move(list []crdt.Head) (moved heads) {
	moved = heads{}
	for r, of := range setOf(list) {
		if slices.ContainsFunc(of, h.lacks) {
			moved[r] = of
		}
		h[r] = slices.Clone(of)
	}
	return moved
}
