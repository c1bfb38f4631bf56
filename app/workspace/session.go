package workspace

import (
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"inkling/crdt"
)

// Session is one open document. Its methods are safe for concurrent use; those
// that a window calls never wait for disk, network or crypto.
type Session struct {
	w  *Workspace
	id crdt.DocID

	mu      sync.Mutex // guards doc, log, mine, writing, minted and stored
	doc     *crdt.Doc
	log     patchLog
	mine    caretPlace
	writing bool           // a replica is attached: local edits are possible
	minted  crdt.ReplicaID // the replica attached at the first edit, to be stored

	stored bool // the library has a row for the document

	genesis crdt.Genesis
	replica crdt.ReplicaID // as stored; zero until the first edit was

	watch      watchers[struct{}]
	caretTimer *time.Timer
	wake       chan struct{} // the flush goroutine has work
	syncs      chan chan struct{}
	quit       chan struct{} // closed: flush what is left and end
	ended      chan struct{} // closed by the flush goroutine

	rowMu sync.Mutex // held while the library's row is made

	refs  int           // users of this session; guarded by w.mu
	ready chan struct{} // closed when loaded; err is final then
	err   error
}

func newSession(w *Workspace, id crdt.DocID) *Session {
	s := &Session{
		w: w, id: id,
		doc:   crdt.New(),
		wake:  make(chan struct{}, 1),
		syncs: make(chan chan struct{}),
		quit:  make(chan struct{}),
		ended: make(chan struct{}),
		ready: make(chan struct{}),
	}
	s.caretTimer = time.AfterFunc(caretSaveDelay, s.saveCaret)
	s.caretTimer.Stop()
	return s
}

// close takes what is left to disk and ends the flush goroutine.
func (s *Session) close() {
	<-s.ready
	if s.err == nil {
		close(s.quit)
		<-s.ended
		s.caretTimer.Stop()
		s.saveCaret()
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
	go s.flushLoop()
}

func (s *Session) read() error {
	row, err := s.w.lib.Document(s.id)
	if err != nil {
		return err
	}
	if s.replica, err = s.w.lib.Replica(s.id); err != nil {
		return err
	}
	for c, err := range s.w.lib.Changes(s.id) {
		if err != nil {
			return err
		}
		if _, err := s.doc.Apply(c); err != nil {
			return err
		}
	}
	s.genesis, s.stored = row.Genesis, true
	if s.mine, err = s.loadCaret(); err != nil {
		return err
	}
	if !s.replica.IsZero() {
		s.doc.Attach(s.replica)
		s.writing = true
	}
	return nil
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
// behind the new text.
func (s *Session) Replace(version uint64, from, to int, text string) crdt.Anchor {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.log.since(version); ok {
		from, to = carry(p, from, to)
	}
	to = min(to, s.doc.Len())
	from = min(from, to)
	s.beginWriting()
	now := s.w.now()
	if to > from {
		s.log.add(s.doc.Delete(from, to, now))
	}
	if text != "" {
		s.log.add(s.doc.Insert(from, text, now))
	}
	s.wakeFlush()
	return s.doc.Anchor(from+len([]rune(text)), crdt.After)
}

// beginWriting mints this device's replica at its first edit of the document.
func (s *Session) beginWriting() {
	if s.writing {
		return
	}
	var r crdt.ReplicaID
	rand.Read(r[:]) // never fails (crypto/rand)
	s.doc.Attach(r)
	s.writing = true
	s.minted = r
}

// BreakUndo makes the next edit start a new undo step.
func (s *Session) BreakUndo() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doc.BreakUndo()
}

// Undo takes back the last step of this person's own edits that is not undone and
// returns the place of it; false when there is none.
func (s *Session) Undo() (crdt.Anchor, bool) { return s.unredo((*crdt.Doc).Undo) }

// Redo takes back the last Undo.
func (s *Session) Redo() (crdt.Anchor, bool) { return s.unredo((*crdt.Doc).Redo) }

func (s *Session) unredo(step func(*crdt.Doc, time.Time) (crdt.Patch, bool)) (crdt.Anchor, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.writing {
		return crdt.Anchor{}, false
	}
	p, ok := step(s.doc, s.w.now())
	if !ok {
		return crdt.Anchor{}, false
	}
	s.log.add(p)
	s.wakeFlush()
	at := 0
	for _, e := range p {
		at = e.At + e.Inserted
	}
	return s.doc.Anchor(at, crdt.After), true
}
