package crdt

// checkUnusual checks what the form of the columns does not exclude: that replicas are
// members and signed where changes end, and that those changes have a well-formed body of which that is not
// certain anyway: the very large ones and those with ops that do nothing to the text.
func (d *Doc) checkUnusual() error {
	for _, k := range d.replicas {
		if !d.vouched(k) {
			return formatErrorf(0, "replica %s is no member, or hashed or signed where its chain does not end", k.id)
		}
	}
	if !d.allKnown() {
		return formatErrorf(0, "an op refers to what its replica had not seen")
	}
	if err := d.checkLarge(); err != nil {
		return err
	}
	for i := range d.runs {
		if k := &d.runs[i]; k.kind == runOther {
			if !d.doesNothing(k.lv) {
				return formatErrorf(0, "an op is said to do nothing that does something")
			}
			if err := d.checkChange(k.lv); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkLarge checks all changes that may have too many ops or bytes.
func (d *Doc) checkLarge() error {
	for lv := uint32(0); lv < d.changes.end; {
		n := d.changes.find(lv).size
		if n <= MaxChangeOps {
			lv = d.changes.alikeTo(lv)
			continue
		}
		if err := d.checkChange(lv); err != nil {
			return err
		}
		lv += n
	}
	return nil
}

// checkChange checks the body of the change that lv is in. Deleted text may not be there yet, but
// something as long.
func (d *Doc) checkChange(lv uint32) error {
	first, n := d.changes.change(lv)
	by, seq := d.op(first)
	next, err := checkBody(d.appendBody(nil, by, first, n), seq)
	if err == nil && next != seq+n {
		err = formatErrorf(0, "a change of %d seqs has ops for %d", n, next-seq)
	}
	return err
}

// vouched says whether k's device is a member, its hash is of its last change, and its signatures belong to
// ends of its changes. Whether they are right, only [Doc.Verify] says.
func (d *Doc) vouched(k *replica) bool {
	if k.headNext != k.next {
		return false
	}
	ends := []uint32{k.headNext, k.signature.next}
	for _, s := range k.kept {
		ends = append(ends, s.next)
	}
	for _, next := range ends {
		if next > 0 && (next > k.next || !d.endsAt(k, next)) {
			return false
		}
	}
	if k.grant != none {
		by, seq := d.op(k.grant)
		if place, ok := k.placeOf(by); !ok || k.table[place].at(0) <= seq {
			return false
		}
	}
	return d.isMember(k)
}

// doesNothing says whether the op lv, which is kept as its change has it, refers to what its
// replica knew, and does nothing to the text by the rules that make ops void.
func (d *Doc) doesNothing(lv uint32) bool {
	r, seq := d.op(lv)
	b := bodyReader{reader: reader{b: d.other[lv]}, seq: seq}
	o := b.op()
	first, n := d.changes.change(lv)
	if b.err != nil || o.seqs > first+n-lv {
		return false
	}
	switch o.kind {
	case Insert, Delete, Restore:
	default:
		return true
	}
	target, ok := d.findAt(r, seq-(lv-first), seq, o.ref)
	if !ok {
		return false
	}
	switch o.kind {
	case Insert:
		return target != none && !d.isElement(target)
	case Delete:
		by, at := d.op(target)
		return at+o.count > by.next || !d.areElements(by, at, o.count)
	}
	_, _, works := d.target(target)
	return !works
}

// findAt returns what a reference of r's op seq names, which is in the change that begins at change.
// It returns false when r did not know that then.
func (d *Doc) findAt(r *replica, change, seq uint32, f reference) (lv uint32, ok bool) {
	switch f.place {
	case refOwn:
		return r.lv(seq - f.back), true
	case refRoot:
		return none, true
	}
	place := f.place - refTable
	if place >= uint32(len(r.table)) || r.table[place].at(change) < f.back {
		return none, false
	}
	m := &r.table[place]
	return m.of.lv(m.at(change) - f.back), true
}
