package netsync

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"inkling/crdt"
	"inkling/netsync/wire"
)

// peer is a pinned device as the node sees it. Guarded by Node.mu.
type peer struct {
	Peer
	shared map[crdt.DocID]bool // the documents it is a member of

	condition wire.Condition // as it said last

	online bool
	since  time.Time      // of online, zero when it was never here
	addr   netip.AddrPort // where it is or was

	unwritten bool      // the library lacks what is new of it
	written   time.Time // when it was told last

	sighted      []netip.AddrPort // by the finder, newest first
	visibleUntil time.Time        // it says that it is visible
	showsUntil   time.Time        // it says that a code is on its screen

	dialling bool
	failures int       // dials in a row
	nextDial time.Time // not before
	lastDial time.Time // its beginning
	urgentBy time.Time // dialled most eagerly until then
}

// reloadPeers takes the pinned peers and what they share from the library.
func (n *Node) reloadPeers() error {
	pinned, err := n.cfg.Library.Peers()
	if err != nil {
		return fmt.Errorf("netsync: read the peers: %w", err)
	}
	shared := make(map[PeerID]map[crdt.DocID]bool, len(pinned))
	for _, p := range pinned {
		docs, err := n.cfg.Library.SharedWith(p.ID)
		if err != nil {
			return fmt.Errorf("netsync: read what is shared with %s: %w", p.Name, err)
		}
		shared[p.ID] = setOf(docs)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	fresh := false
	for _, p := range pinned {
		known := n.peers[p.ID]
		if known == nil {
			fresh = true // it may be near, and was nobody when it was sighted
			known = &peer{}
			n.peers[p.ID] = known
		}
		if known.shared = shared[p.ID]; !known.unwritten {
			known.Peer = p
		}
	}
	for id := range n.peers {
		if shared[id] == nil {
			delete(n.peers, id)
		}
	}
	if (!n.recognise() || fresh) && n.cfg.Finder != nil && !n.closing {
		n.tasks.Go(n.cfg.Finder.Refresh)
	}
	return nil
}

// meets says whether a connection to a peer is there that is not admitted yet: the peer is being let in by it, or lets
// this end in. The caller holds n.mu.
func (n *Node) meets(id PeerID) bool {
	for c := range n.connections {
		if c.peer == id && !c.admitted && !c.closed.Load() {
			return true
		}
	}
	return false
}

func setOf(docs []crdt.DocID) map[crdt.DocID]bool {
	set := make(map[crdt.DocID]bool, len(docs))
	for _, d := range docs {
		set[d] = true
	}
	return set
}

// Peers returns the pinned peers and whether they are here, by name.
func (n *Node) Peers() []PeerStatus {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := make([]PeerStatus, 0, len(n.peers))
	for _, p := range n.peers {
		all = append(all, p.status())
	}
	slices.SortFunc(all, func(a, b PeerStatus) int {
		if a.Name != b.Name {
			return bytes.Compare([]byte(a.Name), []byte(b.Name))
		}
		return bytes.Compare(a.ID[:], b.ID[:])
	})
	return all
}

func (p *peer) status() PeerStatus {
	s := PeerStatus{ID: p.ID, Name: p.Name, Online: p.online, Since: p.since, Unattended: p.condition.Unattended, Full: p.condition.Full}
	if p.addr.IsValid() {
		s.Addr = p.addr.String()
	}
	return s
}

// setOnline notes whether the peer is here. The caller holds n.mu.
func (n *Node) setOnline(id PeerID, online bool) {
	p := n.peers[id]
	if p == nil || p.online == online {
		return
	}
	p.online, p.since = online, time.Now()
	if !online {
		p.failures, p.nextDial, p.urgentBy = 0, time.Now(), time.Now().Add(urgentFor)
	}
	n.events.put(PeerChanged{p.status()})
	n.nudge()
}

// writeAgain is how often the library is told what is new of one peer: it may change its name as often as it likes.
const writeAgain = 10 * time.Second

// met notes the name and address of a peer that is here, for the library to be told when they are news.
func (n *Node) met(id PeerID, name string, at netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.peers[id]
	if p == nil {
		return
	}
	known := p.Peer
	if name != "" {
		known.Name = name
	}
	if at.IsValid() {
		p.addr = at
		known.Addrs = newestFirst(at, known.Addrs)
	}
	renamed := known.Name != p.Name
	p.unwritten = p.unwritten || renamed || !slices.Equal(known.Addrs, p.Addrs)
	p.Peer = known
	if renamed && p.online {
		n.events.put(PeerChanged{p.status()})
	}
	n.nudge()
}

// rememberDue has the library told of peers. The caller holds n.mu.
func (n *Node) rememberDue(now time.Time) (next time.Time) {
	for _, p := range n.peers {
		if !p.unwritten {
			continue
		}
		if due := p.written.Add(writeAgain); due.After(now) {
			next = soonest(next, due)
			continue
		}
		p.unwritten, p.written = false, now
		known := p.Peer
		n.tasks.Go(func() { n.remember(known) })
	}
	return next
}

func (n *Node) remember(p Peer) {
	if err := n.cfg.Library.RememberPeer(p); err != nil {
		n.log.Error("remember a peer", "peer", p.Name, "error", err)
	}
}

// newestFirst returns a and then the others, at most MaxAddrs.
func newestFirst(a netip.AddrPort, others []netip.AddrPort) []netip.AddrPort {
	all := []netip.AddrPort{a}
	for _, o := range others {
		if o != a && len(all) < MaxAddrs {
			all = append(all, o)
		}
	}
	return all
}

// peerName returns the name of a pinned peer. The caller holds n.mu.
func (n *Node) peerName(id PeerID) string {
	if p := n.peers[id]; p != nil {
		return p.Name
	}
	return ""
}

// expectsFrom says whether a connection from outside the own networks is
// explained: by an open invite, by an address the person typed, or by a pinned
// peer that was met there.
func (n *Node) expectsFrom(ip netip.Addr) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for id, expires := range n.invites {
		if time.Now().Before(expires) {
			return true
		}
		delete(n.invites, id)
	}
	return n.typed[ip] || n.peerMetAt(ip)
}

// metAt is peerMetAt for one who does not hold n.mu.
func (n *Node) metAt(ip netip.Addr) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.peerMetAt(ip)
}

// peerMetAt says whether a pinned peer was met at an address. The caller holds n.mu.
func (n *Node) peerMetAt(ip netip.Addr) bool {
	for _, p := range n.peers {
		if slices.ContainsFunc(p.Addrs, func(a netip.AddrPort) bool { return a.Addr() == ip }) {
			return true
		}
	}
	return false
}
