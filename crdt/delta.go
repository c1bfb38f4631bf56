package crdt

// DeltaSince returns the changes that a copy with vector v lacks, in an order in
// which it can apply them: what d has sealed or applied, up to the newest signature of
// each chain, with their hashes and [Change.Previous]. The signatures are those that d keeps; the last change of each chain has one.
// O(changes that are lacking, and arrivals); O(all changes) where hashes are no longer at hand.
func (d *Doc) DeltaSince(v VersionVector) (delta []*Change) {
	reach := d.reach(v)
	missing := map[moment]Hash{}
	var of, before []moment // where each change ends, and where it goes on from
	for i := range d.arrivals {
		a := &d.arrivals[i]
		end := min(d.arrivalEnd(i), d.changes.end)
		r := d.replicas[a.by]
		known := reach[a.by]
		if known >= a.seq+(end-a.lv) || a.lv >= end {
			continue
		}
		lv := a.lv
		if known > a.seq {
			lv, _ = d.changes.change(lv + (known - a.seq))
		}
		for lv < end {
			c := d.changeAt(r, lv)
			if c.Next > r.signature.next {
				break
			}
			m, p := moment{r, c.Next}, moment{r.before(c.Seq), c.Seq}
			if hash, ok := r.hashAt(c.Next); ok {
				c.Hash = hash
			} else {
				missing[m] = Hash{}
			}
			if follows := len(of) > 0 && of[len(of)-1] == p; p.next > 0 && !follows {
				if hash, ok := p.of.hashAt(p.next); ok {
					c.Previous = hash.stamp()
				} else {
					missing[p] = Hash{}
				}
			}
			delta, of, before = append(delta, c), append(of, m), append(before, p)
			lv += c.Next - c.Seq
		}
	}
	if len(missing) > 0 {
		d.rehash(missing)
	}
	for i, c := range delta {
		if hash, ok := missing[of[i]]; ok {
			c.Hash = hash
		}
		c.Stamp = c.Hash.stamp()
		if hash, ok := missing[before[i]]; ok {
			c.Previous = hash.stamp()
		} else if i > 0 && of[i-1] == before[i] {
			c.Previous = delta[i-1].Stamp
		}
	}
	return delta
}

// changeAt returns the change of r that begins at lv, with its signature if d keeps that.
func (d *Doc) changeAt(r *replica, lv uint32) *Change {
	d.needTextOf(lv)
	_, n := d.changes.change(lv)
	seq := d.seqOf(lv)
	c := &Change{Replica: r.family, Seq: seq, Next: seq + n, Body: d.appendBody(nil, r, lv, n)}
	for _, s := range r.signatures() {
		if s.next == c.Next {
			c.Signature = s.bytes
		}
	}
	return c
}
