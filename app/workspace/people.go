package workspace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"inkling/crdt"
	"inkling/netsync"
	"inkling/storage"
)

// Person is somebody this device knows (a device counts as a person).
type Person struct {
	ID    PeerID
	Name  string
	Here  bool      // connected and heard of within the last seconds
	Since time.Time // when Here last changed; zero when never seen
	// Unattended: nobody sits at the device; it keeps documents and passes them on. Full: it takes nothing more now.
	// Both by its own word since the start of this program.
	Unattended, Full bool
	// Proposed: I have put the document to the person, whose device has not taken it yet.
	Proposed bool
	// Confirmed: the person's device has said since the start of this program what
	// it has of the document asked about.
	Confirmed bool
	// Behind is how many edits of the document the person lacks by that word:
	// letters and other single edits, mine and others'.
	Behind int
}

// people is what is known of others since the program started.
type people struct {
	mu       *sync.Mutex
	status   map[PeerID]netsync.PeerStatus
	acked    map[PeerID]map[crdt.DocID][]crdt.Head // what they have: by their word, or because they sent it
	carets   map[crdt.DocID]map[PeerID]Caret       // also in documents that are not open here
	approved map[crdt.DocID]int                    // newcomers that need no confirmation
}

func newPeople() people {
	return people{
		mu:       new(sync.Mutex),
		status:   map[PeerID]netsync.PeerStatus{},
		acked:    map[PeerID]map[crdt.DocID][]crdt.Head{},
		carets:   map[crdt.DocID]map[PeerID]Caret{},
		approved: map[crdt.DocID]int{},
	}
}

func (p *people) setStatus(s netsync.PeerStatus) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status[s.ID] = s
}

// setAcked notes what a peer has on its disk.
func (p *people) setAcked(id PeerID, doc crdt.DocID, heads []crdt.Head) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.acked[id] == nil {
		p.acked[id] = map[crdt.DocID][]crdt.Head{}
	}
	p.acked[id][doc] = heads
}

// setCaret notes where somebody is in a document; a nil presence takes it away.
func (p *people) setCaret(id PeerID, name string, doc crdt.DocID, at *netsync.Presence) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at == nil {
		if delete(p.carets[doc], id); len(p.carets[doc]) == 0 {
			delete(p.carets, doc)
		}
		return
	}
	if p.carets[doc] == nil {
		p.carets[doc] = map[PeerID]Caret{}
	}
	p.carets[doc][id] = Caret{Peer: id, Name: name, Tail: at.Tail, Head: at.Head}
}

func (p *people) caretsIn(doc crdt.DocID) []Caret {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Collect(maps.Values(p.carets[doc]))
}

// preapproved takes one approval for doc, if there is one.
func (p *people) preapproved(doc crdt.DocID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.approved[doc] == 0 {
		return false
	}
	p.approved[doc]--
	return true
}

// People lists the other members of a document, those who are here first, then by
// name.
func (w *Workspace) People(doc crdt.DocID) ([]Person, error) {
	members, err := w.lib.Members(doc)
	if err != nil {
		return nil, fmt.Errorf("list the people of a document: %w", err)
	}
	if _, err := w.lib.Heads(doc); errors.Is(err, storage.ErrNotFound) {
		return nil, nil // a blank page has nobody in it
	}
	known, err := w.lib.Peers()
	if err != nil {
		return nil, fmt.Errorf("list the people of a document: %w", err)
	}
	var list []Person
	for _, k := range known {
		if !slices.Contains(members, k.Key) || PeerID(k.Key) == w.device {
			continue
		}
		person, has := w.people.person(PeerID(k.Key), doc)
		person.Proposed = w.puts.has(PeerID(k.Key), doc)
		if person.Confirmed {
			if person.Behind, err = w.lib.Lacking(doc, has); err != nil {
				return nil, fmt.Errorf("list the people of a document: %w", err)
			}
		}
		person.Name = cmp.Or(person.Name, k.Name, "Somebody")
		if person.Since.IsZero() {
			person.Since = k.Seen
		}
		list = append(list, person)
	}
	slices.SortFunc(list, byPresence)
	return list, nil
}

// byPresence sorts those who are here before the others, and each by name.
func byPresence(a, b Person) int {
	if a.Here != b.Here {
		return map[bool]int{true: -1, false: 1}[a.Here]
	}
	return strings.Compare(a.Name, b.Name)
}

