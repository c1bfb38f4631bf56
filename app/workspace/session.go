package workspace

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"inkling/crdt"
	"inkling/storage"
)

// Session is one open document. Its methods are safe for concurrent use; those
// that a window calls never wait for disk, network or crypto.
type Session struct {
	w  *Workspace
	id crdt.DocID

	mu      sync.Mutex // guards what follows, up to author
	doc     *crdt.Doc
	log     patchLog
	mine    caretPlace
	member  bool // this device may write: local edits are its own
	undoDue bool // what can be undone is not saved as it is
	stored  bool // the library has a row for the document
	fork    forkNote
	met     int         // how many members of the document the library knows for sure
	author  crdt.Author // this device, and the nonce that it drew for this copy

	watch      watchers[struct{}]
	caretTimer *time.Timer
	undoTimer  *time.Timer
	wake       chan struct{} // the flush goroutine has work
	syncs      chan chan struct{}
	quit       chan struct{} // closed: flush what is left and end
	ended      chan struct{} // closed by the flush goroutine

	rowMu       sync.Mutex // held while the library's row is made; guards nonceStored
	nonceStored storage.Nonce

	refs  int           // users of this session; guarded by w.mu
	ready chan struct{} // closed when loaded; err is final then
	err   error
}

func newSession(w *Workspace, id crdt.DocID) *Session {
	s := &Session{
		w: w, id: id,
		wake:  make(chan struct{}, 1),
		syncs: make(chan chan struct{}),
		quit:  make(chan struct{}),
		ended: make(chan struct{}),
		ready: make(chan struct{}),
	}
	s.caretTimer = time.AfterFunc(caretSaveDelay, s.saveCaret)
	s.caretTimer.Stop()
	s.undoTimer = time.AfterFunc(undoSaveDelay, s.saveUndo)
	s.undoTimer.Stop()
	return s
}

// begin makes a blank document of g.
func (s *Session) begin(g crdt.Genesis) {
	s.doc = crdt.New(g)
	s.author = crdt.Author{Device: crdt.DeviceKey(s.w.device)}
	s.newNonce()
}

// close takes what is left to disk and ends the flush goroutine.
func (s *Session) close() {
	<-s.ready
	if s.err == nil {
		close(s.quit)
		<-s.ended
		s.caretTimer.Stop()
		s.undoTimer.Stop()
		s.saveCaret()
		s.saveUndo()
	}
}

// inLibrary says whether the library has a row for the document.
func (s *Session) inLibrary() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stored
}

// load builds the document from the library. It closes s.ready.
func (s *Session) load() {
	defer close(s.ready)
	if s.err = s.read(); s.err != nil {
		s.err = fmt.Errorf("open the document: %w", s.err)
		close(s.ended)
		return
	}
	if deleted := s.doc.DeletedText(); deleted != nil {
		go s.unpack(deleted)
	}
	go s.flushLoop()
	s.w.keeper.opened(s.id)
}

// unpack unpacks deleted text beside the document, so that the first undo need not wait for it.
func (s *Session) unpack(deleted *crdt.Deleted) {
	if err := deleted.Decode(); err != nil {
		s.w.log.Error("deleted text cannot be read", "doc", s.id, "err", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doc.FillDeleted(deleted)
}

func (s *Session) read() error {
	row, err := s.w.lib.Document(s.id)
	if err != nil {
		return err
	}
	s.begin(row.Genesis)
	s.stored = true
	if err := s.loadNonce(); err != nil {
		return err
	}
	if s.doc, err = s.w.lib.Load(s.id); err != nil {
		return err
	}
	s.attach()
	if s.mine, err = s.loadCaret(); err != nil {
		return err
	}
	if err := errors.Join(s.loadFork(), s.loadUndo()); err != nil {
		return err
	}
	s.keepFork()
	return nil
}

// loadNonce goes on with the nonce that this device drew for the document earlier, if
// it did.
func (s *Session) loadNonce() error {
	nonce, err := s.w.lib.Nonce(s.id)
	if err == nil && nonce != (storage.Nonce{}) {
		s.author.Nonce, s.nonceStored = nonce, nonce
	}
	return err
}

// ID returns the document's name.
func (s *Session) ID() crdt.DocID { return s.id }

// Title returns the document's title, [Untitled] when it has none.
func (s *Session) Title() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := titleOf(s.doc); t != "" {
		return t
	}
	return Untitled
}

// Blank says whether the document is untouched: nothing was ever written in it and
// nobody invited. A blank document is not in the library.
func (s *Session) Blank() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.stored && len(s.doc.Version()) == 0
}

// Text returns the whole text. It is for exports; a view uses [Session.View].
func (s *Session) Text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.doc.Text()
}

// Watch registers f, which is called after the document or a caret in it changed
// by somebody else, on whichever goroutine that happened.
func (s *Session) Watch(f func()) (stop func()) {
	return s.watch.add(func(struct{}) { f() })
}

// Replace puts text in the place of the range from … to, offsets in code points of
// the given version, carried through what has happened since. It returns the place
// behind the new text; false when the document cannot be written in (see
// [Session.Standing]), then nothing was changed.
func (s *Session) Replace(version uint64, from, to int, text string) (crdt.Anchor, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.standing() != MayWrite {
		return crdt.Anchor{}, false
	}
	if p, ok := s.log.since(version); ok {
		from, to = carry(p, from, to)
	}
	to = min(to, s.doc.Len())
	from = min(from, to)
	now := s.w.now()
	if to > from {
		s.log.add(crdt.Patch{s.doc.Delete(from, to, now)})
	}
	if text != "" {
		s.log.add(crdt.Patch{s.doc.Insert(from, text, now)})
	}
	s.edited()
	return s.doc.Anchor(from+len([]rune(text)), crdt.After), true
}

// edited has the new ops taken to disk soon, and later what can be undone. The
// caller holds s.mu.
func (s *Session) edited() {
	s.wakeFlush()
	s.undoChanged()
}
