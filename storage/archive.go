package storage

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sort"
	"sync"
	"time"

	"inkling/crdt"
)

// Archives in memory: no more than this many, and none longer than this after its last use. One takes about 200 bytes
// for each change, and the bodies.
const (
	maxArchives = 2
	archiveIdle = 30 * time.Second
)

// archive is a base unpacked: its changes in their order in the journal, with their hashes and what they go on from. Only
// who asks for what is old needs it: a copy that lacks some of it, a chain that forks there, a check.
type archive struct {
	changes []*crdt.Change             // the one at place p is changes[p-1]
	chains  map[crdt.ReplicaID][]int32 // places, by where the changes end
	hash    [32]byte                   // of the block
}

// unpack makes an archive of the document in a block. It has the block's hash if it is to be found by it. O(changes).
func unpack(d *crdt.Doc, hash [32]byte) *archive {
	a := &archive{changes: d.DeltaSince(nil), chains: map[crdt.ReplicaID][]int32{}, hash: hash}
	for i, c := range a.changes {
		a.chains[c.Replica] = append(a.chains[c.Replica], int32(i+1))
	}
	for _, chain := range a.chains {
		slices.SortStableFunc(chain, func(p, q int32) int { return cmp.Compare(a.changes[p-1].Next, a.changes[q-1].Next) })
	}
	return a
}

// find returns the place of the change that ends at h, 0 when there is none.
func (a *archive) find(h crdt.Head) int64 {
	chain := a.chains[h.Replica]
	i := sort.Search(len(chain), func(i int) bool { return a.changes[chain[i]-1].Next >= h.Next })
	for ; i < len(chain) && a.changes[chain[i]-1].Next == h.Next; i++ {
		if headOf(a.changes[chain[i]-1]) == h {
			return int64(chain[i])
		}
	}
	return 0
}

// behind returns the place of the change that goes on from h in a chain that did not fork, 0 when there is none.
func (a *archive) behind(h crdt.Head) int64 {
	chain := a.chains[h.Replica]
	i := sort.Search(len(chain), func(i int) bool { return a.changes[chain[i]-1].Seq >= h.Next })
	if i == len(chain) {
		return 0
	}
	return int64(chain[i])
}

// knows says whether c is there.
func (a *archive) knows(c *crdt.Change) bool {
	place := a.find(headOf(c))
	return place > 0 && a.changes[place-1].Hash == c.Hash
}

// archives keeps the archives in use.
type archives struct {
	readers *sql.DB

	mu   sync.Mutex // also held while one is unpacked, so that nothing is unpacked twice
	list []*archive // the one used last is the first
	idle *time.Timer
}

func newArchives(readers *sql.DB) *archives { return &archives{readers: readers} }

// get returns the archive of b, which is a base of doc or a successor. The error is a [*BlockError], and wraps errGone
// when b is no longer there.
func (s *archives) get(ctx context.Context, doc crdt.DocID, b *block) (*archive, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rest()
	if i := slices.IndexFunc(s.list, func(a *archive) bool { return a.hash == b.hash }); i >= 0 {
		a := s.list[i]
		copy(s.list[1:], s.list[:i])
		s.list[0] = a
		return a, nil
	}
	body, err := b.body(ctx, s.readers)
	if err != nil {
		return nil, blockError(s.readers, doc, b, err)
	}
	d, err := loadBlock(doc, body)
	if err != nil {
		return nil, blockError(s.readers, doc, b, err)
	}
	a := unpack(d, b.hash)
	if int64(len(a.changes)) != b.upto {
		return nil, blockError(s.readers, doc, b, fmt.Errorf("it holds %d changes", len(a.changes)))
	}
	s.list = append([]*archive{a}, s.list[:min(len(s.list), maxArchives-1)]...)
	return a, nil
}

// rest puts off the time at which all are dropped.
func (s *archives) rest() {
	if s.idle == nil {
		s.idle = time.AfterFunc(archiveIdle, s.drop)
	}
	s.idle.Reset(archiveIdle)
}

// drop forgets all archives.
func (s *archives) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = nil
}

// close forgets all, for good.
func (s *archives) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = nil
	if s.idle != nil {
		s.idle.Stop()
	}
}

// loadBlock returns the document of a history block, which must be doc's.
func loadBlock(doc crdt.DocID, body []byte) (*crdt.Doc, error) {
	d, err := crdt.LoadBlock(body)
	if err == nil && d.ID() != doc {
		err = fmt.Errorf("it is of document %s", d.ID())
	}
	return d, err
}

// blockError says of which document b is.
func blockError(db *sql.DB, doc crdt.DocID, b *block, reason error) error {
	if isDatabaseError(reason) && !errors.As(orDamage(reason), new(damage)) || errors.Is(reason, context.Canceled) {
		return fmt.Errorf("storage: read the block of %s: %w", doc, reason)
	}
	l := &Library{readers: db}
	d, _ := l.Document(doc) // for its title only
	return &BlockError{Doc: doc, Title: d.Title, Changes: b.upto, Reason: reason}
}