// Names says what this person calls devices.
type Names struct {
	own   PeerID
	names map[PeerID]string
}

// You is what this device is called.
const You = "you"

// Names returns the names of all devices that are known.
func (w *Workspace) Names() (Names, error) {
	n := Names{own: w.device, names: map[PeerID]string{}}
	known, err := w.lib.Peers()
	if err != nil {
		return n, fmt.Errorf("list the people who are known: %w", err)
	}
	w.people.mu.Lock()
	defer w.people.mu.Unlock()
	for _, k := range known {
		n.names[PeerID(k.Key)] = cmp.Or(w.people.status[PeerID(k.Key)].Name, k.Name)
	}
	return n, nil
}

// Of returns the names of those who are known, [You] last.
func (n Names) Of(people []crdt.DeviceKey) []string {
	names := n.Others(people)
	if n.own != (PeerID{}) && slices.Contains(people, crdt.DeviceKey(n.own)) {
		names = append(names, You)
	}
	return names
}

// Others is Of without this device.
func (n Names) Others(people []crdt.DeviceKey) (names []string) {
	for _, key := range people {
		if name := n.names[PeerID(key)]; name != "" && PeerID(key) != n.own {
			names = append(names, name)
		}
	}
	return names
}

// person returns what is known of somebody but Behind, for which it returns where what the person has of doc ends.
func (p *people) person(id PeerID, doc crdt.DocID) (person Person, has []crdt.Head) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.status[id]
	has, confirmed := p.acked[id][doc]
	return Person{
		ID: id, Name: s.Name, Here: s.Online, Since: s.Since, Unattended: s.Unattended, Full: s.Full, Confirmed: confirmed,
	}, has
}

// Nearby lists people seen on the network who have Together open too.
func (w *Workspace) Nearby() []netsync.Nearby {
	if w.node == nil {
		return nil
	}
	return w.node.Nearby()
}

// NetworkTrouble says in plain sentences what keeps peers from finding each other;
// empty when nothing is known to.
func (w *Workspace) NetworkTrouble() []string {
	if w.node == nil {
		return []string{"The network is switched off for this command."}
	}
	return w.node.Trouble()
}

// SetVisible opens or closes this device to people nearby who are not known yet.
func (w *Workspace) SetVisible(on bool) {
	w.mu.Lock()
	w.visible = on
	w.mu.Unlock()
	if w.node != nil {
		w.node.SetVisible(on)
	}
}

// Visible says whether people nearby can see this device.
func (w *Workspace) Visible() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.visible
}

// Invite returns a link that lets one person into the document, after a
// confirmation here: good for 24 hours, once. With approve the confirmation is
// given beforehand, as long as this program runs.
func (w *Workspace) Invite(doc crdt.DocID, approve bool) (link string, err error) {
	if w.node == nil {
		return "", errOffline
	}
	if err := w.mayGrant(doc); err != nil {
		return "", fmt.Errorf("invite somebody: %w", err)
	}
	link, err = w.node.NewInvite(doc, w.now())
	if err == nil && approve {
		w.people.mu.Lock()
		w.people.approved[doc]++
		w.people.mu.Unlock()
	}
	return link, err
}

// InviteTo is Invite for an open document. A blank one is stored for it.
func (w *Workspace) InviteTo(s *Session) (link string, err error) {
	if err := s.tryStoreRow(); err != nil {
		return "", fmt.Errorf("invite somebody: %w", err)
	}
	s.sync()
	return w.Invite(s.id, false)
}

// Dial looks for a peer at an address that the person typed.
func (w *Workspace) Dial(ctx context.Context, addr string) error {
	if w.node == nil {
		return errOffline
	}
	return w.node.Dial(ctx, addr)
}

// Refresh looks for peers now.
func (w *Workspace) Refresh() {
	if w.node != nil {
		w.node.Refresh()
	}
}

// errOffline is given by what needs the network in a workspace opened without.
var errOffline = fmt.Errorf("this needs a running Inkling: start the program, or `inkling serve`, first")

// Port returns the UDP port on which peers reach this program, 0 without network.
func (w *Workspace) Port() int {
	if w.node == nil {
		return 0
	}
	return w.node.Port()
}

// Address returns what somebody else types to find this computer; "" when it is on
// no network.
func (w *Workspace) Address() string {
	if w.node == nil {
		return ""
	}
	return w.node.Address()
}
