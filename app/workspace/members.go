package workspace

import (
	"fmt"

	"inkling/crdt"
	"inkling/netsync/wire"
	"inkling/storage"
)

// Whom a document's Grants let in may have it from whoever has it, whether that is who let them in or not. So the
// library is told of all members as soon as their Grants have come, and once more when the document is indexed, which
// is made up for after a crash.

// noteMembers has the library and the node know the document's members.
func (s *Session) noteMembers() error {
	s.mu.Lock()
	count, met := s.doc.MemberCount(), s.met
	if count == met {
		s.mu.Unlock()
		return nil
	}
	members := s.doc.Members()
	s.mu.Unlock()
	if err := s.w.meet(s.id, members); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.met = max(s.met, count)
	return nil
}

// meet has the library and the node know who the members of a document are.
func (w *Workspace) meet(id crdt.DocID, members []crdt.Member) error {
	var others []storage.Peer
	for _, m := range members {
		if PeerID(m.Device) != w.device {
			others = append(others, storage.Peer{Key: m.Device, Name: wire.CleanName(m.Name)})
		}
	}
	news, err := w.lib.Meet(id, others, w.now())
	if err != nil {
		return fmt.Errorf("note the members of a document: %w", err)
	}
	if news {
		if w.node != nil {
			w.node.Shared(id)
		}
		w.events.tell(PeopleChanged{})
	}
	return nil
}
