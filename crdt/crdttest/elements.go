package crdttest

import (
	"cmp"
	"slices"

	"inkling/crdt"
)

// elements is the text as the definition has it: a tree by origin, read in preorder.
type elements struct {
	lamports  map[crdt.ID]uint64 // of every Seq of every op
	byID      map[crdt.ID]*element
	children  map[crdt.ID][]*element // by origin, in document order
	deletes   map[crdt.ID]bool       // ops
	cancelled map[crdt.ID][]crdt.ID  // the Restores of a Delete
}

type element struct {
	id, origin, chain crdt.ID
	char              rune
	deletes           []crdt.ID // ops that hit it
}

func newElements() elements {
	return elements{
		lamports:  map[crdt.ID]uint64{},
		byID:      map[crdt.ID]*element{},
		children:  map[crdt.ID][]*element{},
		deletes:   map[crdt.ID]bool{},
		cancelled: map[crdt.ID][]crdt.ID{},
	}
}

// apply does what op id says.
func (t *elements) apply(id crdt.ID, o Op) {
	switch o.Kind {
	case crdt.Insert:
		t.insert(id, o)
	case crdt.Delete:
		t.delete(id, o.Target)
	case crdt.Restore:
		if op := (crdt.ID{Replica: o.Target.Replica, Seq: o.Target.Seq}); t.deletes[op] {
			t.cancelled[op] = append(t.cancelled[op], id)
		}
	}
}

func (t *elements) insert(id crdt.ID, o Op) {
	if !o.Origin.IsRoot() && t.byID[o.Origin] == nil {
		return
	}
	e := &element{id: id, origin: o.Origin, chain: id}
	if o.Chain != nil {
		named := t.byID[crdt.ID{Replica: id.Replica, Seq: *o.Chain}]
		if named != nil && named.origin == e.origin {
			e.chain = named.chain
		}
	}
	for _, char := range o.Text {
		e.char = char
		t.byID[e.id] = e
		siblings := append(t.children[e.origin], e)
		slices.SortFunc(siblings, func(a, b *element) int { return -t.compare(a, b) })
		t.children[e.origin] = siblings
		next := crdt.ID{Replica: id.Replica, Seq: e.id.Seq + 1}
		e = &element{id: next, origin: e.id, chain: next}
	}
}

func (t *elements) delete(id crdt.ID, target crdt.Span) {
	for _, hit := range spanIDs(target) {
		if t.byID[hit] == nil {
			return
		}
	}
	t.deletes[id] = true
	for _, hit := range spanIDs(target) {
		t.byID[hit].deletes = append(t.byID[hit].deletes, id)
	}
}

// compare orders siblings by (chain, id), and ids by (Lamport, replica, Seq).
func (t *elements) compare(a, b *element) int {
	return cmp.Or(t.compareIDs(a.chain, b.chain), t.compareIDs(a.id, b.id))
}

func (t *elements) compareIDs(a, b crdt.ID) int {
	return cmp.Or(cmp.Compare(t.lamports[a], t.lamports[b]), a.Replica.Compare(b.Replica), cmp.Compare(a.Seq, b.Seq))
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

// visible says whether e shows to one who has seen v; nil: all.
func (t *elements) visible(e *element, v crdt.VersionVector) bool {
	seen := func(id crdt.ID) bool { return v == nil || v.Contains(id) }
	return seen(e.id) && !slices.ContainsFunc(e.deletes, func(op crdt.ID) bool {
		return seen(op) && !slices.ContainsFunc(t.cancelled[op], seen)
	})
}

func (t *elements) shown(v crdt.VersionVector) []*element {
	return slices.DeleteFunc(t.order(), func(e *element) bool { return !t.visible(e, v) })
}
