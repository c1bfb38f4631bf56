package crdt

import (
	"encoding/binary"

	"inkling/crdt/internal/spantree"
)

// integrate does change c of r, whose time has come and whose form and references
// have been checked; causes are what its causes name. An op that refers to what is not there is void: it takes its Seqs
// and does nothing.
func (d *Doc) integrate(r *replica, c *Change, causes []moment, patch *Patch) {
	var b bodyReader
	b.readHead(c.Body, c.Seq)
	if b.device != nil {
		copy(r.author.Device[:], b.device)
		copy(r.author.Nonce[:], b.nonce)
	}
	lamport := r.lamport
	for _, m := range causes {
		place := len(r.table)
		if k := b.cause(); !k.fresh {
			place = int(k.place)
		}
		lamport = max(lamport, d.lamportOf(m.of, m.next-1))
		r.declare(c.Seq, m.of, place, m.next)
	}
	if b.flags&headGrant != 0 {
		g := b.grant()
		m := &r.table[g.place]
		r.grant = m.of.lv(m.last() - g.back)
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

// find returns the local version that a reference of the next op of r names, none
// for the root.
func (d *Doc) find(r *replica, f reference) uint32 {
	if f.place == refRoot {
		return none
	}
	of, seq := r.named(f)
	return of.lv(seq)
}

// named returns the Seq that a reference of the next op of r names, but not to the root.
func (r *replica) named(f reference) (of *replica, seq uint32) {
	if f.place == refOwn {
		return r, r.next - f.back
	}
	m := &r.table[f.place-refTable]
	return m.of, m.last() - f.back
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
	from, old := d.spotAt(d.tree.Rank(spantree.Visible, p), p), d.tree.Sums()
	d.tree.Insert(p, lv, n)
	patch.add(d.edited(from, d.tree.Sums().Minus(old)))
}

func (d *Doc) integrateDelete(r *replica, o *rawOp, raw []byte, patch *Patch) {
	of, seq := r.named(o.ref)
	lv, target := d.take(r, 1), of.lv(seq)
	if !d.areElements(of, seq, o.count) {
		d.addOther(lv, raw)
		return
	}
	d.addDelete(lv, target, o.count)
	if o.count == 1 {
		d.hide(target, 1, patch)
		return
	}
	first, _ := of.holder(seq)
	if last, _ := of.holder(seq + o.count - 1); first != last {
		d.cross(lv, last)
	}
	d.pieces(of, seq, o.count, func(lv, n uint32) { d.hide(lv, n, patch) })
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
	d.needTextOf(lv)
	r, seq, n := d.targets(lv)
	d.pieces(r, seq, n, func(lv, n uint32) { d.show(lv, n, patch) })
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
	from := d.spotAt(d.tree.Rank(spantree.Visible, p), p)
	patch.add(d.edited(from, d.tree.SetDead(p, n, dead)))
}

// areElements says whether the n Seqs of r from seq on are all elements.
func (d *Doc) areElements(r *replica, seq, n uint32) bool {
	if n == 1 {
		return d.isElement(r.lv(seq))
	}
	all := true
	d.pieces(r, seq, n, func(lv, n uint32) {
		for i, end := d.run(lv), lv+n; i < len(d.runs) && d.runs[i].lv < end; i++ {
			all = all && d.runs[i].kind == runInsert
		}
	})
	return all
}

func appendNumber(b []byte, n int) []byte { return binary.AppendUvarint(b, uint64(n)) }
