package crdt

// integrate does op o of the well-formed change of by whose Seqs it takes now. An op
// that refers to what is not there is void: it takes its Seqs and does nothing.
func (d *Doc) integrate(by *replica, o *Op, patch *Patch) {
	switch o.Kind {
	case Insert:
		d.integrateInsert(by, o, patch)
	case Delete:
		d.integrateDelete(by, o, patch)
	case Restore:
		d.integrateRestore(by, o, patch)
	default:
		panic("crdt: integrate an unknown kind of op")
	}
}

func (d *Doc) integrateInsert(by *replica, o *Op, patch *Patch) {
	var origin element
	var p pos // in front of the root's first child
	if !o.Origin.IsRoot() {
		origin = element{d.replicas[o.Origin.Replica], o.Origin.Seq}
		if !origin.by.hasElement(origin.seq) {
			n := o.Seqs()
			by.note(record{seq: by.take(n), n: n, kind: void})
			return
		}
		p = d.seq.behind(d.seq.find(origin.by, origin.seq))
	}
	d.insertBehind(origin, p, by, o, patch)
}

// insertBehind does the Insert o of by, whose origin stands directly in front of p. It
// returns the place behind the new elements.
func (d *Doc) insertBehind(origin element, p pos, by *replica, o *Op, patch *Patch) pos {
	n := o.Seqs()
	seq := by.take(n)
	chain := d.joined(by, seq, o, origin)
	by.note(record{seq: seq, n: n, kind: Insert, by: origin.by, ref: origin.seq, chain: chain})
	p = d.seq.place(p, keyOf(by, seq, chain))
	before, old := d.seq.before(p), d.seq.sums
	for text := o.Text; text != ""; {
		r, rest := newRun(by, seq, chain, text)
		p = d.seq.insert(p, r)
		text, seq, chain = rest, seq+r.n, seq+r.n
	}
	patch.changed(before, d.seq.sums.sub(old))
	return p
}

func (d *Doc) integrateDelete(by *replica, o *Op, patch *Patch) {
	target := d.replicas[o.Target.Replica]
	t := o.Target
	seq := by.take(1)
	if !target.hasElements(t.Seq, t.Len) {
		by.note(record{seq: seq, n: 1, kind: void})
		return
	}
	by.note(record{seq: seq, n: 1, kind: Delete, by: target, ref: t.Seq, targets: t.Len})
	d.hide(stretch{target, t.Seq, t.Len}, +1, patch)
}

func (d *Doc) integrateRestore(by *replica, o *Op, patch *Patch) {
	seq := by.take(1)
	var cancelled *record
	if o.Target.Replica == by.id {
		cancelled = by.record(o.Target.Seq)
	}
	if cancelled == nil || cancelled.kind != Delete {
		by.note(record{seq: seq, n: 1, kind: void})
		return
	}
	if !cancelled.cancelled {
		cancelled.cancelled = true
		d.hide(stretch{cancelled.by, cancelled.ref, cancelled.targets}, -1, patch)
	}
	by.note(record{seq: seq, n: 1, kind: Restore, by: by, ref: o.Target.Seq})
}

// hide adds by (±1) to the deletes of t's elements.
func (d *Doc) hide(t stretch, by int, patch *Patch) {
	for t.n > 0 {
		p := d.seq.find(t.by, t.seq)
		before := d.seq.before(p)
		n, change := d.seq.hide(p, t.n, by)
		patch.changed(before, change)
		t.seq, t.n = t.seq+n, t.n-n
	}
}
