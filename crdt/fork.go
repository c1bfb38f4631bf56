package crdt

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"sort"
)

// # Forks
//
// A chain forks when two copies go on with it: a machine was set back to an older
// state, or a library was copied and both are used. Both tails stay. Of the changes that follow
// one change, the one with the least hash keeps the chain's name; each other begins a
// tail, a replica named by its hash, with what lies before the fork as its own past.
// A chain and all its tails are a family; those who wrote them call all of them by the chain's name,
// and what tells them apart is the stamp in the frame.
//
// The order of elements does not follow from these names, which change when a tail
// with a lesser hash turns up, but from the family's and the hashes where two tails part: see [replica.compare].

// holder returns who has the Seq seq of r, r or a replica from which it parted, and the
// Seq up to which r's path is that one's.
func (r *replica) holder(seq uint32) (by *replica, end uint32) {
	end = math.MaxUint32
	for seq < r.from {
		r, end = r.parent, r.from
	}
	return r, end
}

// holds says whether the Seq seq of by is r's, too.
func (r *replica) holds(by *replica, seq uint32) bool {
	if r == by {
		return true
	}
	holder, _ := r.holder(seq)
	return holder == by
}

// before returns whose change ends in front of next: r, or a replica from which it parted.
func (r *replica) before(next uint32) *replica {
	for next <= r.from && r.parent != nil {
		r = r.parent
	}
	return r
}

// forked says whether there are other tails of r's chain.
func (h *history) forked(r *replica) bool { return h.families[r.family] != nil }

// family returns the replicas of a family.
func (h *history) family(id ReplicaID) []*replica {
	if all := h.families[id]; all != nil {
		return all
	}
	if r := h.byID[id]; r != nil && r.family == id {
		return []*replica{r}
	}
	return nil
}

// compare orders replicas of which each has an element, both with one Lamport: by family, and
// within one by the hashes of the changes with which they part. A chain's least hash keeps the chain's name, so
// the tail stands behind it.
func (r *replica) compare(s *replica) int {
	if r == s {
		return 0
	}
	if r.family != s.family {
		return r.family.Compare(s.family)
	}
	a, b := r.path(), s.path()
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] != b[i] {
			return cmp.Or(-cmp.Compare(a[i].from, b[i].from), a[i].id.Compare(b[i].id))
		}
	}
	return cmp.Compare(len(a), len(b))
}

// path returns r and the tails that lead to it, r last.
func (r *replica) path() (path []*replica) {
	for ; r.parent != nil; r = r.parent {
		path = append(path, r)
	}
	slices.Reverse(path)
	return path
}

// fork returns the replica that gets a change with the given hash, which follows the
// Seqs of p below seq; p goes on there otherwise.
func (d *Doc) fork(p *replica, seq uint32, hash Hash) *replica {
	_, n := d.changes.change(p.lv(seq))
	old := d.hashAt(moment{p, seq + n})
	if bytes.Compare(hash[:], old[:]) < 0 {
		d.split(p, seq, tailName(old))
		return p
	}
	return d.tail(p, seq, tailName(hash))
}

// tailName returns the name of a tail whose first change has the given hash.
func tailName(hash Hash) (id ReplicaID) {
	copy(id[:], hash[:])
	return id
}

// tail returns a new replica, which parts from p at seq.
func (d *Doc) tail(p *replica, seq uint32, name ReplicaID) *replica {
	head := d.hashAt(moment{p, seq})
	if p.hashes == nil {
		d.keepHashes(p)
	}
	t := d.intern(name, d.docID)
	t.hashes = map[uint32]Hash{}
	t.family, t.parent, t.from, t.next = p.family, p, seq, seq
	t.setHead(seq, head)
	t.table = p.tableAt(seq)
	t.indexTable()
	if seq > 0 {
		lv := p.lv(seq - 1)
		t.author, t.grant = p.author, p.grant
		t.lamport, t.minutes = d.lamportOf(p, seq-1), d.changes.minutes(lv)
	}
	if d.families[p.family] == nil {
		d.families[p.family] = []*replica{p}
	}
	d.families[p.family] = append(d.families[p.family], t)
	return t
}

// keepHashes hashes all changes of p anew and keeps the hashes, because from now on they say to which
// tail a change belongs.
func (d *Doc) keepHashes(p *replica) {
	hashes := map[moment]Hash{}
	for seq := p.from; seq < p.headNext; {
		_, n := d.changes.change(p.lv(seq))
		seq += n
		hashes[moment{p, seq}] = Hash{}
	}
	d.rehash(hashes)
	p.hashes = make(map[uint32]Hash, len(hashes))
	for m, hash := range hashes {
		p.hashes[m.next] = hash
	}
}

