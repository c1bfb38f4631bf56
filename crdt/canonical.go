package crdt

import (
	"cmp"
	"container/heap"
	"iter"
)

// Canonical gives all changes of d, hashed, with the signatures that d keeps, in an order that depends on the set of
// changes alone, and in which each comes behind all that it builds on: one chain goes on as long as what its next change
// builds on is out; else that chain is next, of those of which it is, whose next change has the least (Lamport, name). The
// tails of a chain that forked count as chains, with the names that a [VersionVector] gives them; name is that.
//
// All local edits must have been flushed and sealed, else it panics; d must not be altered meanwhile. The text of a block that
// d came from must be readable ([Deleted.Decode]), else hashes are wrong, as [Doc.Verify] says. O((changes + causes) log chains).
func (d *Doc) Canonical() iter.Seq2[ReplicaID, *Change] {
	return func(yield func(name ReplicaID, c *Change) bool) {
		d.mustSeal()
		h, s := newHashing(d), newSorting(d)
		for r := s.first(); r != nil; r = s.after(r) {
			seq := s.out[r.place]
			c := d.changeAt(r, r.lv(seq))
			previous, hash := h.change(r, seq, c.Next-seq, c.Body)
			if c.Hash, c.Stamp = hash, hash.stamp(); seq > 0 {
				c.Previous = previous.stamp()
			}
			if s.out[r.place] = c.Next; !yield(r.id, c) {
				return
			}
		}
	}
}

// sorting finds the canonical order.
type sorting struct {
	d     *Doc
	out   []uint32 // per replica: the Seq behind its last change that is out
	ready turns    // chains whose next change may come, by its Lamport
	waits []turns  // per replica: chains that wait for one of its changes, by the Seq behind that
}

func newSorting(d *Doc) *sorting {
	s := &sorting{d: d, out: make([]uint32, len(d.replicas)), waits: make([]turns, len(d.replicas))}
	for i, r := range d.replicas {
		s.out[i] = r.from
	}
	return s
}

// first returns the chain that begins, nil when there is none.
func (s *sorting) first() *replica {
	for _, r := range s.d.replicas {
		if s.enlist(r) {
			s.makeReady(r)
		}
	}
	return s.least()
}

// after returns the chain that comes next when a change of r has come out.
func (s *sorting) after(r *replica) *replica {
	for waits := &s.waits[r.place]; len(*waits) > 0 && (*waits)[0].key <= uint64(s.out[r.place]); {
		if k := heap.Pop(waits).(turn).of; s.enlist(k) {
			s.makeReady(k)
		}
	}
	if s.enlist(r) {
		return r
	}
	return s.least()
}

func (s *sorting) makeReady(r *replica) {
	heap.Push(&s.ready, turn{s.d.lamportOf(r, s.out[r.place]), r})
}

func (s *sorting) least() *replica {
	if len(s.ready) == 0 {
		return nil
	}
	return heap.Pop(&s.ready).(turn).of
}

// enlist says whether the next change of r may come. If it has to wait, r is noted for that; a chain that is out is not.
func (s *sorting) enlist(r *replica) bool {
	seq := s.out[r.place]
	if seq >= r.next {
		return false
	}
	if seq == r.from && seq > 0 && s.await(r, moment{r.parent.before(seq), seq}) {
		return false
	}
	for _, c := range r.causesOf(seq) {
		if s.await(r, r.table[c.place].moment(c.next)) {
			return false
		}
	}
	return true
}

// await makes r wait for m, unless that is out.
func (s *sorting) await(r *replica, m moment) bool {
	if s.out[m.of.place] >= m.next {
		return false
	}
	heap.Push(&s.waits[m.of.place], turn{uint64(m.next), r})
	return true
}

// turns is a heap of chains, the least first.
type turns []turn

type turn struct {
	key uint64
	of  *replica
}

func (t turns) Len() int      { return len(t) }
func (t turns) Swap(i, k int) { t[i], t[k] = t[k], t[i] }
func (t *turns) Push(x any)   { *t = append(*t, x.(turn)) }

func (t turns) Less(i, k int) bool {
	return cmp.Or(cmp.Compare(t[i].key, t[k].key), t[i].of.id.Compare(t[k].of.id)) < 0
}

func (t *turns) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}
