package crdttest

import (
	"cmp"
	"slices"

	"inkling/crdt"
)

// Naive is a document as the definition has it. It shares no code with crdt.Doc
// but the values that travel.
type Naive struct {
	lamports  map[crdt.ReplicaID][]uint64
	elements  map[crdt.ID]*element
	children  map[crdt.ID][]*element // by origin, in document order
	deletes   map[crdt.ID]crdt.Span  // Delete ops
	cancelled map[crdt.ID]bool       // Delete ops that a Restore has cancelled
	waiting   []*crdt.Change
}

type element struct {
	id, origin, chain crdt.ID
	char              rune
	deletes           []crdt.ID // ops that hit it
}

// NewNaive returns an empty oracle.
func NewNaive() *Naive {
	return &Naive{
		lamports:  map[crdt.ReplicaID][]uint64{},
		elements:  map[crdt.ID]*element{},
		children:  map[crdt.ID][]*element{},
		deletes:   map[crdt.ID]crdt.Span{},
		cancelled: map[crdt.ID]bool{},
	}
}

// Apply brings in a change, at once or when its causes have come. It does not
// check whether the change is well-formed.
func (n *Naive) Apply(c *crdt.Change) {
	n.waiting = append(n.waiting, c)
	for progress := true; progress; {
		progress = false
		waiting := n.waiting
		n.waiting = nil
		for _, c := range waiting {
			switch {
			case n.next(c.Replica) >= c.Next():
			case n.ready(c):
				n.integrate(c)
				progress = true
			default:
				n.waiting = append(n.waiting, c)
			}
		}
	}
}

func (n *Naive) next(r crdt.ReplicaID) uint32 { return uint32(len(n.lamports[r])) }

func (n *Naive) ready(c *crdt.Change) bool {
	for _, id := range c.Causes {
		if id.Seq >= n.next(id.Replica) {
			return false
		}
	}
	return c.Seq == n.next(c.Replica)
}

func (n *Naive) lamport(id crdt.ID) uint64 { return n.lamports[id.Replica][id.Seq] }

func (n *Naive) integrate(c *crdt.Change) {
	var lamport uint64
	if c.Seq > 0 {
		lamport = n.lamport(crdt.ID{Replica: c.Replica, Seq: c.Seq - 1})
	}
	for _, id := range c.Causes {
		lamport = max(lamport, n.lamport(id))
	}
	id := crdt.ID{Replica: c.Replica, Seq: c.Seq}
	for _, o := range c.Ops {
		for range o.Seqs() {
			lamport++
			n.lamports[c.Replica] = append(n.lamports[c.Replica], lamport)
		}
		n.integrateOp(id, o)
		id.Seq += o.Seqs()
	}
}

func (n *Naive) integrateOp(id crdt.ID, o crdt.Op) {
	switch o.Kind {
	case crdt.Insert:
		n.insert(id, o)
	case crdt.Delete:
		n.delete(id, o.Target)
	case crdt.Restore:
		op := crdt.ID{Replica: o.Target.Replica, Seq: o.Target.Seq}
		if _, ok := n.deletes[op]; ok && op.Replica == id.Replica {
			n.cancelled[op] = true
		}
	}
}

func (n *Naive) insert(id crdt.ID, o crdt.Op) {
	if !o.Origin.IsRoot() && n.elements[o.Origin] == nil {
		return
	}
	e := &element{id: id, origin: o.Origin, chain: id}
	if named := n.elements[crdt.ID{Replica: id.Replica, Seq: o.Chain}]; o.Chained && named != nil && named.origin == e.origin {
		e.chain = named.chain
	}
	for _, char := range o.Text {
		e.char = char
		n.elements[e.id] = e
		siblings := append(n.children[e.origin], e)
		slices.SortFunc(siblings, func(a, b *element) int { return -n.compare(a, b) })
		n.children[e.origin] = siblings
		after := crdt.ID{Replica: id.Replica, Seq: e.id.Seq + 1}
		e = &element{id: after, origin: e.id, chain: after}
	}
}

func (n *Naive) delete(id crdt.ID, t crdt.Span) {
	for _, target := range ids(t) {
		if n.elements[target] == nil {
			return
		}
	}
	n.deletes[id] = t
	for _, target := range ids(t) {
		n.elements[target].deletes = append(n.elements[target].deletes, id)
	}
}

// compare orders siblings by (chain, id), and ids by (Lamport, replica, Seq).
func (n *Naive) compare(a, b *element) int {
	return cmp.Or(n.compareIDs(a.chain, b.chain), n.compareIDs(a.id, b.id))
}

func (n *Naive) compareIDs(a, b crdt.ID) int {
	return cmp.Or(cmp.Compare(n.lamport(a), n.lamport(b)), a.Replica.Compare(b.Replica), cmp.Compare(a.Seq, b.Seq))
}

func ids(t crdt.Span) (all []crdt.ID) {
	for i := range t.Len {
		all = append(all, crdt.ID{Replica: t.Replica, Seq: t.Seq + i})
	}
	return all
}

// order returns all elements in document order: the tree in preorder.
func (n *Naive) order() (all []*element) {
	stack := slices.Clone(n.children[crdt.ID{}])
	slices.Reverse(stack)
	for len(stack) > 0 {
		e := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		all = append(all, e)
		for _, child := range slices.Backward(n.children[e.id]) {
			stack = append(stack, child)
		}
	}
	return all
}

func (n *Naive) visible(e *element) bool {
	return !slices.ContainsFunc(e.deletes, func(op crdt.ID) bool { return !n.cancelled[op] })
}

// Text returns the visible text.
func (n *Naive) Text() string {
	var text []rune
	for _, e := range n.order() {
		if n.visible(e) {
			text = append(text, e.char)
		}
	}
	return string(text)
}

// Offset returns where an anchor is, and whether its element is known.
func (n *Naive) Offset(a crdt.Anchor) (offset int, known bool) {
	for _, e := range n.order() {
		v := n.visible(e)
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
func (n *Naive) InsertOp(r crdt.ReplicaID, at int, text string) crdt.Op {
	o := crdt.Op{Kind: crdt.Insert, Text: text}
	all := n.order()
	right := 0 // of the place, in all
	for i, seen := 0, 0; seen < at; i++ {
		if n.visible(all[i]) {
			seen++
			o.Origin, right = all[i].id, i+1
		}
	}
	if right < len(all) && all[right].id.Replica == r && all[right].origin == o.Origin {
		o.Chained, o.Chain = true, all[right].id.Seq
	}
	return o
}

// DeleteOps returns the ops that delete the range [from, to).
func (n *Naive) DeleteOps(from, to int) (ops []crdt.Op) {
	offset := -1
	for _, e := range n.order() {
		if !n.visible(e) {
			continue
		}
		if offset++; offset < from || offset >= to {
			continue
		}
		if k := len(ops); k > 0 {
			t := &ops[k-1].Target
			if (crdt.ID{Replica: t.Replica, Seq: t.Seq + t.Len}) == e.id {
				t.Len++
				continue
			}
		}
		ops = append(ops, crdt.Op{Kind: crdt.Delete, Target: crdt.Span{Replica: e.id.Replica, Seq: e.id.Seq, Len: 1}})
	}
	return ops
}
