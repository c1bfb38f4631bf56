package workspace

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"inkling/crdt"
	"inkling/netsync"
	"inkling/netsync/discovery"
	"inkling/storage"
)

// sessionIdle is how long a document that nobody uses stays loaded.
const sessionIdle = 30 * time.Second

// Config says how to open a workspace.
type Config struct {
	Dir     string         // the library folder
	Name    string         // display name; "": the one remembered, else the system's
	Port    int            // UDP port; 0: the default
	Service *Service       // nil: a person sits here
	Offline bool           // no network at all: for sub-commands that only need the library
	Finder  netsync.Finder // finds peers by itself; nil: by mDNS
	Logger  *slog.Logger
}

// Workspace is one library folder in use by this program. Its methods are safe for
// concurrent use.
type Workspace struct {
	dir    string
	lib    *storage.Library // nil after OpenFolder
	node   *netsync.Node    // nil when offline
	key    ed25519.PrivateKey
	device PeerID
	log    *slog.Logger
	events watchers[Event]
	past   Past // set while it is opened

	tokenMu sync.Mutex    // held while the token is renewed
	wrote   chan struct{} // holds one: the library was written to
	keeping chan struct{} // closed when upkeep has ended; nil when there is none
	resting resting       // documents to index

	puts    puts
	offers  offers
	service *service // nil: a person sits here

	keeper  *keeper
	tending sync.WaitGroup // its goroutine

	life      context.Context // ends with Close
	end       context.CancelFunc
	closeOnce sync.Once
	closeErr  error

	mu       sync.Mutex // guards what follows
	name     string
	visible  bool
	code     Code // on the screen
	sessions map[crdt.DocID]*Session
	shown    map[crdt.DocID]int // windows that show a document
	people   people
}

// Open opens the library in cfg.Dir, making it when there is none, and starts the
// network. It gives storage's *LockedError when another program has the library,
// and an error of which [OnlyToRead] is true when it can only be looked at.
func Open(cfg Config) (*Workspace, error) {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("library folder %q: %w", cfg.Dir, err)
	}
	if err := salvageIfAsked(dir); err != nil {
		return nil, err
	}
	lib, err := storage.Open(dir)
	if err != nil {
		return nil, err
	}
	w := newWorkspace(dir, lib)
	w.log = cfg.Logger
	if err := w.start(cfg); err != nil {
		w.end()
		w.tending.Wait()
		return nil, errors.Join(err, lib.Close())
	}
	return w, nil
}

func newWorkspace(dir string, lib *storage.Library) *Workspace {
	w := &Workspace{
		dir: dir, lib: lib,
		wrote:    make(chan struct{}, 1),
		sessions: map[crdt.DocID]*Session{},
		shown:    map[crdt.DocID]int{},
		people:   newPeople(),
		resting:  newResting(),
		puts:     puts{lib: lib},
		offers:   newOffers(),
	}
	w.life, w.end = context.WithCancel(context.Background())
	w.keeper = newKeeper(w)
	return w
}

// OpenToRead opens a library that [Open] refused, see [OnlyToRead], to list and export
// what can be read of it. Nothing in the folder is written.
func OpenToRead(dir string) (*Workspace, error) {
	lib, err := storage.OpenReadOnly(dir)
	if err != nil {
		return nil, err
	}
	w := newWorkspace(dir, lib)
	w.log = slog.New(slog.DiscardHandler)
	return w, nil
}

// OpenFolder is OpenToRead for a library of which nothing can be read. Only [Workspace.Backups],
// [Workspace.Restore] and [Workspace.Close] make sense on it; [Workspace.Restoring] gives an error.
func OpenFolder(dir string) *Workspace {
	w := newWorkspace(dir, nil)
	w.log = slog.New(slog.DiscardHandler)
	return w
}

