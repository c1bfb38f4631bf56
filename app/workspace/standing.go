package workspace

import (
	"errors"
	"fmt"

	"inkling/crdt"
)

// Standing says whether a document can be written in on this device.
type Standing int

const (
	// MayWrite: it can.
	MayWrite Standing = iota
	// NoMember: no Grant of this device's key has come. A newcomer's is on its way
	// with the text; a library that was moved to another device needs a new invite.
	NoMember
	// NeedsNewer: somebody did what only a newer Inkling understands.
	NeedsNewer
)

// What letting somebody in gives to who may not.
var (
	errNoMember   = errors.New("this device may not write in the document, so it cannot let others in. Ask somebody who writes there")
	errNeedsNewer = errors.New("somebody wrote in the document with a newer Inkling: update yours first")
)

// grantError says why who stands so in a document cannot let others in; nil: one can.
func (s Standing) grantError() error {
	switch s {
	case NoMember:
		return errNoMember
	case NeedsNewer:
		return errNeedsNewer
	}
	return nil
}

// Standing says whether the document can be written in. When that changes, those are
// told who [Session.Watch] the session.
func (s *Session) Standing() Standing {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.standing()
}

// standing is Standing for one who holds s.mu.
func (s *Session) standing() Standing {
	switch {
	case s.doc.NeedsNewer():
		return NeedsNewer
	case !s.member:
		return NoMember
	}
	return MayWrite
}

// attach makes local edits possible, if this device may write by what has arrived. The
// caller holds s.mu.
func (s *Session) attach() {
	if !s.member {
		s.member = s.doc.Attach(s.author) == nil
	}
}

// grant lets a device write in the document, and returns when that is on disk.
func (s *Session) grant(device PeerID, name string) error {
	s.mu.Lock()
	if err := s.standing().grantError(); err != nil {
		s.mu.Unlock()
		return err
	}
	s.doc.Grant(crdt.DeviceKey(device), name, s.w.now())
	s.undoChanged()
	own, _ := s.doc.Attached()
	granted := s.doc.Version()[own]
	s.mu.Unlock()
	s.sync()
	saved, err := s.w.lib.Version(s.id)
	if err == nil && saved[own] < granted {
		err = errors.New("the disk refuses")
	}
	if err != nil {
		return fmt.Errorf("let %s write in a document: %w", name, err)
	}
	return nil
}

// grant lets a device write in a document.
func (w *Workspace) grant(doc crdt.DocID, device PeerID, name string) error {
	s, err := w.acquire(doc)
	if err != nil {
		return err
	}
	defer w.release(s)
	return s.grant(device, name)
}

// mayGrant says whether this device may let others write in a document: nil if so.
func (w *Workspace) mayGrant(doc crdt.DocID) error {
	s, err := w.acquire(doc)
	if err != nil {
		return err
	}
	defer w.release(s)
	return s.Standing().grantError()
}
