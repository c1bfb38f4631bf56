package workspace

import (
	"errors"
	"fmt"
	"slices"

	"inkling/crdt"
)

// Append writes a line behind the end of a document and returns when it is on the disk.
func (w *Workspace) Append(id crdt.DocID, line string) error {
	s, err := w.acquire(id)
	if err != nil {
		return err
	}
	defer w.release(s)
	written, err := s.append(line)
	if err != nil {
		return err
	}
	s.sync()
	saved, err := w.lib.Heads(id)
	isSaved := func(h crdt.Head) bool { return h.Replica == written.replica && h.Next >= written.next }
	if err == nil && !slices.ContainsFunc(saved, isSaved) {
		err = errors.New("the disk refuses; it is tried again as long as this Inkling runs")
	}
	if err != nil {
		return fmt.Errorf("save the line: %w", err)
	}
	return nil
}

// extent is how far a replica's edits reach.
type extent struct {
	replica crdt.ReplicaID
	next    uint32
}

// append writes the line into the document and returns how far this device's edits reach
// with it.
func (s *Session) append(line string) (extent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.standing() {
	case MayWrite:
	case NoMember:
		return extent{}, errors.New("this device may not write in the document: be invited to it by somebody who writes there")
	case NeedsNewer:
		return extent{}, errNeedsNewer
	case Full:
		return extent{}, crdt.ErrDocumentFull
	}
	end := s.doc.Len()
	if end > 0 && s.doc.Slice(end-1, end) != "\n" {
		line = "\n" + line
	}
	s.log.add(crdt.Patch{s.doc.Insert(end, line, s.w.now())})
	s.edited()
	own, _ := s.doc.Attached()
	return extent{own, s.doc.Version()[own]}, nil
}