func (w *Workspace) start(cfg Config) error {
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	err := w.followFolder()
	if err != nil {
		return err
	}
	if w.key, err = deviceKey(w.dir); err != nil {
		return err
	}
	w.device = PeerID(w.key.Public().(ed25519.PublicKey))
	foreign, err := w.lib.Adopt(w.device, w.now())
	if err != nil {
		return err
	}
	if err := errors.Join(w.loadPast(), w.followToken(foreign)); err != nil {
		return err
	}
	if err := w.loadName(cfg.Name); err != nil {
		return err
	}
	if err := w.startService(cfg.Service); err != nil {
		return err
	}
	if !cfg.Offline {
		if err := w.startNode(cfg); err != nil {
			return err
		}
	}
	w.resting.done = make(chan struct{})
	go func() {
		defer close(w.resting.done)
		w.keepIndex()
	}()
	w.tending.Go(func() { w.keeper.run(w.life) })
	if !cfg.Offline { // not for one command
		w.tending.Go(func() { w.scrub(w.life, scrubEvery, time.Second) })
	}
	if w.service != nil && w.service.quota > 0 && w.node != nil {
		w.tending.Go(w.watchRoom)
	}
	w.keeping = make(chan struct{})
	go func() {
		defer close(w.keeping)
		w.upkeep(!cfg.Offline)
	}()
	return nil
}

func (w *Workspace) startNode(cfg Config) (err error) {
	finder := cfg.Finder
	if finder == nil {
		finder = discovery.New(w.log)
	}
	w.node, err = netsync.Start(netsync.Config{
		Key:     w.key,
		Name:    w.Name,
		Library: peerLibrary{w},

		Unattended: cfg.Service != nil,
		Events:     w.netEvent,
		Port:       cfg.Port,
		Inbox:      filepath.Join(w.dir, inboxFolder),
		Finder:     finder,
		Logger:     w.log,
	})
	if err != nil {
		return fmt.Errorf("start the network: %w", err)
	}
	return nil
}

// Close takes all edits to disk, says goodbye to the peers and frees the library.
func (w *Workspace) Close() error {
	w.closeOnce.Do(func() {
		w.end()
		for _, s := range w.loaded() {
			s.sync() // while the peers can still be told
		}
		var goodbye error
		if w.node != nil {
			goodbye = w.node.Close()
		}
		for _, s := range w.loaded() {
			s.close()
		}
		w.endIndex()
		w.endUpkeep()
		w.tending.Wait()
		if w.lib != nil {
			w.closeErr = errors.Join(goodbye, w.lib.Close())
		}
	})
	return w.closeErr
}

// endUpkeep waits for what is under way and leaves the library with a token that no copy made before has.
func (w *Workspace) endUpkeep() {
	if w.keeping == nil {
		return
	}
	<-w.keeping
	if err := w.renewWritten(); err != nil {
		w.log.Warn("the library's token could not be renewed", "err", err)
	}
}

// loaded returns the sessions there are.
func (w *Workspace) loaded() []*Session {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Collect(maps.Values(w.sessions))
}

// Dir returns the library folder, absolute.
func (w *Workspace) Dir() string { return w.dir }

// now is the only clock of the workspace. It is shown to people and groups undo
// steps; no merge decision uses it.
func (w *Workspace) now() time.Time { return time.Now() }

// Observe registers f, called with every event on whichever goroutine it happened.
// f must not block.
func (w *Workspace) Observe(f func(Event)) (stop func()) { return w.events.add(f) }

// Saving returns since when the disk refuses to save and why; a nil error when
// all is well.
func (w *Workspace) Saving() (since time.Time, err error) { return w.lib.Trouble() }

// DiskFull says whether the disk is so full that the library goes on in the last room kept for it, or has none at all.
func (w *Workspace) DiskFull() bool { return !w.lib.HasReserve() }

// Document is a row of the list of documents.
type Document = storage.Document

// Documents lists the documents of the library, the last edited first.
func (w *Workspace) Documents() ([]Document, error) { return w.lib.Documents() }

