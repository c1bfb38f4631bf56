package crdt

import (
	"bytes"
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

// ErrPendingFull says that too many changes waited for others or for a signature, and that some
// of them were forgotten. They must be asked for again.
var ErrPendingFull = errors.New("crdt: too many changes wait for earlier ones")

// pending holds the changes that arrived before what they build on, or before a
// signature that covers them; none of them has been applied.
type pending struct {
	families map[ReplicaID]*waiting
	// wakes has, for a family, the others that wait for changes of it.
	wakes map[ReplicaID]map[ReplicaID]struct{}
	count int
	bytes int
	seqs  uint64
}

// waiting is the changes of one family that wait, by Seq. Several may have the same Seqs: of
// tails, or because some are not what they claim to be, which nobody knows yet.
type waiting struct{ changes []*held }

// held is a change that waits.
type held struct {
	*Change
	step *step // while it is ahead
}

func newPending() pending {
	return pending{families: map[ReplicaID]*waiting{}, wakes: map[ReplicaID]map[ReplicaID]struct{}{}}
}

// add keeps c. One that is there already is not kept twice, but its signature is.
func (p *pending) add(c *Change) {
	w := p.families[c.Replica]
	if w == nil {
		w = &waiting{}
		p.families[c.Replica] = w
	}
	i := w.place(c.Seq)
	for ; i < len(w.changes) && w.changes[i].Seq == c.Seq; i++ {
		k := w.changes[i]
		if k.stamp() != c.stamp() || !bytes.Equal(k.Body, c.Body) {
			continue
		}
		if k.Signature == nil {
			k.Change = c
		}
		if c.Signature == nil || bytes.Equal(k.Signature, c.Signature) {
			return
		}
	}
	w.changes = slices.Insert(w.changes, i, &held{Change: c})
	p.count++
	p.bytes += len(c.Body)
	p.seqs += uint64(c.Next - c.Seq)
}

// drop forgets h.
func (p *pending) drop(h *held) {
	w := p.families[h.Replica]
	if i := slices.Index(w.changes, h); i >= 0 {
		w.changes = slices.Delete(w.changes, i, i+1)
		p.forgot(h)
		p.tidy(h.Replica)
	}
}

// dropIf forgets those of a family that f says are done with.
func (p *pending) dropIf(id ReplicaID, f func(h *held) bool) {
	w := p.families[id]
	if w == nil {
		return
	}
	w.changes = slices.DeleteFunc(w.changes, func(h *held) bool {
		done := f(h)
		if done {
			p.forgot(h)
		}
		return done
	})
	p.tidy(id)
}

func (p *pending) tidy(id ReplicaID) {
	if len(p.families[id].changes) == 0 {
		delete(p.families, id)
	}
}

func (p *pending) forgot(h *held) {
	p.count--
	p.bytes -= len(h.Body)
	p.seqs -= uint64(h.Next - h.Seq)
}

// trim forgets the last of the given changes that wait, while too many do, and
// says whether there were any.
func (p *pending) trim(given []*Change) (dropped bool) {
	for _, c := range slices.Backward(given) {
		if p.count <= MaxPendingChanges && p.bytes <= MaxPendingBytes {
			break
		}
		if h := p.find(c); h != nil {
			p.drop(h)
			dropped = true
		}
	}
	return dropped
}

// find returns how c waits, nil when it does not.
func (p *pending) find(c *Change) *held {
	w := p.families[c.Replica]
	if w == nil {
		return nil
	}
	for i := w.place(c.Seq); i < len(w.changes) && w.changes[i].Seq == c.Seq; i++ {
		if w.changes[i].Change == c {
			return w.changes[i]
		}
	}
	return nil
}

// place returns where a change that begins at seq is or would be.
func (w *waiting) place(seq uint32) int {
	return sort.Search(len(w.changes), func(i int) bool { return w.changes[i].Seq >= seq })
}

// signed returns how many of w's changes are in front of the last signed one or are that.
func (w *waiting) signed() int {
	n := len(w.changes)
	for n > 0 && w.changes[n-1].Signature == nil {
		n--
	}
	return n
}

// wait notes that the family id waits for changes of another.
func (p *pending) wait(id, of ReplicaID) {
	if id == of || p.families[id] == nil {
		return
	}
	if p.wakes[of] == nil {
		p.wakes[of] = map[ReplicaID]struct{}{}
	}
	p.wakes[of][id] = struct{}{}
}

// woken returns the families that wait for changes of id, and forgets that they do.
func (p *pending) woken(id ReplicaID) (ids []ReplicaID) {
	ids = slices.SortedFunc(maps.Keys(p.wakes[id]), ReplicaID.Compare)
	delete(p.wakes, id)
	return ids
}

// Pending returns how many changes wait for what they build on or for a signature.
func (d *Doc) Pending() int { return d.pending.count }
