package crdttest

import (
	"cmp"
	"slices"

	"inkling/crdt"
)

// FugueMax is another list, to compare with: that of Weidner and Kleppmann, "The Art
// of the Fugue" (2023), section 5, whose elements know both neighbours they were
// inserted between. It proves least interleaving of concurrent runs.
type FugueMax struct {
	replica crdt.ReplicaID
	seq     uint32
	nodes   map[crdt.ID]*fugueNode
}

// FugueOp inserts or, with Delete, removes one element.
type FugueOp struct {
	ID     crdt.ID
	Delete bool
	Parent crdt.ID // the root: the beginning
	Left   bool    // on which side of the parent
	Right  crdt.ID // for a right child: what it was inserted in front of; the root: the end
	Char   rune
}

type fugueNode struct {
	FugueOp
	left, right []*fugueNode // children, in document order
	dead        bool
}

// NewFugueMax returns an empty list in which r writes.
func NewFugueMax(r crdt.ReplicaID) *FugueMax {
	return &FugueMax{replica: r, nodes: map[crdt.ID]*fugueNode{{}: {dead: true}}}
}

// Insert puts text at an offset.
func (f *FugueMax) Insert(at int, text string) (ops []FugueOp) {
	for _, char := range text {
		all := f.order()
		left := all[0] // the root
		for i, seen := 0, 0; seen < at; i++ {
			if !all[i].dead {
				left, seen = all[i], seen+1
			}
		}
		op := FugueOp{ID: crdt.ID{Replica: f.replica, Seq: f.seq}, Parent: left.ID, Char: char}
		if i := slices.Index(all, left) + 1; i < len(all) {
			op.Right = all[i].ID
		}
		if len(left.right) > 0 {
			op.Parent, op.Left = op.Right, true
		}
		f.seq++
		f.Apply(op)
		ops = append(ops, op)
		at++
	}
	return ops
}

// Delete removes the range [from, to).
func (f *FugueMax) Delete(from, to int) (ops []FugueOp) {
	for _, n := range slices.DeleteFunc(f.order(), func(n *fugueNode) bool { return n.dead })[from:to] {
		op := FugueOp{ID: n.ID, Delete: true}
		f.Apply(op)
		ops = append(ops, op)
	}
	return ops
}

// Apply brings in ops, each after all that its maker knew.
func (f *FugueMax) Apply(ops ...FugueOp) {
	for _, op := range ops {
		if op.Delete {
			f.nodes[op.ID].dead = true
			continue
		}
		if f.nodes[op.ID] != nil {
			continue
		}
		n, parent := &fugueNode{FugueOp: op}, f.nodes[op.Parent]
		f.nodes[op.ID] = n
		if op.Left {
			parent.left = append(parent.left, n)
			slices.SortFunc(parent.left, compareFugue)
			continue
		}
		place := f.places()
		parent.right = append(parent.right, n)
		slices.SortFunc(parent.right, func(a, b *fugueNode) int { // the one with the further right neighbour first
			return cmp.Or(cmp.Compare(place[b.Right], place[a.Right]), compareFugue(a, b))
		})
	}
}

func compareFugue(a, b *fugueNode) int {
	return cmp.Or(a.ID.Replica.Compare(b.ID.Replica), cmp.Compare(a.ID.Seq, b.ID.Seq))
}

// places returns the index of each element, with the end in place of the root.
func (f *FugueMax) places() map[crdt.ID]int {
	place := map[crdt.ID]int{}
	all := f.order()
	for i, n := range all {
		place[n.ID] = i
	}
	place[crdt.ID{}] = len(all)
	return place
}

// order returns all elements, the root first.
func (f *FugueMax) order() (all []*fugueNode) {
	var walk func(n *fugueNode)
	walk = func(n *fugueNode) {
		for _, child := range n.left {
			walk(child)
		}
		all = append(all, n)
		for _, child := range n.right {
			walk(child)
		}
	}
	walk(f.nodes[crdt.ID{}])
	return all
}

// Text returns the visible text.
func (f *FugueMax) Text() string {
	var text []rune
	for _, n := range f.order() {
		if !n.dead {
			text = append(text, n.Char)
		}
	}
	return string(text)
}