// New opens a blank document. The library hears of it at the first edit.
func (w *Workspace) New() *Session {
	g := crdt.Genesis{Creator: crdt.DeviceKey(w.device)}
	rand.Read(g.Random[:]) // never fails (crypto/rand)
	s := newSession(w, g.DocID())
	s.begin(g)
	s.attach()
	s.refs = 1
	close(s.ready)
	go s.flushLoop()
	w.mu.Lock()
	w.sessions[s.id] = s
	w.mu.Unlock()
	w.show(s.id, +1)
	return s
}

// Open opens a document for a window. [Session.Close] ends the use.
func (w *Workspace) Open(id crdt.DocID) (*Session, error) {
	s, err := w.acquire(id)
	if err == nil {
		w.show(id, +1)
	}
	return s, err
}

// Close ends the use of a session by the one who got it from Open or New. It
// returns when the edits are on disk.
func (s *Session) Close() {
	s.w.show(s.id, -1)
	s.w.release(s)
}

// acquire returns the loaded session of a document and counts one more user.
func (w *Workspace) acquire(id crdt.DocID) (*Session, error) {
	w.mu.Lock()
	s, open := w.sessions[id]
	if !open {
		s = newSession(w, id)
		w.sessions[id] = s
	}
	s.refs++
	w.mu.Unlock()
	if !open {
		s.load()
	}
	<-s.ready
	if s.err != nil {
		w.mu.Lock()
		delete(w.sessions, id)
		w.mu.Unlock()
		return nil, s.err
	}
	return s, nil
}

// release counts one user less. A document without users is dropped after a while.
func (w *Workspace) release(s *Session) {
	s.sync() // so that who has no users has nothing unsaved either
	w.leave(s)
}

// leave is release for a user who only looked: it does not wait for the disk.
func (w *Workspace) leave(s *Session) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s.refs--; s.refs == 0 {
		w.resting.noteClosed(s.id, w.now())
		time.AfterFunc(sessionIdle, func() { w.drop(s) })
	}
}

// drop forgets s if nobody has come back to it. Where changes wait in it, that is put
// off: the peer who sent them takes them for arrived and sends only what follows.
func (w *Workspace) drop(s *Session) {
	waits := s.waits()
	w.mu.Lock()
	idle := s.refs == 0 && w.sessions[s.id] == s && w.life.Err() == nil // else Close does it
	if idle && waits {
		time.AfterFunc(sessionIdle, func() { w.drop(s) })
		idle = false
	}
	if idle {
		delete(w.sessions, s.id)
	}
	w.mu.Unlock()
	if idle {
		s.close()
		w.keeper.closed(s.id)
	}
}

// waits says whether changes wait in the document for others.
func (s *Session) waits() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.doc.Pending() > 0
}

// show counts the windows that show a document and tells the node when the first
// one opens and the last one closes.
func (w *Workspace) show(id crdt.DocID, n int) {
	w.mu.Lock()
	before := w.shown[id]
	w.shown[id] = before + n
	if before+n == 0 {
		delete(w.shown, id)
	}
	w.mu.Unlock()
	if w.node == nil || (before == 0) == (before+n == 0) {
		return
	}
	w.node.SetOpen(id, before == 0)
	if before != 0 {
		w.node.SetPresence(id, nil)
	}
}

// setPresence passes this person's place on.
func (w *Workspace) setPresence(id crdt.DocID, p *netsync.Presence) {
	if w.node != nil {
		w.node.SetPresence(id, p)
	}
}

// committed tells who may want to know that changes of s are on disk.
func (w *Workspace) committed(s *Session) {
	w.keeper.wrote(s.id)
	if w.node != nil {
		w.node.Committed(s.id)
	}
	w.noteWrite()
	w.resting.note(s.id, w.now().Add(indexRest))
	w.events.tell(DocumentsChanged{})
}
