package crdt

import "sort"

// tick says that the Seqs of a replica from seq on have the Lamports lamport,
// lamport+1 … up to the next tick.
type tick struct {
	seq     uint32
	lamport uint64
}

// clock holds the Lamport of every Seq of one replica. Within a change Lamports
// rise by one per Seq, and so they do from change to change unless the later one
// was made in knowledge of something newer; only those leave a tick.
//
// The Lamport of a change's first Seq is one more than the greatest of the
// Lamports of the replica's previous Seq and of the causes that the change names.
// It is derived by every copy for itself and never sent, so nobody can lie about
// it; and since a member cannot name what does not exist, it grows by no more
// than the document does.
type clock []tick

// at returns the Lamport of seq, which must be known.
func (k clock) at(seq uint32) uint64 {
	i := len(k) - 1
	if k[i].seq > seq {
		i = sort.Search(len(k), func(i int) bool { return k[i].seq > seq }) - 1
	}
	return k[i].lamport + uint64(seq-k[i].seq)
}

// start notes that seq, the first of a change, has the given Lamport.
func (k *clock) start(seq uint32, lamport uint64) {
	if len(*k) == 0 || k.at(seq) != lamport {
		*k = append(*k, tick{seq: seq, lamport: lamport})
	}
}

// declare notes that the chain of r names causes in the change that begins at
// its next Seq, and derives that Seq's Lamport.
func (d *Doc) declare(r *replica, causes []ID) {
	lamport := r.last()
	for _, id := range causes {
		lamport = max(lamport, d.replicas[id.Replica].lamport(id.Seq))
		r.declared[id.Replica] = id.Seq + 1
	}
	r.clock.start(r.next, lamport+1)
}
