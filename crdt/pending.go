package crdt

import (
	"errors"
	"maps"
	"slices"
	"sort"
)

// Limits of what waits in one document.
const (
	MaxPendingChanges = 10_000
	MaxPendingBytes   = 4 << 20 // of bodies
)

// ErrPendingFull says that a change was not kept, because it came before its
// causes or its signature and too many such are waiting. It must be asked for again later.
var ErrPendingFull = errors.New("crdt: too many changes wait for earlier ones")

// pending holds the changes that arrived before what they build on, or before a
// signature that covers them; none of them has been applied.
type pending struct {
	chains map[ReplicaID]*waiting
	// wakes has, for a chain, the other chains that wait for changes of it.
	wakes map[ReplicaID]map[ReplicaID]struct{}
	count int
	bytes int
	seqs  uint64
}

// waiting is the changes of one chain that wait, ascending, without overlap.
type waiting struct{ changes []*Change }

func newPending() pending {
	return pending{chains: map[ReplicaID]*waiting{}, wakes: map[ReplicaID]map[ReplicaID]struct{}{}}
}

// add keeps c, if it is next in its chain though the bounds are reached: it may need not
// wait at all, and others wait for it. One that is there already is not kept twice, but its signature is.
func (p *pending) add(c *Change, isNext bool) error {
	w := p.chains[c.Replica]
	if w == nil {
		w = &waiting{}
	}
	i := w.place(c.Seq)
	found := i < len(w.changes) && w.changes[i].Seq == c.Seq
	if found && string(w.changes[i].Body) == string(c.Body) {
		if w.changes[i].Signature == nil {
			w.changes[i] = c
		}
		return nil
	}
	if !isNext && (p.count >= MaxPendingChanges || p.bytes+len(c.Body) > MaxPendingBytes) {
		return ErrPendingFull
	}
	if found || (i > 0 && w.changes[i-1].Next > c.Seq) || (i < len(w.changes) && c.Next > w.changes[i].Seq) {
		return refuse(c, "another change that waits has the same seqs")
	}
	w.changes = slices.Insert(w.changes, i, c)
	p.chains[c.Replica] = w
	p.count++
	p.bytes += len(c.Body)
	p.seqs += uint64(c.Next - c.Seq)
	return nil
}

// dropFrom forgets the changes of a chain from the Seq from on.
func (p *pending) dropFrom(id ReplicaID, from uint32) {
	if w := p.chains[id]; w != nil {
		i := w.place(from)
		p.forget(w.changes[i:])
		w.changes = w.changes[:i]
		p.tidy(id)
	}
}

// dropTo forgets the changes of a chain that have been applied to r (nil: none have).
func (p *pending) dropTo(id ReplicaID, r *replica) {
	if w := p.chains[id]; w != nil && r != nil {
		i := w.place(r.next)
		p.forget(w.changes[:i])
		w.changes = w.changes[i:]
		p.tidy(id)
	}
}

// trim forgets the last of the given changes that wait, while too many do, and
// says whether there were any.
func (p *pending) trim(changes []*Change) (dropped bool) {
	for _, c := range slices.Backward(changes) {
		if p.count <= MaxPendingChanges && p.bytes <= MaxPendingBytes {
			break
		}
		w := p.chains[c.Replica]
		if w == nil {
			continue
		}
		if i := w.place(c.Seq); i < len(w.changes) && w.changes[i] == c {
			p.forget(w.changes[i : i+1 : i+1])
			w.changes = slices.Delete(w.changes, i, i+1)
			p.tidy(c.Replica)
			dropped = true
		}
	}
	return dropped
}

// place returns where a change that begins at seq is or would be.
func (w *waiting) place(seq uint32) int {
	return sort.Search(len(w.changes), func(i int) bool { return w.changes[i].Seq >= seq })
}

func (p *pending) forget(changes []*Change) {
	for _, c := range changes {
		p.bytes -= len(c.Body)
		p.seqs -= uint64(c.Next - c.Seq)
	}
	p.count -= len(changes)
	clear(changes) // the array stays a while
}

func (p *pending) tidy(id ReplicaID) {
	if len(p.chains[id].changes) == 0 {
		delete(p.chains, id)
	}
}

// wait notes that the chain id waits for changes of another.
func (p *pending) wait(id, of ReplicaID) {
	if id == of || p.chains[id] == nil {
		return
	}
	if p.wakes[of] == nil {
		p.wakes[of] = map[ReplicaID]struct{}{}
	}
	p.wakes[of][id] = struct{}{}
}

// woken returns the chains that wait for changes of id, and forgets that they do.
func (p *pending) woken(id ReplicaID) (ids []ReplicaID) {
	ids = slices.SortedFunc(maps.Keys(p.wakes[id]), ReplicaID.Compare)
	delete(p.wakes, id)
	return ids
}

// Pending returns how many changes wait for what they build on or for a signature.
func (d *Doc) Pending() int { return d.pending.count }
