package crdt

// Order returns the ids of all elements, tombstones too, in document order.
func (d *Doc) Order() (ids []ID) {
	for s := range d.tree.All() {
		for lv := s.First; lv < s.First+s.N; lv++ {
			ids = append(ids, d.id(lv))
		}
	}
	return ids
}

// Spans returns how many spans the tree keeps its elements in.
func (d *Doc) Spans() (n int) {
	for range d.tree.All() {
		n++
	}
	return n
}

// Bodies returns the bodies of b, and whether they are that of one keystroke.
func (b *Batch) Bodies() (bodies []byte, keystroke bool) { return b.bodies, b.changes == nil }

// Rewritten returns b's bodies written anew, keystroke or not.
func (d *Doc) Rewritten(b Batch) []byte {
	b.bodies, b.changes = nil, nil
	d.appendChanges(&b)
	return b.bodies
}
