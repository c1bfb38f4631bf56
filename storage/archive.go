package storage

import (
	"cmp"
	"context"
	"crypto/ed25519"
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

// sign gives changes of the chains that key's device wrote signatures that a block does not keep: so many that there are
// cuts, places up to which all of these chains are signed, as often as package crdt makes them in what it passes on. They are
// those that the device made of these changes, or would have.
func (a *archive) sign(key ed25519.PrivateKey) {
	own := a.chainsOf(key)
	if len(own) == 0 {
		return
	}
	changes, size, ends := 0, 0, map[crdt.Head]*crdt.Change{} // since the last cut
	for _, c := range a.changes {
		changes, size = changes+1, size+len(c.Body)
		delete(ends, previousOf(c))
		ends[headOf(c)] = c
		if changes < cutChanges && size < cutBytes {
			continue
		}
		for _, end := range ends {
			if end.Signature == nil && own[end.Replica] {
				end.Signature = ed25519.Sign(key, end.Hash[:])
			}
		}
		clear(ends)
		changes, size = 0, 0
	}
}

// A cut is made after so many changes, or bytes of their bodies.
const (
	cutChanges = 256
	cutBytes   = 512 << 10
)

// chainsOf returns the chains that key's device wrote: of which it signed the newest change.
func (a *archive) chainsOf(key ed25519.PrivateKey) map[crdt.ReplicaID]bool {
	own := map[crdt.ReplicaID]bool{}
	for r, chain := range a.chains {
		newest := a.changes[chain[len(chain)-1]-1]
		if key != nil && newest.Signature != nil && ed25519.Verify(key.Public().(ed25519.PublicKey), newest.Hash[:], newest.Signature) {
			own[r] = true
		}
	}
	return own
}

// stretch returns how many changes, and bytes of bodies, one who gets them one by one keeps waiting at most, for
// signatures.
func (a *archive) stretch() (changes, bytes int) {
	waiting, size, bare := 0, 0, map[crdt.Head]bool{}
	for _, c := range a.changes {
		waiting, size = waiting+1, size+len(c.Body)
		delete(bare, previousOf(c))
		if c.Signature == nil {
			bare[headOf(c)] = true
		}
		changes, bytes = max(changes, waiting), max(bytes, size)
		if len(bare) == 0 {
			waiting, size = 0, 0
		}
	}
	return changes, bytes
}

// archives keeps the archives in use.
type archives struct {
	readers *sql.DB

	mu   sync.Mutex // also held while one is unpacked, so that nothing is unpacked twice
	list []*archive // the one used last is the first
	idle *time.Timer
	key  ed25519.PrivateKey // nil: none can sign
}

// SignWith makes the key of the device that works in the library known while it is open; it is not stored. With it the
// device's own old changes, of which a block keeps few signatures, can be given to others one by one.
func (l *Library) SignWith(key ed25519.PrivateKey) {
	l.archives.mu.Lock()
	defer l.archives.mu.Unlock()
	l.archives.key, l.archives.list = key, nil
}

// signer returns the key that SignWith was told.
func (s *archives) signer() ed25519.PrivateKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.key
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
	a.sign(s.key)
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
