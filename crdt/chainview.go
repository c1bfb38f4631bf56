package crdt

// chainView is a chain as it is before a change that is being examined: what the
// document has of it and, on top, what changes before that one add which are
// examined but not applied.
type chainView struct {
	doc   *Doc
	ahead *ahead   // what else is about to be applied; nil for nothing
	r     *replica // nil when the document does not know the chain
	id    ReplicaID

	added    []viewMention     // the table's places behind those of r
	declared map[uint32]uint32 // what examined changes have declared further, by place

	// of the change examined last
	causes []viewCause
}

// viewMention is a place of the table that no applied change has made.
type viewMention struct {
	id       ReplicaID
	declared uint32
}

// viewCause is a cause of the change examined last.
type viewCause struct {
	id   ReplicaID
	next uint32
}

// places returns the length of the table.
func (v *chainView) places() uint32 {
	n := uint32(len(v.added))
	if v.r != nil {
		n += uint32(len(v.r.table))
	}
	return n
}

// at returns who is at a place of the table and how far it is declared.
func (v *chainView) at(place uint32) (ReplicaID, uint32) {
	known := uint32(0)
	if v.r != nil {
		known = uint32(len(v.r.table))
	}
	if place >= known {
		m := v.added[place-known]
		return m.id, m.declared
	}
	m := &v.r.table[place]
	if next, ok := v.declared[place]; ok {
		return m.of.id, next
	}
	return m.of.id, m.last()
}

// raise declares a place further.
func (v *chainView) raise(place, next uint32) {
	known := v.places() - uint32(len(v.added))
	if place >= known {
		v.added[place-known].declared = next
		return
	}
	if v.declared == nil {
		v.declared = map[uint32]uint32{}
	}
	v.declared[place] = next
}

// mentions says whether the table has a replica.
func (v *chainView) mentions(id ReplicaID) bool {
	if v.r != nil {
		if of := v.doc.byID[id]; of != nil {
			if _, ok := v.r.placeOf(of); ok {
				return true
			}
		}
	}
	for _, m := range v.added {
		if m.id == id {
			return true
		}
	}
	return false
}

// examine checks the chain's next change, whose body has the right form, and steps
// over it. wanted is an op that must come first; then v must be thrown away.
func (v *chainView) examine(c *Change) (wanted ID, err *ChangeError) {
	v.causes = v.causes[:0]
	var b bodyReader
	b.readHead(c.Body, c.Seq)
	if wanted, err = v.examineCauses(c, &b); err != nil || !wanted.IsRoot() {
		return wanted, err
	}
	if b.flags&headOpening != 0 {
		if wanted, err = v.examineOpening(c, &b); err != nil || !wanted.IsRoot() {
			return wanted, err
		}
	}
	for b.more() {
		seq := b.seq
		o := b.op()
		if o.ref.place < refTable {
			continue
		}
		place := o.ref.place - refTable
		if place >= v.places() {
			return ID{}, refuse(c, "its op %d refers to place %d of a table of %d", seq, place, v.places())
		}
		if id, declared := v.at(place); o.ref.back > declared {
			return ID{}, refuse(c, "its op %d refers to what is %d before %d of replica %s", seq, o.ref.back, declared, id)
		}
	}
	return ID{}, nil
}

func (v *chainView) examineCauses(c *Change, b *bodyReader) (wanted ID, err *ChangeError) {
	for range b.causes {
		k := b.cause()
		id, before := k.replica, uint32(0)
		switch {
		case k.fresh && id == c.Replica:
			return ID{}, refuse(c, "it names its own replica as a cause")
		case k.fresh && v.mentions(id):
			return ID{}, refuse(c, "it mentions replica %s as if for the first time", id)
		case k.fresh:
			v.added = append(v.added, viewMention{id: id})
			k.place = v.places() - 1
		case k.place >= v.places():
			return ID{}, refuse(c, "a cause is at place %d of a table of %d", k.place, v.places())
		default:
			id, before = v.at(k.place)
		}
		next := uint64(before) + uint64(k.advance)
		if next > maxSeq {
			return ID{}, refuse(c, "a cause beyond the last seq of replica %s", id)
		}
		v.raise(k.place, uint32(next))
		cause := viewCause{id, uint32(next)}
		v.causes = append(v.causes, cause)
		switch known, whole := v.ahead.ends(v.doc, cause); {
		case !known:
			return ID{id, cause.next - 1}, nil
		case !whole:
			return ID{}, refuse(c, "a cause names %d of replica %s, which is not the end of a change", next-1, id)
		}
	}
	return ID{}, nil
}

// examineOpening decides whether a new chain is a member's.
func (v *chainView) examineOpening(c *Change, b *bodyReader) (wanted ID, err *ChangeError) {
	var a Author
	copy(a.Device[:], b.device)
	copy(a.Nonce[:], b.nonce)
	creator := a.Device == v.doc.genesis.Creator
	switch {
	case a.Replica(v.doc.docID) != c.Replica:
		return ID{}, refuse(c, "its name does not follow from its device")
	case b.flags&headGrant == 0 && creator:
		return ID{}, nil
	case b.flags&headGrant == 0:
		return ID{}, refuse(c, "its device names no Grant and is not the creator's")
	case creator:
		return ID{}, refuse(c, "it names a Grant though its device is the creator's")
	}
	g := b.grant()
	if g.place >= v.places() {
		return ID{}, refuse(c, "its Grant is at place %d of a table of %d", g.place, v.places())
	}
	id, declared := v.at(g.place)
	if g.back > declared {
		return ID{}, refuse(c, "its Grant is %d before %d of replica %s", g.back, declared, id)
	}
	if !isGrant(v.ahead.op(v.doc, ID{id, declared - g.back}), a.Device) {
		return ID{}, refuse(c, "the op that it names as its Grant does not grant its device anything")
	}
	return ID{}, nil
}

// ends says whether d has seen a cause, and whether a change ends there.
func (d *Doc) ends(c viewCause) (known, whole bool) {
	r := d.byID[c.id]
	if r == nil || c.next > r.next {
		return false, false
	}
	lv := r.lv(c.next - 1)
	if lv >= d.changes.end {
		return true, false // a local op that no change has yet
	}
	first, n := d.changes.change(lv)
	return true, lv+1 == first+n
}
