package workspace

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"

	"inkling/crdt"
	"inkling/netsync"
	"inkling/storage"
)

// Known lists the people whose devices this one knows and who are not in the document, those who are here first, then by
// name: they can be put into it.
func (w *Workspace) Known(doc crdt.DocID) ([]Person, error) {
	members, err := w.lib.Members(doc)
	if err != nil {
		return nil, fmt.Errorf("list whom this device knows: %w", err)
	}
	paired, err := w.paired()
	if err != nil {
		return nil, fmt.Errorf("list whom this device knows: %w", err)
	}
	var list []Person
	for id, k := range paired {
		if slices.Contains(members, k.Key) {
			continue
		}
		person, _ := w.people.person(id, doc)
		person.Name = cmp.Or(person.Name, k.Name, "Somebody")
		list = append(list, person)
	}
	slices.SortFunc(list, byPresence)
	return list, nil
}

// paired returns the devices that this one knows by a code or an invite. Those that it only met in documents, where others let them
// in under names that these chose, are not among them.
func (w *Workspace) paired() (map[PeerID]storage.Peer, error) {
	all, err := w.lib.Peers()
	paired := map[PeerID]storage.Peer{}
	for _, p := range all {
		if !p.Pinned.IsZero() && PeerID(p.Key) != w.device {
			paired[p.Key] = p
		}
	}
	return paired, err
}

// nameOf returns what a device calls itself, or did last.
func (w *Workspace) nameOf(p storage.Peer) string {
	person, _ := w.people.person(PeerID(p.Key), crdt.DocID{})
	return cmp.Or(person.Name, p.Name)
}

// Put lets somebody who is known write in a document, and has it proposed to that device as soon as that is here: it comes
// to know of the document so. When Put returns, the Grant is on disk.
func (w *Workspace) Put(doc crdt.DocID, id PeerID) error {
	if w.node == nil {
		return errOffline
	}
	paired, err := w.paired()
	if err != nil {
		return err
	}
	p, known := paired[id]
	if !known {
		return errors.New("this device is not known here")
	}
	name := w.nameOf(p)
	if err := w.puts.add(id, doc); err != nil { // first: who is in and was never told would not be put in again
		return fmt.Errorf("put %s into the document: %w", name, err)
	}
	if err := w.grant(doc, id, name); err != nil {
		_, undo := w.puts.remove(id, doc)
		return errors.Join(fmt.Errorf("put %s into the document: %w", name, err), undo)
	}
	if err := w.lib.AddMember(doc, id, w.now()); err != nil {
		return fmt.Errorf("put %s into the document: %w", name, err)
	}
	w.node.Shared(doc)
	w.events.tell(PeopleChanged{})
	return nil
}

// PutInto is Put for an open document. A blank one is stored for it.
func (w *Workspace) PutInto(s *Session, id PeerID) error {
	if err := s.tryStoreRow(); err != nil {
		return fmt.Errorf("put somebody into the document: %w", err)
	}
	s.sync()
	return w.Put(s.id, id)
}

// notePutDone notes that a device has a document that was put to it.
func (w *Workspace) notePutDone(id PeerID, doc crdt.DocID) {
	done, err := w.puts.remove(id, doc)
	if err != nil {
		w.log.Error("note that a document has been taken", "doc", doc, "err", err)
	}
	if done {
		w.events.tell(PeopleChanged{})
	}
}

// Proposals returns what this device's person has put to p, and p has not taken.
func (p peerLibrary) Proposals(id netsync.PeerID) (list []netsync.Proposal, err error) {
	waiting, err := p.w.puts.of(id)
	if err != nil || len(waiting) == 0 {
		return nil, err
	}
	shared, err := p.w.lib.SharedWith(id)
	if err != nil {
		return nil, err
	}
	for _, doc := range waiting {
		if !slices.Contains(shared, doc) {
			continue // it is in the bin
		}
		d, err := p.w.lib.Document(doc)
		if err != nil {
			return nil, err
		}
		list = append(list, netsync.Proposal{Genesis: d.Genesis, Title: d.Title})
	}
	return list, nil
}

// puts is what was put to devices that have not taken it yet. The library remembers it, by device.
type puts struct {
	lib *storage.Library
	mu  sync.Mutex
	by  map[PeerID][]crdt.DocID // as far as it was read
}

// maxPuts is how many documents may wait for one device: more do not fit into what the library remembers.
const maxPuts = 8_000

func putsKey(id PeerID) string { return "put." + hex.EncodeToString(id[:]) }

// read returns what waits for a device. The caller holds p.mu.
func (p *puts) read(id PeerID) ([]crdt.DocID, error) {
	if list, read := p.by[id]; read {
		return list, nil
	}
	value, err := p.lib.State(crdt.DocID{}, putsKey(id))
	if err != nil {
		return nil, err
	}
	var list []crdt.DocID
	for doc := range slices.Chunk(value, len(crdt.DocID{})) {
		if len(doc) == len(crdt.DocID{}) {
			list = append(list, crdt.DocID(doc))
		}
	}
	p.keep(id, list)
	return list, nil
}

func (p *puts) keep(id PeerID, list []crdt.DocID) {
	if p.by == nil {
		p.by = map[PeerID][]crdt.DocID{}
	}
	p.by[id] = list
}

// write replaces what waits for a device. The caller holds p.mu.
func (p *puts) write(id PeerID, list []crdt.DocID) error {
	var value []byte
	for _, doc := range list {
		value = append(value, doc[:]...)
	}
	if err := p.lib.SetState(crdt.DocID{}, putsKey(id), value); err != nil {
		return err
	}
	p.keep(id, list)
	return nil
}

func (p *puts) of(id PeerID) ([]crdt.DocID, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	list, err := p.read(id)
	return slices.Clone(list), err
}

// has says whether a document waits for a device; not where that cannot be read.
func (p *puts) has(id PeerID, doc crdt.DocID) bool {
	list, err := p.of(id)
	return err == nil && slices.Contains(list, doc)
}

func (p *puts) add(id PeerID, doc crdt.DocID) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	list, err := p.read(id)
	switch {
	case err != nil || slices.Contains(list, doc):
		return err
	case len(list) == maxPuts:
		return fmt.Errorf("%d documents wait for that device already: let it take these first", maxPuts)
	}
	return p.write(id, append(slices.Clone(list), doc))
}

// remove notes that nothing waits any more; done: something did.
func (p *puts) remove(id PeerID, doc crdt.DocID) (done bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	list, err := p.read(id)
	i := slices.Index(list, doc)
	if err != nil || i < 0 {
		return false, err
	}
	return true, p.write(id, slices.Delete(slices.Clone(list), i, i+1))
}
