package workspace

import (
	"crypto/rand"
	"errors"

	"inkling/crdt"
)

// forkKey is the library's key for what the person is still to be told of a document: {1} when this
// copy's chain of edits was found to have been continued elsewhere; see [Session.Forked].
const forkKey = "forked"

// forkNote says what is known of a fork of this copy's chain.
type forkNote struct {
	found bool // it was found just now, and the library does not know yet
	told  bool // the person is to be told
}

// newNonce names another chain of this copy.
func (s *Session) newNonce() { rand.Read(s.author.Nonce[:]) } // never fails (crypto/rand)

// attach makes local edits possible, if this device may write by what has arrived. A chain that was continued elsewhere, too,
// ends here: a new one begins, and nothing of the old one can be undone. The caller holds s.mu, and there are no
// edits that were not handed back to the document: so it is after each Apply.
func (s *Session) attach() {
	if s.member && !s.doc.Forked() {
		return
	}
	err := s.doc.Attach(s.author)
	if errors.Is(err, crdt.ErrForked) {
		s.newNonce()
		s.fork = forkNote{found: true, told: true}
		s.undoChanged()
		err = s.doc.Attach(s.author)
	}
	s.member = err == nil
}

// keepFork remembers a fork that attach has found, if it has: that the person is to be told, and with which
// nonce this copy goes on. Both are made good for at the next start if that fails now. It tells the views.
func (s *Session) keepFork() {
	s.mu.Lock()
	found := s.fork.found
	s.fork.found = false
	s.mu.Unlock()
	if !found {
		return
	}
	s.w.log.Warn("this library was used in another copy, too: both versions of the text are kept", "doc", s.id)
	if err := errors.Join(s.w.lib.SetState(s.id, forkKey, []byte{1}), s.tryStoreRow()); err != nil {
		s.w.log.Error("a fork could not be noted", "doc", s.id, "err", err)
	}
	s.watch.tell(struct{}{})
}

// loadFork reads whether the person is still to be told of a fork.
func (s *Session) loadFork() error {
	value, err := s.w.lib.State(s.id, forkKey)
	s.fork.told = s.fork.told || len(value) > 0
	return err
}

// Forked says whether the person is to be told that the document was also changed in a copy of this library, such as an
// old backup that was put back, and that passages may be doubled now. When that changes, those are told who
// [Session.Watch] the session.
func (s *Session) Forked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fork.told
}

// ForkSeen says that the person was told. It waits for the disk.
func (s *Session) ForkSeen() {
	s.mu.Lock()
	s.fork.told = false
	s.mu.Unlock()
	if err := s.w.lib.SetState(s.id, forkKey, nil); err != nil {
		s.w.log.Warn("that a notice was read could not be saved", "doc", s.id, "err", err)
	}
}
