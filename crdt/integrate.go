package crdt

import (
	"encoding/binary"

	"inkling/crdt/internal/spantree"
)

// integrate does change c of r, whose time has come and whose form and references
// have been checked. An op that refers to what is not there is void: it takes its Seqs
// and does nothing.
func (d *Doc) integrate(r *replica, c *Change, patch *Patch) {
	var b bodyReader
	b.readHead(c.Body, c.Seq)
	if b.device != nil {
		copy(r.author.Device[:], b.device)
		copy(r.author.Nonce[:], b.nonce)
	}
	lamport := r.lamport
	for range b.causes {
		of, place, next := d.resolve(r, b.cause())
		lamport = max(lamport, d.lamportOf(of, next-1))
		r.declare(c.Seq, of, place, next)
	}
	if b.flags&headGrant != 0 {
		g := b.grant()
		m := &r.table[g.place]
		r.grant = ID{m.of.id, m.last() - g.back}
	}
	d.begin(r, lamport+1)
	first := d.next
	for b.more() {
		start := b.at
		o := b.op()
		switch o.kind {
		case Insert:
			d.integrateInsert(r, &o, b.b[start:b.at], patch)
		case Delete:
			d.integrateDelete(r, &o, b.b[start:b.at], patch)
		case Restore:
			d.integrateRestore(r, &o, b.b[start:b.at], patch)
		default:
			d.note(d.take(r, o.seqs), b.b[start:b.at])
		}
	}
	r.minutes += b.minutes
	d.changes.add(d.next-first, r.minutes)
}

// resolve returns what a cause of r's next change names: the replica, its place in
// r's table, and the Seq up to which it is declared from now on.
func (d *Doc) resolve(r *replica, c rawCause) (of *replica, place int, next uint32) {
	if c.fresh {
		return d.byID[c.replica], len(r.table), c.advance
	}
	m := &r.table[c.place]
	return m.of, int(c.place), m.last() + c.advance
}

// find returns the local version that a reference of the next op of r names, none
// for the root.
func (d *Doc) find(r *replica, f reference) uint32 {
	switch f.place {
	case refOwn:
		return r.lv(r.next - f.back)
	case refRoot:
		return none
	}
	m := &r.table[f.place-refTable]
	return m.of.lv(m.last() - f.back)
}

func (d *Doc) integrateInsert(r *replica, o *rawOp, raw []byte, patch *Patch) {
	origin := d.find(r, o.ref)
	p := d.tree.Start()
	if origin != none {
		if !d.isElement(origin) {
			d.addOther(d.take(r, o.seqs), raw)
			return
		}
		p = d.tree.Behind(d.tree.Find(origin))
	}
	named := uint32(none)
	if o.chain > 0 {
		named = r.lv(r.next - o.chain)
	}
	greatest := d.lamport
	lv := d.take(r, o.seqs)
	d.addInsert(lv, origin, d.joined(lv, origin, named), named, o.text)
	p = d.place(p, lv, named, r.lamport-uint64(o.seqs-1) > greatest)
	d.insertAt(p, lv, o.seqs, patch)
}

// insertAt puts n elements from lv on at p.
func (d *Doc) insertAt(p spantree.Pos, lv, n uint32, patch *Patch) {
	from, old := d.spotAt(p), d.tree.Sums()
	d.tree.Insert(p, lv, n)
	patch.add(d.edited(from, d.tree.Sums().Minus(old)))
}

func (d *Doc) integrateDelete(r *replica, o *rawOp, raw []byte, patch *Patch) {
	target := d.find(r, o.ref)
	lv := d.take(r, 1)
	if !d.areElements(target, o.count) {
		d.addOther(lv, raw)
		return
	}
	d.addDelete(lv, target, o.count)
	if o.count == 1 {
		d.hide(target, 1, patch)
		return
	}
	d.history.pieces(target, o.count, func(lv, n uint32) { d.hide(lv, n, patch) })
}

func (d *Doc) integrateRestore(r *replica, o *rawOp, raw []byte, patch *Patch) {
	deleted := d.find(r, o.ref)
	lv := d.take(r, 1)
	if _, _, ok := d.target(deleted); !ok {
		d.addOther(lv, raw)
		return
	}
	d.addRun(run{lv: lv, ref: deleted, kind: runRestore})
	d.cancel(deleted, patch)
}

// cancel makes the Delete lv count no more.
func (d *Doc) cancel(lv uint32, patch *Patch) {
	if _, done := d.cancelled[lv]; done {
		return
	}
	d.cancelled[lv] = struct{}{}
	if d.deleted != nil && lv < d.deleted.next {
		_ = d.needText() // Verify has told of what cannot be read
	}
	first, n, _ := d.target(lv)
	d.history.pieces(first, n, func(lv, n uint32) { d.show(lv, n, patch) })
}

// hide adds one to the Deletes of the n elements from lv on.
func (d *Doc) hide(lv, n uint32, patch *Patch) {
	for n > 0 {
		p := d.tree.Find(lv)
		s, _ := d.tree.At(p)
		here := min(n, s.N)
		if s.Dead {
			d.again.add(lv, here)
		} else {
			d.setDead(p, here, true, patch)
		}
		lv, n = lv+here, n-here
	}
}

// show takes one from the Deletes of the n elements from lv on, which have one.
func (d *Doc) show(lv, n uint32, patch *Patch) {
	for n > 0 {
		p := d.tree.Find(lv)
		s, _ := d.tree.At(p)
		here, more := d.again.drop(lv, min(n, s.N))
		if !more {
			d.setDead(p, here, false, patch)
		}
		lv, n = lv+here, n-here
	}
}

func (d *Doc) setDead(p spantree.Pos, n uint32, dead bool, patch *Patch) {
	if patch == nil {
		d.tree.SetDead(p, n, dead)
		return
	}
	from := d.spotAt(p)
	patch.add(d.edited(from, d.tree.SetDead(p, n, dead)))
}

// areElements says whether n consecutive Seqs from lv on are all elements.
func (d *Doc) areElements(lv, n uint32) bool {
	if n == 1 {
		return d.isElement(lv)
	}
	all := true
	d.history.pieces(lv, n, func(lv, n uint32) {
		for i, end := d.run(lv), lv+n; i < len(d.runs) && d.runs[i].lv < end; i++ {
			all = all && d.runs[i].kind == runInsert
		}
	})
	return all
}

func appendNumber(b []byte, n int) []byte { return binary.AppendUvarint(b, uint64(n)) }
