package netsync

import (
	"crypto/rand"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"inkling/crdt"
	"inkling/netsync/link"
	"inkling/netsync/pairing"
	"inkling/netsync/wire"
)

// inviteLife is how long an invite can be used.
const inviteLife = 24 * time.Hour

// NewInvite makes an invite to doc that one newcomer may use within 24 hours of
// now, and stores it.
func (n *Node) NewInvite(doc crdt.DocID, now time.Time) (string, error) {
	invite := pairing.Invite{Issuer: n.id, Expires: now.Add(inviteLife)}
	rand.Read(invite.Secret[:])
	for _, a := range n.reach.addresses(pairing.MaxAddrs) {
		invite.Addrs = append(invite.Addrs, netip.AddrPortFrom(a, uint16(n.port)))
	}
	stored := Invite{ID: invite.ID(), Secret: invite.Secret, Doc: doc, Expires: invite.Expires}
	if err := n.cfg.Library.AddInvite(stored); err != nil {
		return "", fmt.Errorf("netsync: store an invite: %w", err)
	}
	n.mu.Lock()
	n.invites[stored.ID] = invite.Expires
	n.mu.Unlock()
	return invite.Link(), nil
}

// tries counts wrong invites from one address.
type tries struct {
	count int
	since time.Time
}

// mayTry says whether ip may show another invite now.
func (n *Node) mayTry(ip netip.Addr) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	t := n.tries[ip]
	return t == nil || t.count < maxTriesPerMinute || time.Since(t.since) > time.Minute
}

// wrongTry counts an invite that was not proved.
func (n *Node) wrongTry(ip netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for other, t := range n.tries {
		if time.Since(t.since) > time.Minute {
			delete(n.tries, other)
		}
	}
	t := n.tries[ip]
	if t == nil && len(n.tries) < maxTracked {
		t = &tries{since: time.Now()}
		n.tries[ip] = t
	}
	if t != nil {
		t.count++
	}
}

// judge looks at an invite that a newcomer proves, and asks the person. One who
// does not prove the secret learns nothing about the invite.
func (c *connection) judge(peer PeerID, join wire.Join) {
	n := c.node
	if !n.mayTry(c.at.Addr()) {
		c.refuse(wire.TooMany)
		return
	}
	invite, err := n.cfg.Library.Invite(join.Invite)
	if err != nil || !pairing.Proves(join.Proof, invite.Secret, c.exporter) {
		n.wrongTry(c.at.Addr())
		c.refuse(wire.NoInvite)
		return
	}
	switch {
	case invite.Used && n.isMember(peer, invite.Doc):
		c.let(peer, join, invite) // its program did not hear the answer
	case invite.Used:
		c.refuse(wire.UsedInvite)
	case !time.Now().Before(invite.Expires):
		c.refuse(wire.OldInvite)
	default:
		c.request(peer, join, invite)
	}
}

func (c *connection) refuse(r wire.Reason) { c.post(link.Decided{Answer: wire.Refused{Reason: r}}) }

func (n *Node) isMember(peer PeerID, doc crdt.DocID) bool {
	docs, err := n.cfg.Library.SharedWith(peer)
	return err == nil && setOf(docs)[doc]
}

// request asks the person and waits for the answer or the end of the connection.
func (c *connection) request(peer PeerID, join wire.Join, invite Invite) {
	n := c.node
	n.mu.Lock()
	full := n.requests >= maxRequests
	if !full {
		n.requests++
	}
	n.mu.Unlock()
	if full {
		c.refuse(wire.TooMany)
		return
	}
	defer func() {
		n.mu.Lock()
		n.requests--
		n.mu.Unlock()
	}()
	if s := slotOf(c.quic); s != nil { // the person is not asked in vain
		s.closable(nil)
		defer s.closable(n.sendsAway(c.quic))
	}
	answer := make(chan bool, 1)
	var once sync.Once
	n.events.put(JoinRequested{
		Name: join.Name, Peer: peer, Doc: invite.Doc,
		Answer: func(accept bool) { once.Do(func() { answer <- accept }) },
	})
	select {
	case accept := <-answer:
		if !accept {
			c.refuse(wire.Declined)
			return
		}
		c.let(peer, join, invite)
	case <-c.quic.Context().Done():
	}
}

// let admits the newcomer.
func (c *connection) let(peer PeerID, join wire.Join, invite Invite) {
	n := c.node
	genesis, err := n.cfg.Library.Admit(invite.ID, Peer{ID: peer, Name: join.Name, Addrs: []netip.AddrPort{c.at}})
	if err != nil {
		n.log.Error("admit a newcomer", "error", err)
		reason := wire.NoLibrary
		if now, err := n.cfg.Library.Invite(invite.ID); err == nil && now.Used {
			reason = wire.UsedInvite // by another, at the same moment
		}
		c.refuse(reason)
		return
	}
	n.mu.Lock()
	delete(n.invites, invite.ID)
	n.mu.Unlock()
	c.welcome(invite.Doc, genesis)
}

// welcome tells a newcomer whom the library has let into doc.
func (c *connection) welcome(doc crdt.DocID, genesis crdt.Genesis) {
	n := c.node
	if err := n.reloadPeers(); err != nil {
		n.log.Error("after a newcomer was admitted", "error", err)
	}
	joined := wire.Joined{Name: wire.CleanName(n.cfg.Name())}
	copy(joined.Genesis[:], genesis.Bytes())
	c.post(link.Decided{Answer: joined})
	n.Shared(doc)
}
