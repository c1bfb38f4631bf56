package crdt

import "sort"

// changeGroups calls f for the groups of d's changes, in order of arrival.
func (d *Doc) changeGroups(f func(g *changeGroup)) {
	for i := range d.arrivals {
		a := &d.arrivals[i]
		end := d.changes.end
		if i+1 < len(d.arrivals) {
			end = d.arrivals[i+1].lv
		}
		r := d.replicas[a.by]
		for lv := a.lv; lv < end; {
			seq := a.seq + (lv - a.lv)
			stop := min(end, d.changes.alikeTo(lv))
			causes := sort.Search(len(r.causes), func(i int) bool { return r.causes[i].seq > seq })
			if causes < len(r.causes) {
				stop = min(stop, lv+(r.causes[causes].seq-seq))
			}
			e := d.changes.find(lv)
			g := changeGroup{by: r, size: e.size, count: (stop - lv) / e.size, minutes: e.minutes}
			for _, c := range r.causesOf(seq) {
				g.causes = append(g.causes, groupCause{r.table[c.place].of, int(c.place), c.next})
			}
			f(&g)
			lv = stop
		}
	}
}

func (w *blockWriter) writeChanges() []byte {
	d := w.d
	c := newChangeColumn(writeColumn(), w.head.replicas)
	d.changeGroups(func(g *changeGroup) {
		c.group(g)
		w.head.groups++
		w.head.causes += uint32(len(g.causes))
	})
	w.head.seqs = d.next
	w.changes = c
	return c.e.Finish()
}

// readChanges gives the document its replicas' chains: all but what the ops are.
func (r *blockReader) readChanges() {
	d := r.d
	c := newChangeColumn(readColumn(r.columns[columnChanges]), r.head.replicas)
	c.left = r.head.causes
	r.linear = true
	for range r.head.groups {
		var g changeGroup
		c.group(&g)
		seqs := uint64(g.size) * uint64(g.count)
		if c.check() == nil && (seqs == 0 || seqs > uint64(r.head.seqs-d.next)) {
			c.fail("a group of %d seqs, of %d that are left", seqs, r.head.seqs-d.next)
		}
		if c.err == nil && !g.inTable() {
			c.fail("causes are not in order, or not of others")
		}
		if c.err != nil {
			break
		}
		r.linear = d.addGroup(&g) == uint64(d.next) && r.linear
	}
	if c.err == nil && (d.next != r.head.seqs || c.left > 0 || len(c.recent) != len(c.all)) {
		c.fail("the changes do not add up to the block's head")
	}
	r.changes = c
	r.take(c.end())
}

// inTable says whether g's new causes are new in its replica's table and in the order of a body.
func (g *changeGroup) inTable() bool {
	var last ReplicaID
	for _, k := range g.causes {
		if k.place < len(g.by.table) {
			continue
		}
		if _, known := g.by.placeOf(k.of); known || k.of == g.by || last.Compare(k.of.id) >= 0 {
			return false
		}
		last = k.of.id
	}
	return true
}

// addGroup notes a group of changes, whose ops are still to come, and returns the Lamport of the last Seq.
func (d *Doc) addGroup(g *changeGroup) (lamport uint64) {
	r := g.by
	lamport = r.lamport
	for _, c := range g.causes {
		lamport = max(lamport, d.lamportOf(c.of, c.next-1))
		r.declare(r.next, c.of, c.place, c.next)
	}
	d.begin(r, lamport+1)
	d.take(r, g.size*g.count)
	d.changes.addAlike(g.size, g.count, g.minutes)
	r.minutes = g.minutes
	return r.lamport
}
