package netsync

import (
	"fmt"
	"time"

	"inkling/netsync/link"
	"inkling/netsync/wire"
)

// do does what the machine says. The result is what the machine has to hear next,
// or nil.
func (c *connection) do(effect link.Effect) link.Event {
	switch e := effect.(type) {
	case link.Send:
		if _, proof := e.Message.(wire.Confirm); proof {
			c.spent.Store(true)
		}
		c.send(e.Message)
	case link.Ping:
		c.outgoing.ping()
	case link.Close:
		c.closeWith(e.Code, e.Reason)
	case link.Verified:
		return c.verified(e.Peer)
	case link.LookUp:
		return c.lookUp(e)
	case link.Admitted:
		c.admit(e.Peer)
	case link.Stranger:
		c.isStranger(e.Peer)
	case link.Named:
		c.node.met(c.peer, e.Name, c.at)
	case link.Offered:
		c.offered(e.Offer.Doc)
	case link.Asks:
		c.node.spawn(func() { c.answer(e.Compare) })
	case link.Answered:
		return c.answered(e.Compared)
	case link.Called:
		return c.called(e.Call)
	case link.JoinAsked:
		c.met(e.Peer)
		c.node.spawn(func() { c.judge(e.Peer, e.Join) })
	case link.JoinAnswered:
		c.joinAnswered(e)
	case link.Tried:
		return c.tried(e.Share)
	case link.Confirmed:
		return c.confirmed(e.Tag)
	case link.Presented:
		c.met(e.Peer)
		c.node.spawn(func() { c.letGuest(e) })
	case link.Met:
		c.met(e.Peer)
	case link.Proposed:
		c.node.spawn(func() { c.proposed(e.Propose) })
	case link.Replied:
		c.replied(e.Reply)
	case link.Conditioned:
		c.conditioned(e.Condition)
	default:
		panic(fmt.Sprintf("netsync: unknown effect %T", effect))
	}
	return nil
}

// verified decides whether the dialler goes on: only the first of parallel dials
// does, and none where a person typed the address of somebody who is here already.
func (c *connection) verified(peer PeerID) link.Event {
	haveLive := c.node.hasLive(peer)
	if haveLive && c.goal.typed {
		c.node.mu.Lock()
		c.peer = peer
		c.node.mu.Unlock()
		c.goal.settle(c, acquainted)
		return link.Claimed{Go: false}
	}
	return link.Claimed{Go: c.goal.claim(c), HaveLive: haveLive}
}

// lookUp says whether the dialler is known and whether this link is to be kept.
func (c *connection) lookUp(e link.LookUp) link.Event {
	c.haveLive = e.HaveLive
	n := c.node
	n.mu.Lock()
	defer n.mu.Unlock()
	_, known := n.peers[e.Peer]
	return link.LookedUp{Known: known, Keep: n.replaces(c, e.Peer)}
}

// replaces says whether c takes the place of the link that the node has to id.
// The caller holds n.mu.
func (n *Node) replaces(c *connection, id PeerID) bool {
	old := n.links[id]
	if old == nil || old == c || old.quic.Context().Err() != nil {
		return true
	}
	standing := link.Standing{Dialled: old.goal != nil, Since: old.since}
	return link.Replaces(n.id, id, standing, c.goal != nil, c.haveLive, time.Now())
}

func (n *Node) hasLive(id PeerID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.links[id]
	return c != nil && c.quic.Context().Err() == nil
}

// admit makes c the link to peer, unless another one is better.
func (c *connection) admit(peer PeerID) {
	n := c.node
	n.mu.Lock()
	keep := n.replaces(c, peer)
	old := n.links[peer]
	if keep {
		n.links[peer] = c
		c.peer, c.admitted, c.since = peer, true, time.Now()
		if p := n.peers[peer]; p != nil {
			p.failures, p.addr = 0, c.at
		}
		n.setOnline(peer, true)
	}
	n.mu.Unlock()
	if !keep {
		c.closeWith(wire.Duplicate, "another connection is kept")
		return
	}
	n.log.Debug("link", "at", c.at, "dialled", c.goal != nil)
	if old != nil && old != c {
		old.closeWith(wire.Duplicate, "replaced")
	}
	if !c.quic.ConnectionState().SupportsDatagrams.Remote {
		c.closeWith(wire.Unsupported, "the peer takes no datagrams")
		return
	}
	c.leaveGate()
	n.windows.admit(c.quic)
	n.spawn(c.acceptDocuments)
	n.spawn(c.acceptBulk)
	n.spawn(c.readDatagrams)
	n.spawn(c.writeDatagrams)
	n.spawn(c.share)
	n.spawn(c.propose)
	if c.goal != nil {
		c.goal.settle(c, acquainted)
	}
}

// isStranger ends the handshake of a dialler without admission. A listener waits
// for what the stranger wants.
func (c *connection) isStranger(peer PeerID) {
	if c.goal == nil {
		return
	}
	if peer == (PeerID{}) {
		c.goal.settle(c, anonymous)
		return
	}
	c.node.mu.Lock()
	c.peer = peer
	c.node.mu.Unlock()
	c.goal.settle(c, introduced)
}
