package crdt

import "fmt"

// checkChains checks what each replica keeps by Seq.
func (d *Doc) checkChains() error {
	for _, r := range d.replicas {
		for _, f := range []func(*replica) error{d.checkPieces, d.checkCauses, d.checkHashes, d.checkSignatures} {
			if err := f(r); err != nil {
				return fmt.Errorf("replica %s: %w", r.id, err)
			}
		}
	}
	return nil
}

// checkPieces: pieces begin where r does and rise, and each is r's.
func (d *Doc) checkPieces(r *replica) error {
	next := r.from
	for i, p := range r.pieces {
		if p.seq < next || i == 0 && p.seq > next || p.seq >= r.next {
			return fmt.Errorf("a piece begins at %d behind %d", p.seq, next)
		}
		if by, seq := d.op(p.lv); by != r || seq != p.seq {
			return fmt.Errorf("a piece of %d is at %d, where %d of %s is", p.seq, p.lv, seq, by.id)
		}
		next = p.seq + 1
	}
	return nil
}

// checkCauses: causes rise, and each is in the table from the beginning of a change on.
func (d *Doc) checkCauses(r *replica) error {
	last := cause{seq: r.from}
	for i, c := range r.causes {
		if c.seq < last.seq || i > 0 && c.seq == last.seq && c.place <= last.place || c.seq >= r.next {
			return fmt.Errorf("the cause %v behind %v", c, last)
		}
		if !d.begins(r.lv(c.seq)) || int(c.place) >= len(r.table) || r.table[c.place].at(c.seq) != c.next {
			return fmt.Errorf("the cause %v is not what the table says, or no change begins there", c)
		}
		last = c
	}
	return nil
}

// begins says whether a change begins with lv.
func (d *Doc) begins(lv uint32) bool {
	if lv >= d.changes.end {
		return lv == d.draft.from
	}
	first, _ := d.changes.change(lv)
	return first == lv
}

// checkHashes: hashes are of ends of changes; of a family that forked, there is one of each end.
func (d *Doc) checkHashes(r *replica) error {
	ends := 0
	for seq := r.from; seq < r.headNext; ends++ {
		_, n := d.changes.change(r.lv(seq))
		seq += n
	}
	if r.headNext > r.next || r.headNext > r.from && !d.endsAt(r, r.headNext) || r != d.own && r.headNext != r.next {
		return fmt.Errorf("the head is at %d", r.headNext)
	}
	if _, ok := r.hashes[r.from]; ok {
		ends++ // of the change in front of a tail
	}
	if d.forked(r) && len(r.hashes) != ends {
		return fmt.Errorf("%d hashes of %d changes", len(r.hashes), ends)
	}
	for next, hash := range r.hashes {
		if next > r.from && !d.endsAt(r, next) {
			return fmt.Errorf("a hash of %d, where no change ends", next)
		}
		if known, ok := r.recent.find(next); ok && known != hash {
			return fmt.Errorf("two hashes of %d", next)
		}
	}
	for _, next := range r.recent.next {
		if next < r.from || next > r.headNext || next > r.from && !d.endsAt(r, next) {
			return fmt.Errorf("a recent hash of %d, where no change ends", next)
		}
	}
	return nil
}

// checkSignatures: signatures are of ends of changes, and those that are kept rise.
func (d *Doc) checkSignatures(r *replica) error {
	last := r.from
	for _, s := range r.kept {
		if s.next <= last || !d.endsAt(r, s.next) {
			return fmt.Errorf("a signature of %d is kept behind %d", s.next, last)
		}
		last = s.next
	}
	if next := r.signature.next; next != 0 && (next < last || next == r.from || !d.endsAt(r, next)) {
		return fmt.Errorf("a signature of %d behind %d", next, last)
	}
	return nil
}

// checkSeen: what an op refers to was in its author's chain, or its author had declared it.
func (d *Doc) checkSeen() error {
	for i := range d.runs {
		for lv := d.runs[i].lv; lv < d.end(i); lv++ {
			of, seq, n := d.referred(i, lv)
			if n > 0 && !d.sawAll(lv, of, seq, n) {
				r, at := d.op(lv)
				return fmt.Errorf("op %d of replica %s refers to %d of %s, which it had not seen", at, r.id, seq, of.id)
			}
		}
	}
	return nil
}

// referred returns what the op lv of run i refers to, as n Seqs of a replica; none for the root.
func (d *Doc) referred(i int, lv uint32) (of *replica, seq, n uint32) {
	switch k := &d.runs[i]; k.kind {
	case runInsert:
		if origin := d.origin(lv); origin != none {
			of, seq = d.op(origin)
			return of, seq, 1
		}
	case runRestore:
		of, seq = d.op(k.ref)
		return of, seq, 1
	case runDelete, runBack:
		return d.targets(lv)
	}
	return nil, 0, 0
}

// sawAll says whether the author of lv had seen n Seqs of a replica when the change of lv began, or writes them in it.
func (d *Doc) sawAll(lv uint32, of *replica, seq, n uint32) bool {
	r, at := d.op(lv)
	if seq+n <= at && r.shares(of, seq, n) {
		return true
	}
	change := at
	if lv < d.changes.end {
		first, _ := d.changes.change(lv)
		change = at - (lv - first)
	}
	for place := range r.table {
		m := &r.table[place]
		if seq+n <= m.at(change) && m.of.shares(of, seq, n) {
			return true
		}
	}
	return false
}

// shares says whether n Seqs from seq on are the same ones in r's path and in s's.
func (r *replica) shares(s *replica, seq, n uint32) bool {
	first, _ := s.holder(seq)
	last, _ := s.holder(seq + n - 1)
	return r.holds(first, seq) && r.holds(last, seq+n-1)
}
