package crdt

// DeltaSince returns the changes that a copy with vector v lacks, in an order in
// which it can apply them: what d has sealed or applied, up to the newest signature of
// each chain. The signatures are those that d keeps; the last change of each chain has one. Hashes are not
// filled in. O(changes that are lacking, and arrivals).
func (d *Doc) DeltaSince(v VersionVector) (delta []*Change) {
	d.changesSince(v, func(r *replica, c *Change) bool {
		signed := c.Next <= r.signature.next
		if signed {
			delta = append(delta, c)
		}
		return signed
	})
	return delta
}

// changesSince calls f for the changes that are not in v, in order of arrival. If it returns false, the
// changes of that replica that arrived right behind are left out.
func (d *Doc) changesSince(v VersionVector, f func(r *replica, c *Change) bool) {
	for i := range d.arrivals {
		a := &d.arrivals[i]
		end := d.changes.end
		if i+1 < len(d.arrivals) {
			end = d.arrivals[i+1].lv
		}
		r := d.replicas[a.by]
		known := v[r.id]
		if known >= a.seq+(end-a.lv) || a.lv >= end {
			continue
		}
		lv := a.lv
		if known > a.seq {
			lv, _ = d.changes.change(lv + (known - a.seq))
		}
		for lv < end {
			c := d.changeAt(r, lv)
			if !f(r, c) {
				break
			}
			lv += c.Next - c.Seq
		}
	}
}

// changeAt returns the change of r that begins at lv, with its signature if d keeps that.
func (d *Doc) changeAt(r *replica, lv uint32) *Change {
	if d.deleted != nil && lv < d.deleted.next {
		_ = d.needText() // what cannot be read makes changes that no signature fits
	}
	_, n := d.changes.change(lv)
	seq := d.seqOf(lv)
	c := &Change{Replica: r.id, Seq: seq, Next: seq + n, Body: d.appendBody(nil, r, lv, n)}
	for _, s := range r.signatures() {
		if s.next == c.Next {
			c.Signature = s.bytes
		}
	}
	return c
}
