package workspace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"inkling/crdt"
)

// storeRetry is how long a session waits after the library refused a document's
// row before it asks again.
const storeRetry = time.Second

// commitAlarm is after how long a commit that does not return is a matter for the
// person.
const commitAlarm = time.Second

// lastPatience is how long the end of the program waits for a disk that refuses.
const lastPatience = 3 * time.Second

// applyBatch is how many changes of a peer are applied at once, so that a key never waits for a long delta.
const applyBatch = 32

// wakeFlush tells the flush goroutine that there are new ops.
func (s *Session) wakeFlush() {
	select {
	case s.wake <- struct{}{}:
	default: // it has been told
	}
}

// flushLoop takes new local ops to disk, one group after the other: keys that
// arrive while a commit is under way make the next change together.
func (s *Session) flushLoop() {
	defer close(s.ended)
	for {
		select {
		case <-s.wake:
			s.flush()
		case done := <-s.syncs:
			s.flush()
			close(done)
		case <-s.quit:
			s.flush()
			return
		}
	}
}

// sync returns when all local edits made before the call are on disk.
func (s *Session) sync() {
	done := make(chan struct{})
	select {
	case s.syncs <- done:
		<-done
	case <-s.ended:
	}
}

// flush takes the new ops and returns when they are on disk (or the library gave
// them up, which it reports itself). They are hashed and signed outside the mutex:
// the window does not wait for that.
func (s *Session) flush() {
	s.mu.Lock()
	batch := s.doc.Flush()
	title := titleOf(s.doc)
	s.mu.Unlock()
	if batch.Empty() {
		return
	}
	changes := batch.Seal(s.w.key)
	waited := s.sealed(changes)
	if !s.storeRow() {
		return
	}
	done := make(chan error, 1)
	s.w.lib.Append(s.id, changes, title, s.w.now(), func(err error) { done <- err })
	if err := s.awaitCommit(done); err != nil {
		s.w.log.Error("edits could not be saved", "doc", s.id, "err", err)
		s.w.events.tell(SavingChanged{})
		return
	}
	if waited != nil {
		if err := <-waited; err != nil { // it was queued first, so it is done
			s.w.log.Error("what a peer sent could not be saved", "doc", s.id, "err", err)
		}
		s.keepFork()
		s.watch.tell(struct{}{})
	}
	s.w.committed(s)
}

// sealed hands changes back to the document, which then takes what waited for that: changes that others have of
// this copy's own chain. done is as of apply.
func (s *Session) sealed(changes []*crdt.Change) (done chan error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doc.Sealed(changes)
	done, err := s.apply(nil)
	if err != nil {
		s.w.log.Error("what a peer sent could not be taken", "doc", s.id, "err", err)
	}
	return done
}

// awaitCommit waits for the disk. While that refuses, the window is told every now
// and then, so that the person knows; and once the program ends, the disk gets
// lastPatience to give way.
func (s *Session) awaitCommit(done <-chan error) error {
	alarm := time.NewTicker(commitAlarm)
	defer alarm.Stop()
	ending := s.w.life.Done()
	var last <-chan time.Time
	for {
		select {
		case err := <-done:
			return err
		case <-alarm.C:
			s.w.events.tell(SavingChanged{})
		case <-ending:
			ending, last = nil, time.After(lastPatience)
		case <-last:
			return errors.New("the disk refuses, and the program ends")
		}
	}
}

// storeRow makes sure that the library knows the document and this device's nonce
// before the first change goes there. While the disk refuses it tries again; it
// returns false when the session was closed meanwhile.
func (s *Session) storeRow() bool {
	for {
		err := s.tryStoreRow()
		if err == nil {
			return true
		}
		s.w.log.Error("the document could not be saved yet", "doc", s.id, "err", err)
		s.w.events.tell(SavingChanged{})
		select {
		case <-time.After(storeRetry):
		case <-s.w.life.Done():
			return s.tryStoreRow() == nil
		}
	}
}

func (s *Session) tryStoreRow() error {
	s.rowMu.Lock()
	defer s.rowMu.Unlock()
	now := s.w.now()
	if !s.inLibrary() {
		if err := s.w.lib.Add(s.doc.Genesis(), now); err != nil {
			return fmt.Errorf("add the document: %w", err)
		}
		if err := s.w.lib.AddMember(s.id, s.w.device, now); err != nil {
			return fmt.Errorf("add myself to the document: %w", err)
		}
		s.mu.Lock()
		s.stored = true
		s.mu.Unlock()
	}
	s.mu.Lock()
	nonce := s.author.Nonce
	s.mu.Unlock()
	if s.nonceStored != nonce {
		if err := s.w.lib.SetNonce(s.id, nonce); err != nil {
			return fmt.Errorf("store the nonce: %w", err)
		}
		s.nonceStored = nonce
	}
	return nil
}

// receive applies changes from elsewhere, batch by batch, and returns when they are on disk. Those that
// wait for their cause or for a signature are neither stored nor an error. Those that
// are not of whom they claim are passed over: others may hand them on in good faith,
// or against the will of the one who sends them, and what does not build on them counts.
// The mutex is given free for a moment behind each batch.
func (s *Session) receive(ctx context.Context, batches iter.Seq[[]*crdt.Change]) error {
	var waits []chan error
	var refused error
	for batch := range batches {
		if refused = s.w.lib.AwaitRoom(ctx); refused != nil {
			break
		}
		var done chan error
		if done, refused = s.applyBatch(batch); done != nil {
			waits = append(waits, done)
		}
		if refused != nil {
			break
		}
	}
	if len(waits) == 0 {
		return refused
	}
	s.keepFork()
	s.watch.tell(struct{}{})
	for _, done := range waits {
		if err := <-done; err != nil {
			return fmt.Errorf("save what a peer sent: %w", err)
		}
	}
	s.w.committed(s)
	return cmp.Or(refused, s.noteMembers())
}

// applyBatch applies changes under the mutex.
func (s *Session) applyBatch(changes []*crdt.Change) (done chan error, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.apply(changes)
}

// apply applies changes and queues what took effect for the disk, both under
// the mutex, which the caller holds: a local change that builds on them is queued after them. done is nil
// when nothing took effect. The error is that too many changes wait, or that the
// document is full: then the peer keeps them and offers them again.
func (s *Session) apply(changes []*crdt.Change) (done chan error, err error) {
	a, err := s.doc.Apply(changes...)
	if refused := (*crdt.ChangeError)(nil); errors.As(err, &refused) {
		err = nil
	}
	if a.Forgotten {
		err = crdt.ErrPendingFull
	}
	for _, r := range a.Refused {
		s.w.log.Warn("a peer sent a change that is not what it should be", "doc", s.id, "err", r)
	}
	if len(a.Changes) == 0 {
		return nil, err
	}
	s.log.add(a.Patch)
	s.attach()
	done = make(chan error, 1)
	s.w.lib.Append(s.id, a.Changes, titleOf(s.doc), s.w.now(), func(err error) { done <- err })
	return done, err
}