// tableAt returns r's table as it is in front of the change that begins at seq.
func (r *replica) tableAt(seq uint32) (table []mention) {
	for i := range r.table {
		m := &r.table[i]
		n := m.before(seq)
		if n == 0 {
			break // the others came later
		}
		declared := m.declared[:n:n]
		table = append(table, mention{m.of.before(declared[n-1].next), declared})
	}
	return table
}

// split makes what p has from seq on a tail of its own, so that another one can have p's name.
func (d *Doc) split(p *replica, seq uint32, name ReplicaID) {
	t := d.tail(p, seq, name)
	t.next, p.next = p.next, t.next
	t.lamport, p.lamport = p.lamport, t.lamport
	t.minutes, p.minutes = p.minutes, t.minutes
	t.head, p.head = p.head, t.head
	t.headNext, p.headNext = p.headNext, t.headNext
	t.table, p.table = p.table, t.table
	t.author, t.grant = p.author, p.grant
	if seq == 0 {
		p.author, p.grant = Author{}, none
	}
	t.indexTable()
	p.indexTable()
	p.cut(t, seq)
	d.splitArrivals(p, t, seq)
	d.renameRest(p, t, seq)
	d.splits = append(d.splits, parting{p, t, seq})
}

// parting says that what p had from seq on is now rest's.
type parting struct {
	p, rest *replica
	seq     uint32
}

// cut gives t what p keeps in order of Seqs, from seq on.
func (p *replica) cut(t *replica, seq uint32) {
	i := sort.Search(len(p.causes), func(i int) bool { return p.causes[i].seq >= seq })
	p.causes, t.causes = slices.Clip(p.causes[:i]), p.causes[i:]

	i = sort.Search(len(p.pieces), func(i int) bool { return p.pieces[i].seq >= seq })
	t.pieces = slices.Clone(p.pieces[i:])
	if i > 0 && (i == len(p.pieces) || p.pieces[i].seq > seq) {
		last := p.pieces[i-1]
		t.pieces = slices.Insert(t.pieces, 0, piece{seq, last.lv + (seq - last.seq)})
	}
	p.pieces = slices.Clip(p.pieces[:i])

	i = sort.Search(len(p.kept), func(i int) bool { return p.kept[i].next > seq })
	p.kept, t.kept = slices.Clip(p.kept[:i]), p.kept[i:]
	if p.signature.next > seq {
		t.signature, p.signature = p.signature, signature{}
	}
	p.recent, t.recent = p.recent.part(seq)
	for next, hash := range p.hashes {
		if next > seq {
			t.hashes[next] = hash
			delete(p.hashes, next)
		}
	}
}

// splitArrivals makes the arrivals of p from seq on those of t.
func (h *history) splitArrivals(p, t *replica, seq uint32) {
	for i := 0; i < len(h.arrivals); i++ {
		a := &h.arrivals[i]
		switch end := a.seq + (h.arrivalEnd(i) - a.lv); {
		case a.by != p.place || end <= seq:
		case a.seq >= seq:
			a.by = t.place
		default:
			n := seq - a.seq
			h.arrivals = slices.Insert(h.arrivals, i+1, arrival{a.lv + n, seq, p.place, a.lamport + uint64(n)})
		}
	}
}

// renameRest makes everything that names p and means what is now t name t.
func (d *Doc) renameRest(p, t *replica, seq uint32) {
	for _, r := range d.replicas {
		if r != t && r.parent == p && r.from > seq {
			r.parent = t
		}
		for place := range r.table {
			if m := &r.table[place]; m.of == p && m.last() > seq {
				r.remention(place, t)
			}
		}
	}
	if d.own == p {
		d.own = t
	}
	if _, ok := d.draft.news[p]; ok {
		d.draft.news[t] = struct{}{}
	}
	for i := range d.runs {
		if k := &d.runs[i]; k.kind == runDelete && k.aux > 1 {
			if by, first, n := d.targets(k.lv); by == p && first+n > seq {
				d.cross(k.lv, t)
			}
		}
	}
}

// cross notes that the Delete lv reaches into a tail from the past of that.
func (h *history) cross(lv uint32, tail *replica) {
	if h.crossings == nil {
		h.crossings = map[uint32]*replica{}
	}
	h.crossings[lv] = tail
}
