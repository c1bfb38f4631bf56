package docsync

import (
	"slices"

	"inkling/crdt"
	"inkling/netsync/wire"
)

// Limits of what is kept of the heads that a peer tells. What is beyond counts as not told, which costs bytes and nothing else: the peer
// is sent what it has.
const (
	maxTold  = wire.MaxHeads
	maxTails = 64 // of one chain; the furthest are kept
)

// heads is a set of heads, by chain. Who tells one has the change that ends there and all before it.
type heads struct {
	chains map[crdt.ReplicaID][]crdt.Head
	size   int
}

func setOf(list []crdt.Head) *heads {
	h := &heads{chains: map[crdt.ReplicaID][]crdt.Head{}}
	for _, head := range list {
		h.add(head)
	}
	return h
}

// toldBy is setOf for what a peer tells.
func toldBy(list []crdt.Head) *heads {
	h := setOf(nil)
	for _, head := range list {
		h.tell(head)
	}
	return h
}

// list returns all heads, in no order.
func (h *heads) list() (list []crdt.Head) {
	for _, of := range h.chains {
		list = append(list, of...)
	}
	return list
}

func (h *heads) add(head crdt.Head) {
	if h.lacks(head) {
		h.chains[head.Replica] = append(h.chains[head.Replica], head)
		h.size++
	}
}

// tell is add within the limits.
func (h *heads) tell(head crdt.Head) {
	of := h.chains[head.Replica]
	if len(of) < maxTails {
		if h.size < maxTold {
			h.add(head)
		}
		return
	}
	nearest := 0
	for i, other := range of {
		if other == head {
			return
		}
		if other.Next < of[nearest].Next {
			nearest = i
		}
	}
	if head.Next > of[nearest].Next {
		of[nearest] = head
	}
}

func (h *heads) lacks(head crdt.Head) bool { return !slices.Contains(h.chains[head.Replica], head) }

func (h *heads) remove(head crdt.Head) {
	h.set(head.Replica, slices.DeleteFunc(h.chains[head.Replica], func(other crdt.Head) bool { return other == head }))
}

// equal says whether h and other are the same heads.
func (h *heads) equal(other *heads) bool { return h.size == other.size && h.within(other) }

func (h *heads) within(other *heads) bool {
	for _, of := range h.chains {
		if slices.ContainsFunc(of, other.lacks) {
			return false
		}
	}
	return true
}

// set makes these all the heads of a chain.
func (h *heads) set(r crdt.ReplicaID, of []crdt.Head) {
	h.size += len(of) - len(h.chains[r])
	if h.chains[r] = of; len(of) == 0 {
		delete(h.chains, r)
	}
}

// advance notes that who told h has c, too, if c surely goes on from the only head of its chain, or begins that.
// What else a change goes on from, its frame does not say.
func (h *heads) advance(c *crdt.Change) bool {
	of := h.chains[c.Replica]
	if only := len(of) == 1 && of[0].Next == c.Seq; !only && (len(of) > 0 || c.Seq > 0) {
		return false
	}
	h.set(c.Replica, []crdt.Head{headOf(c)})
	return true
}

// headOf returns the head that a chain has with c.
func headOf(c *crdt.Change) crdt.Head {
	return crdt.Head{Replica: c.Replica, Next: c.Next, Stamp: c.Stamp}
}

// move makes the given heads all those of their chains, while there is room for so many, and returns the ones of
// chains that so got any they had not.
func (h *heads) move(to *heads, room int) (moved *heads) {
	moved = setOf(nil)
	for r, of := range to.chains {
		if h.size-len(h.chains[r])+len(of) > room {
			continue
		}
		if slices.ContainsFunc(of, h.lacks) {
			moved.set(r, of)
		}
		h.set(r, slices.Clone(of))
	}
	return moved
}
