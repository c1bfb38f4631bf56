package crdt

// point is where a change ends, or a chain begins: what a change may follow and a
// cause name. It is in the document, or ahead of it.
type point struct {
	of   *replica // in the document: whose change ends there; nil where an unknown chain begins
	step *step    // ahead of it: the change that ends there
	next uint32   // the Seq behind
}

// ending is a Seq behind the last of a change, of a family.
type ending struct {
	family ReplicaID
	next   uint32
}

// points returns where changes of a family end in front of next: in the document and
// ahead. known says that some chain of the family goes as far.
func (a *ahead) points(e ending) (list []point, known bool) {
	d := a.doc
	for _, r := range d.family(e.family) {
		if e.next <= r.from && r.parent != nil || e.next > r.next {
			continue
		}
		known = true
		if d.endsAt(r, e.next) {
			list = append(list, point{of: r, next: e.next})
		}
	}
	for _, s := range a.ends[e] {
		list = append(list, point{step: s, next: e.next})
	}
	return list, known || len(list) > 0 || e.next <= a.reach[e.family]
}

// endsAt says whether a sealed change of r ends in front of next.
func (d *Doc) endsAt(r *replica, next uint32) bool {
	if next == 0 || r == d.own && next > r.headNext {
		return false
	}
	lv := r.lv(next - 1)
	first, n := d.changes.change(lv)
	return lv+1 == first+n
}

// forks says whether a family has several tails, in the document or with what is ahead.
func (a *ahead) forks(id ReplicaID) bool {
	return a.doc.families[id] != nil || a.forked[id]
}

// hash returns the hash of the change that ends at p.
func (a *ahead) hash(p point, family ReplicaID) Hash {
	switch {
	case p.step != nil:
		return p.step.Hash
	case p.of != nil:
		return a.doc.hashAt(moment{p.of, p.next})
	}
	return firstPrevious(a.doc.docID, family)
}

// leads says whether p is on the way to q, both being of one family.
func (a *ahead) leads(p, q point) bool {
	for ; q.step != nil; q = q.step.previous {
		if p.step == q.step {
			return true
		}
	}
	return p.step == nil && (p.of == nil || q.of != nil && p.next <= q.next && q.of.before(q.next).leads(p.of.before(p.next), p.next))
}

// leads says whether what p has below next is r's, too.
func (r *replica) leads(p *replica, next uint32) bool { return next == 0 || r.holds(p, next-1) }

// branching returns the Seq up to which the ways to p and q, of one family, are one.
func (a *ahead) branching(p, q point) uint32 {
	seen := map[*step]bool{}
	for ; p.step != nil; p = p.step.previous {
		seen[p.step] = true
	}
	for ; q.step != nil; q = q.step.previous {
		if seen[q.step] {
			return q.next
		}
	}
	if p.of == nil || q.of == nil {
		return 0
	}
	return p.of.before(p.next).branching(p.next, q.of.before(q.next), q.next)
}

// branching returns up to which Seq r below next and s below limit are one.
func (r *replica) branching(next uint32, s *replica, limit uint32) uint32 {
	if r == s {
		return min(next, limit)
	}
	for k, end := s, limit; k != nil; k, end = k.parent, min(end, k.from) {
		for l, until := r, next; l != nil; l, until = l.parent, min(until, l.from) {
			if k == l {
				return min(end, until)
			}
		}
	}
	return 0
}
