package ui

import (
	"sync"

	"inkling/app/workspace"
	"inkling/crdt"
)

// lastDocument is the document that the next start opens. It is saved as soon as it
// changes, so that a power cut does not lead back to an older one.
type lastDocument struct {
	mu   sync.Mutex // guards id
	id   crdt.DocID // zero: a blank page
	disk sync.Mutex // held while saving, so that whoever saves last has the newest id
}

// set notes what is open and says whether that is news.
func (l *lastDocument) set(s *workspace.Session) (changed bool) {
	id := s.ID()
	if s.Blank() {
		id = crdt.DocID{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	changed, l.id = l.id != id, id
	return changed
}

// save remembers it in the library, which may wait for the disk.
func (l *lastDocument) save(w *workspace.Workspace) {
	l.disk.Lock()
	defer l.disk.Unlock()
	l.mu.Lock()
	id := l.id
	l.mu.Unlock()
	w.Remember(lastKey, id[:])
}
