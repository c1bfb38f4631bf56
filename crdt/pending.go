package crdt

import (
	"errors"
	"slices"
	"sort"
)

// Limits of what waits in one document.
const (
	MaxPendingChanges = 10_000
	MaxPendingBytes   = 4 << 20 // encoded
)

// ErrPendingFull says that a change was not kept, because it came before its
// causes and too many such are waiting. It must be asked for again later.
var ErrPendingFull = errors.New("crdt: too many changes wait for earlier ones")

// pending holds the changes that arrived before what they build on. Each waits
// for one ID; when that has come it is looked at anew.
type pending struct {
	waits map[ReplicaID][]waiting // by the replica they wait for; ascending by seq
	held  map[ID]struct{}         // first IDs of all that wait
	bytes int                     // of all that wait
}

type waiting struct {
	seq    uint32 // waits until the replica's edit seq has been applied
	bytes  int
	change *Change
}

func newPending() pending {
	return pending{waits: map[ReplicaID][]waiting{}, held: map[ID]struct{}{}}
}

// add keeps c until wanted has been applied. One that is held already is not kept
// twice.
func (p *pending) add(c *Change, wanted ID) error {
	id := ID{Replica: c.Replica, Seq: c.Seq}
	if _, ok := p.held[id]; ok {
		return nil
	}
	w := waiting{seq: wanted.Seq, bytes: len(c.Bytes()), change: c}
	if len(p.held) == MaxPendingChanges || p.bytes+w.bytes > MaxPendingBytes {
		return ErrPendingFull
	}
	list := p.waits[wanted.Replica]
	i := sort.Search(len(list), func(i int) bool { return list[i].seq > w.seq })
	p.waits[wanted.Replica] = slices.Insert(list, i, w)
	p.held[id] = struct{}{}
	p.bytes += w.bytes
	return nil
}

// release returns the changes that waited for an edit of r below next, and holds
// them no longer.
func (p *pending) release(r ReplicaID, next uint32) []*Change {
	list := p.waits[r]
	n := sort.Search(len(list), func(i int) bool { return list[i].seq >= next })
	if n == 0 {
		return nil
	}
	released := make([]*Change, n)
	for i, w := range list[:n] {
		released[i] = w.change
		delete(p.held, ID{Replica: w.change.Replica, Seq: w.change.Seq})
		p.bytes -= w.bytes
	}
	if p.waits[r] = slices.Delete(list, 0, n); n == len(list) {
		delete(p.waits, r)
	}
	return released
}
