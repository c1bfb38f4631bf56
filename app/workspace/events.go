package workspace

import (
	"sync"

	"inkling/crdt"
)

// Event is something that a window (or who else observes a workspace) wants to
// know. The set is closed.
type Event interface{ event() }

type (
	// DocumentsChanged: the list of documents, a title or an order in it.
	DocumentsChanged struct{}
	// DocumentDeleted: a document went to the bin.
	DocumentDeleted struct{ ID crdt.DocID }
	// BackupsChanged: there is a new backup.
	BackupsChanged struct{}
	// IndexChanged: documents are found by what they say now.
	IndexChanged struct{}
	// PeopleChanged: somebody came, went, or has got more of my words.
	PeopleChanged struct{}
	// OffersChanged: what others offer; see [Workspace.Offers].
	OffersChanged struct{}
	// NearbyChanged: who is seen on the network and not known yet.
	NearbyChanged struct{}
	// SavingChanged: the disk refuses, or takes changes again, or has room again; see [Workspace.Saving] and
	// [Workspace.DiskFull].
	SavingChanged struct{}
	// DamageChanged: what is stored was found damaged, or sound again; see [Workspace.Damage].
	DamageChanged struct{}
	// CodeChanged: another code, or none, is on the screen; see [Workspace.Code].
	CodeChanged struct{}
	// CodeTried: a wrong code was typed, for the Count-th time at this address.
	CodeTried struct {
		From  string
		Count int
	}
	// CodeUsed: somebody typed the code and is in the document now; a zero Doc: is known to this device.
	CodeUsed struct {
		Name string
		Doc  crdt.DocID
	}
	// JoinRequested: somebody proved an invite of mine and waits to be let in.
	// Answer must be called once.
	JoinRequested struct {
		Name   string
		Doc    crdt.DocID
		Title  string
		Answer func(accept bool)
	}
)

func (DocumentsChanged) event() {}
func (DocumentDeleted) event()  {}
func (BackupsChanged) event()   {}
func (IndexChanged) event()     {}
func (PeopleChanged) event()    {}
func (OffersChanged) event()    {}
func (NearbyChanged) event()    {}
func (SavingChanged) event()    {}
func (DamageChanged) event()    {}
func (CodeChanged) event()      {}
func (CodeTried) event()        {}
func (CodeUsed) event()         {}
func (JoinRequested) event()    {}

// watchers is a set of functions to call when something happened.
type watchers[T any] struct {
	mu   sync.Mutex
	next int
	m    map[int]func(T)
}

// add registers f and returns what takes it off again.
func (w *watchers[T]) add(f func(T)) (stop func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.m == nil {
		w.m = map[int]func(T){}
	}
	key := w.next
	w.next++
	w.m[key] = f
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.m, key)
	}
}

// tell calls every watcher with v. It holds no lock meanwhile, so that a watcher
// may add or stop watchers.
func (w *watchers[T]) tell(v T) {
	w.mu.Lock()
	fs := make([]func(T), 0, len(w.m))
	for _, f := range w.m {
		fs = append(fs, f)
	}
	w.mu.Unlock()
	for _, f := range fs {
		f(v)
	}
}
