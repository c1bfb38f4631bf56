package crdt

import (
	"math"
	"slices"
	"sort"
)

// replica is what a document knows of one replica's chain of edits.
type replica struct {
	id       ReplicaID
	next     uint32        // Seq of its next edit
	clock    clock         // Lamport of each Seq
	declared VersionVector // all causes that the chain has named
	log      []record      // what each Seq was; ascending and without gaps
	text     []byte        // of all its elements in the order of their Seqs
	index    index         // Seq of an element → block
}

// record is one op of a replica's log, or several inserts that go on from one
// another: seq … seq+n-1.
type record struct {
	seq, n uint32
	kind   recordKind
	// Insert: the first element's origin, by nil for the root; each other one has
	// the element before it. Delete: the first target. Restore: the cancelled Delete.
	by  *replica
	ref uint32
	// Insert: Seq of the prepend chain of the first element; each other one's is
	// its own.
	chain     uint32
	targets   uint32 // Delete: how many
	cancelled bool   // Delete: by a Restore
}

// recordKind is an [OpKind], or 0 for a void op: one that refers to what is not there.
type recordKind = OpKind

const void recordKind = 0

func (r *replica) lamport(seq uint32) uint64 { return r.clock.at(seq) }

// last returns the Lamport of the newest Seq, 0 when there is none.
func (r *replica) last() uint64 {
	if r.next == 0 {
		return 0
	}
	return r.lamport(r.next - 1)
}

// take reserves the next n Seqs and returns the first.
func (r *replica) take(n uint32) uint32 {
	if uint64(r.next)+uint64(n) > math.MaxUint32 {
		panic("crdt: replica " + r.id.String() + " has used up its Seqs; attach a new one")
	}
	r.next += n
	return r.next - n
}

// record returns what seq was, nil when it is not known.
func (r *replica) record(seq uint32) *record {
	if seq >= r.next {
		return nil
	}
	if last := &r.log[len(r.log)-1]; seq >= last.seq {
		return last
	}
	i := sort.Search(len(r.log), func(i int) bool { return r.log[i].seq > seq })
	return &r.log[i-1]
}

// hasElement says whether seq is an element. It stays so or stays not so for ever.
func (r *replica) hasElement(seq uint32) bool {
	rec := r.record(seq)
	return rec != nil && rec.kind == Insert
}

// hasElements says whether all of seq … seq+n-1 are elements.
func (r *replica) hasElements(seq, n uint32) bool {
	for n > 0 {
		rec := r.record(seq)
		if rec == nil || rec.kind != Insert {
			return false
		}
		k := min(n, rec.seq+rec.n-seq)
		seq, n = seq+k, n-k
	}
	return true
}

// origin returns the origin of the element seq.
func (r *replica) origin(seq uint32) element {
	if rec := r.record(seq); rec.seq == seq {
		return element{rec.by, rec.ref}
	}
	return element{r, seq - 1}
}

// chain returns the Seq of the prepend chain of the element seq.
func (r *replica) chain(seq uint32) uint32 {
	if rec := r.record(seq); rec.seq == seq {
		return rec.chain
	}
	return seq
}

// note appends rec to the log. Inserts that go on from the last one join it.
func (r *replica) note(rec record) {
	if n := len(r.log); n > 0 && rec.kind == Insert {
		last := &r.log[n-1]
		if last.kind == Insert && rec.by == r && rec.ref == rec.seq-1 && rec.chain == rec.seq {
			last.n += rec.n
			return
		}
	}
	r.log = append(r.log, rec)
}

// replicas are the replicas that a document has heard of.
type replicas map[ReplicaID]*replica

// intern returns the replica that id names, a new one if need be.
func (rs replicas) intern(id ReplicaID) *replica {
	r := rs[id]
	if r == nil {
		r = &replica{id: id, declared: VersionVector{}}
		rs[id] = r
	}
	return r
}

// knows says whether {id, seq} has been applied.
func (rs replicas) knows(id ReplicaID, seq uint32) bool {
	r := rs[id]
	return r != nil && seq < r.next
}

// sorted returns the replicas that have written something, ascending by id.
func (rs replicas) sorted() []*replica {
	var all []*replica
	for _, r := range rs {
		if r.next > 0 {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b *replica) int { return a.id.Compare(b.id) })
	return all
}

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
