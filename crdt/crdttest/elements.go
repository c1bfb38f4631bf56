package crdttest

import (
	"bytes"
	"cmp"
	"slices"

	"inkling/crdt"
)

// elements is the text as the definition has it: a tree by origin, read in preorder.
type elements struct {
	lamports  map[crdt.ID]uint64 // of every Seq of every op
	writers   map[crdt.ReplicaID]*change
	byID      map[crdt.ID]*element
	children  map[crdt.ID][]*element // by origin, in document order
	deletes   map[crdt.ID]bool       // ops
	cancelled map[crdt.ID][]crdt.ID  // the Restores of a Delete
}

// act is an op and the elements and ops that it refers to. Here these are named by the
// change that they are in, which no fork makes ambiguous: see [change.name].
type act struct {
	Op
	id, origin, named crdt.ID
	targets           []crdt.ID
}

type element struct {
	id, origin, chain crdt.ID
	char              rune
	deletes           []crdt.ID // ops that hit it
}

func newElements() elements {
	return elements{
		lamports:  map[crdt.ID]uint64{},
		writers:   map[crdt.ReplicaID]*change{},
		byID:      map[crdt.ID]*element{},
		children:  map[crdt.ID][]*element{},
		deletes:   map[crdt.ID]bool{},
		cancelled: map[crdt.ID][]crdt.ID{},
	}
}

// apply does what a says.
func (t *elements) apply(a act) {
	switch a.Kind {
	case crdt.Insert:
		t.insert(a)
	case crdt.Delete:
		t.delete(a)
	case crdt.Restore:
		if op := a.targets[0]; t.deletes[op] {
			t.cancelled[op] = append(t.cancelled[op], a.id)
		}
	}
}

func (t *elements) insert(a act) {
	if !a.origin.IsRoot() && t.byID[a.origin] == nil {
		return
	}
	e := &element{id: a.id, origin: a.origin, chain: a.id}
	if named := t.byID[a.named]; a.Chain != nil && named != nil && named.origin == e.origin {
		e.chain = named.chain
	}
	for _, char := range a.Text {
		e.char = char
		t.byID[e.id] = e
		siblings := append(t.children[e.origin], e)
		slices.SortFunc(siblings, func(a, b *element) int { return -t.compare(a, b) })
		t.children[e.origin] = siblings
		next := crdt.ID{Replica: a.id.Replica, Seq: e.id.Seq + 1}
		e = &element{id: next, origin: e.id, chain: next}
	}
}

func (t *elements) delete(a act) {
	for _, hit := range a.targets {
		if t.byID[hit] == nil {
			return
		}
	}
	t.deletes[a.id] = true
	for _, hit := range a.targets {
		t.byID[hit].deletes = append(t.byID[hit].deletes, a.id)
	}
}

// compare orders siblings by (chain, id), and ids by (Lamport, replica, Seq).
func (t *elements) compare(a, b *element) int {
	return cmp.Or(t.compareIDs(a.chain, b.chain), t.compareIDs(a.id, b.id))
}

func (t *elements) compareIDs(a, b crdt.ID) int {
	if a == b {
		return 0
	}
	c, d := t.writers[a.Replica], t.writers[b.Replica]
	if order := cmp.Or(cmp.Compare(t.lamports[a], t.lamports[b]), c.replica.Compare(d.replica)); order != 0 {
		return order
	}
	return bytes.Compare(parting(c, d))
}

// parting returns the hashes of the changes at which the ways to c and d part.
func parting(c, d *change) (x, y []byte) {
	for c.previous != d.previous {
		if d.previous == nil || c.previous != nil && c.seq >= d.seq {
			c = c.previous
		} else {
			d = d.previous
		}
	}
	return c.hash[:], d.hash[:]
}

func spanIDs(s crdt.Span) (ids []crdt.ID) {
	for i := range s.Len {
		ids = append(ids, crdt.ID{Replica: s.Replica, Seq: s.Seq + i})
	}
	return ids
}

// order returns all elements in document order.
func (t *elements) order() (all []*element) {
	stack := slices.Clone(t.children[crdt.ID{}])
	slices.Reverse(stack)
	for len(stack) > 0 {
		e := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		all = append(all, e)
		for _, child := range slices.Backward(t.children[e.id]) {
			stack = append(stack, child)
		}
	}
	return all
}

// visible says whether e shows to one who has seen what seen says.
func (t *elements) visible(e *element, seen func(id crdt.ID) bool) bool {
	return seen(e.id) && !slices.ContainsFunc(e.deletes, func(op crdt.ID) bool {
		return seen(op) && !slices.ContainsFunc(t.cancelled[op], seen)
	})
}

func (t *elements) shown(seen func(id crdt.ID) bool) []*element {
	return slices.DeleteFunc(t.order(), func(e *element) bool { return !t.visible(e, seen) })
}

// all is seen by one who has seen everything.
func all(crdt.ID) bool { return true }
