package workspace

import (
	"bytes"
	"time"

	"inkling/crdt"
)

// undoKey is the library's key for what can be undone and redone in a document: the
// ReplicaID whose edits these are (16 bytes), then crdt.Doc.UndoList.
const undoKey = "undo"

// undoSaveDelay is how long the person must rest before the undo list is saved. What is
// typed after that and before a kill can be undone as one step.
const undoSaveDelay = 2 * time.Second

// BreakUndo makes the next edit start a new undo step.
func (s *Session) BreakUndo() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doc.BreakUndo()
}

// Undo takes back the last step of this person's own edits that is not undone, also
// one of an earlier start, and returns the place of it; false when there is none.
func (s *Session) Undo() (crdt.Anchor, bool) { return s.unredo((*crdt.Doc).Undo) }

// Redo takes back the last Undo.
func (s *Session) Redo() (crdt.Anchor, bool) { return s.unredo((*crdt.Doc).Redo) }

func (s *Session) unredo(step func(*crdt.Doc, time.Time) (crdt.Patch, bool)) (crdt.Anchor, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.standing() != MayWrite {
		return crdt.Anchor{}, false
	}
	p, ok := step(s.doc, s.w.now())
	s.edited() // also without a patch: steps that show nothing any more are used up
	if !ok {
		return crdt.Anchor{}, false
	}
	s.log.add(p)
	at := 0
	for _, e := range p {
		at = e.At + e.Inserted
	}
	return s.doc.Anchor(at, crdt.After), true
}

// forgetUndo makes that nothing done so far can be undone.
func (s *Session) forgetUndo() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doc.ForgetUndo()
}

// undoChanged has the undo list saved when the person rests. The caller holds s.mu.
func (s *Session) undoChanged() {
	s.undoDue = true
	s.undoTimer.Reset(undoSaveDelay)
}

// undoOwner returns what a saved undo list begins with. The caller holds s.mu.
func (s *Session) undoOwner() []byte {
	replica, _ := s.doc.Attached()
	return replica[:]
}

// saveUndo writes the undo list to the library, when it changed since it was saved.
func (s *Session) saveUndo() {
	s.mu.Lock()
	due := s.stored && s.undoDue
	var value []byte
	if due {
		value = append(s.undoOwner(), s.doc.UndoList()...)
		s.undoDue = false
	}
	s.mu.Unlock()
	if !due {
		return
	}
	if err := s.w.lib.SetState(s.id, undoKey, value); err != nil {
		s.w.log.Warn("what can be undone could not be saved", "doc", s.id, "err", err)
		s.mu.Lock()
		s.undoDue = true // once more after the next edit, or at the end
		s.mu.Unlock()
	}
}

// loadUndo reads the undo list from the library. That of another replica, which this
// copy wrote as before it was copied, counts as none.
func (s *Session) loadUndo() error {
	value, err := s.w.lib.State(s.id, undoKey)
	if err != nil || !s.member {
		return err
	}
	list, own := bytes.CutPrefix(value, s.undoOwner())
	if !own {
		return nil
	}
	if err := s.doc.SetUndoList(list); err != nil {
		s.w.log.Warn("what could be undone is forgotten", "doc", s.id, "err", err)
	}
	return nil
}
