package crdt

import "unicode/utf8"

// element names an element (or op) in memory; by is nil for the root.
type element struct {
	by  *replica
	seq uint32
}

// id returns the lasting name of e.
func (e element) id() ID {
	if e.by == nil {
		return ID{}
	}
	return ID{Replica: e.by.id, Seq: e.seq}
}

// stretch is the elements seq … seq+n-1 of one replica.
type stretch struct {
	by     *replica
	seq, n uint32
}

func (t stretch) span() Span { return Span{Replica: t.by.id, Seq: t.seq, Len: t.n} }

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
	n := uint32(utf8.RuneCountInString(o.Text))
	seq := by.take(n)
	var origin *replica
	var p pos // of the root's first child
	if !o.Origin.IsRoot() {
		origin = d.replicas[o.Origin.Replica]
		if !origin.hasElement(o.Origin.Seq) {
			by.note(record{seq: seq, n: n, kind: void})
			return
		}
		p = d.seq.behind(d.seq.find(origin, o.Origin.Seq))
	}
	chain := d.joined(by, seq, o, origin, o.Origin.Seq)
	by.note(record{seq: seq, n: n, kind: Insert, by: origin, ref: o.Origin.Seq, chain: chain})
	p = d.seq.place(p, keyOf(by, seq, chain))
	d.insertText(p, by, seq, chain, o.Text, patch)
}

// insertText puts the noted elements seq … of by, with the given text, to p.
func (d *Doc) insertText(p pos, by *replica, seq, chain uint32, text string, patch *Patch) {
	before, old := d.seq.before(p), d.seq.sums
	for text != "" {
		n, size := 0, 0
		for n < maxRun && size < len(text) {
			_, w := utf8.DecodeRuneInString(text[size:])
			n, size = n+1, size+w
		}
		r := run{
			by: by, seq: seq, n: uint32(n), chain: chain,
			text: uint32(len(by.text)), bytes: uint32(size),
		}
		by.text = append(by.text, text[:size]...)
		r.newlines = uint32(countNewlines(r.content()))
		p = d.seq.insert(p, r)
		text, seq, chain = text[size:], seq+r.n, seq+r.n
	}
	patch.changed(before, d.seq.sums.sub(old))
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
