package workspace

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"inkling/crdt"
	"inkling/netsync"
	"inkling/netsync/wire"
	"inkling/storage"
)

// inboxFolder is in the library's folder; what has come of blocks is kept there until all of one is there.
const inboxFolder = "incoming"

// vouchedBatch is how many changes of a block that the library has taken in are brought into the session at once: about 1 ms. A key that
// waits for longer than that gets the mutex next.
const vouchedBatch = 512

func (p peerLibrary) Block(doc crdt.DocID, hash wire.Hash) ([]byte, error) {
	return p.w.lib.BaseBytes(doc, hash)
}

func (p peerLibrary) Has(doc crdt.DocID, heads []crdt.Head) (bool, error) {
	return p.w.lib.Has(doc, heads)
}

// Take has a block verified and committed, and then brings what is news in it into the session. All computing is off the
// session's mutex; until it is done the person writes on in what was there. What is cut in between is
// in the library, where the next start finds it.
func (p peerLibrary) Take(_ netsync.PeerID, doc crdt.DocID, block []byte, heads []crdt.Head) error {
	s, err := p.w.acquire(doc)
	if err != nil {
		return err
	}
	defer p.w.release(s)
	if err := p.w.lib.AwaitRoom(p.w.life); err != nil {
		return err
	}
	a, err := p.w.lib.TakeBlock(p.w.life, doc, block, heads, titleOf, p.w.now())
	if errors.Is(err, storage.ErrWrongBlock) {
		return fmt.Errorf("%w: %w", netsync.ErrWrongBlock, err)
	}
	if err != nil {
		return err
	}
	return s.bringVouched(a.News)
}

// bringVouched brings changes into the document that the library has already, and then what waited for them.
func (s *Session) bringVouched(changes []*crdt.Change) error {
	for len(changes) > 0 {
		n := min(vouchedBatch, len(changes))
		rest, err := s.loadVouched(changes[:n])
		if err != nil {
			return fmt.Errorf("bring a block into the document: %w", err)
		}
		if len(rest) > 0 {
			s.sync() // they are of this copy's own chain, and so are edits in the making
		}
		changes = changes[n-len(rest):]
		s.watch.tell(struct{}{})
	}
	s.keepFork()
	s.watch.tell(struct{}{})
	err := s.receive(s.w.life, slices.Values([][]*crdt.Change{nil}))
	s.w.committed(s)
	return cmp.Or(err, s.noteMembers())
}

func (s *Session) loadVouched(changes []*crdt.Change) (rest []*crdt.Change, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	patch, rest, err := s.doc.LoadVouched(changes)
	s.log.add(patch)
	s.attach()
	return rest, err
}
