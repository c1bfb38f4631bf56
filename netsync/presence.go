package netsync

import (
	"context"
	"sync"
	"time"

	"inkling/crdt"
	"inkling/netsync/wire"
)

// Times of carets.
const (
	caretInterval = time.Second / 30 // at most this often
	caretRepeat   = time.Second      // also when nothing moved: datagrams get lost
	caretLife     = 4 * time.Second  // of a peer's caret that is not repeated
)

// caret is where I am in one document. Guarded by Node.mu.
type caret struct {
	presence Presence
	moved    bool // since it was last sent
	sent     time.Time
}

// seenCaret is where a peer is in one document. Guarded by Node.mu.
type seenCaret struct {
	presence *Presence // nil: gone
	count    uint64
	heard    time.Time
}

// SetPresence tells the members of doc where my caret is; nil: it is gone.
func (n *Node) SetPresence(doc crdt.DocID, p *Presence) {
	n.mu.Lock()
	defer n.mu.Unlock()
	mine := n.carets[doc]
	if p == nil {
		if mine != nil {
			delete(n.carets, doc)
			n.broadcast(wire.Presence{Doc: doc, Count: n.nextCount(), Gone: true})
		}
		return
	}
	if mine == nil {
		mine = &caret{}
		n.carets[doc] = mine
	}
	mine.presence, mine.moved = *p, true
	n.nudge()
}

// nextCount numbers the carets of all documents. The caller holds n.mu.
func (n *Node) nextCount() uint64 {
	n.caretCount++
	return n.caretCount
}

// sendCarets sends the carets whose time has come. The caller holds n.mu.
func (n *Node) sendCarets(now time.Time) (next time.Time) {
	for doc, c := range n.carets {
		wait := caretRepeat
		if c.moved {
			wait = caretInterval
		}
		if due := c.sent.Add(wait); due.After(now) {
			next = soonest(next, due)
			continue
		}
		c.sent, c.moved = now, false
		n.broadcast(wire.Presence{Doc: doc, Count: n.nextCount(), Head: c.presence.Head, Tail: c.presence.Tail})
		next = soonest(next, now.Add(caretRepeat))
	}
	return next
}

// broadcast puts p into the datagrams for every member who is here. The caller
// holds n.mu.
func (n *Node) broadcast(p wire.Presence) {
	for _, c := range n.links {
		if c.shared[p.Doc] {
			c.outgoing.caret(p)
		}
	}
}

// refreshCarets shows my carets to a peer who has just come. The caller holds n.mu.
func (n *Node) refreshCarets(c *connection) {
	for doc, mine := range n.carets {
		if c.shared[doc] {
			mine.moved = true
		}
	}
	n.nudge()
}

// caretSeen takes a peer's caret.
func (c *connection) caretSeen(p wire.Presence) {
	n := c.node
	n.mu.Lock()
	defer n.mu.Unlock()
	if !c.shared[p.Doc] || n.links[c.peer] != c {
		return
	}
	seen := c.carets[p.Doc]
	if seen == nil {
		seen = &seenCaret{}
		c.carets[p.Doc] = seen
	}
	if p.Count <= seen.count {
		return // overtaken by a newer one
	}
	before := seen.presence
	seen.count, seen.heard, seen.presence = p.Count, time.Now(), nil
	if !p.Gone {
		seen.presence = &Presence{Head: p.Head, Tail: p.Tail}
	}
	same := before == nil && seen.presence == nil || before != nil && seen.presence != nil && *before == *seen.presence
	if !same {
		n.tellCaret(c, p.Doc, seen.presence)
	}
	n.nudge()
}

func (n *Node) tellCaret(c *connection, doc crdt.DocID, p *Presence) {
	n.events.put(PresenceChanged{Peer: c.peer, Name: n.peerName(c.peer), Doc: doc, Presence: p})
}

// expireCarets forgets carets that are not repeated. The caller holds n.mu.
func (n *Node) expireCarets(now time.Time) (next time.Time) {
	for _, c := range n.links {
		for doc, seen := range c.carets {
			if seen.presence == nil {
				continue
			}
			if end := seen.heard.Add(caretLife); end.After(now) {
				next = soonest(next, end)
				continue
			}
			seen.presence = nil
			n.tellCaret(c, doc, nil)
		}
	}
	return next
}

// forgetCarets forgets the carets of a peer that went away, unless it is here by
// another link. The caller holds n.mu.
func (n *Node) forgetCarets(c *connection) {
	for doc, seen := range c.carets {
		if seen.presence != nil {
			seen.presence = nil
			if other := n.links[c.peer]; other == nil || other == c {
				n.tellCaret(c, doc, nil)
			}
		}
	}
}

// outgoing is the datagrams that wait to be sent. Of each kind and document only
// the newest waits, so it is bounded by the documents that are open.
type outgoing struct {
	mu     sync.Mutex
	beats  []wire.Message // at most one Ping and one Pong
	carets map[crdt.DocID]wire.Presence
	ready  chan struct{}
}

func newOutgoing() *outgoing {
	return &outgoing{carets: map[crdt.DocID]wire.Presence{}, ready: make(chan struct{}, 1)}
}

func (o *outgoing) ping() { o.beat(wire.Ping{}) }
func (o *outgoing) pong() { o.beat(wire.Pong{}) }

func (o *outgoing) beat(m wire.Message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, waiting := range o.beats {
		if waiting == m {
			return
		}
	}
	o.beats = append(o.beats, m)
	o.signal()
}

func (o *outgoing) caret(p wire.Presence) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.carets[p.Doc] = p
	o.signal()
}

func (o *outgoing) signal() {
	select {
	case o.ready <- struct{}{}:
	default:
	}
}

// take returns what waits.
func (o *outgoing) take() []wire.Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := o.beats
	o.beats = nil
	for _, p := range o.carets {
		all = append(all, p)
	}
	clear(o.carets)
	return all
}

// writeDatagrams sends what waits. quic-go blocks while its own queue is full;
// what comes meanwhile is merged here.
func (c *connection) writeDatagrams() {
	for {
		select {
		case <-c.outgoing.ready:
		case <-c.quic.Context().Done():
			return
		}
		for _, m := range c.outgoing.take() {
			if err := c.quic.SendDatagram(wire.AppendDatagram(nil, m)); err != nil {
				return // the connection ended: datagrams are small enough
			}
		}
	}
}

// readDatagrams takes the peer's datagrams until the connection ends.
func (c *connection) readDatagrams() {
	for {
		b, err := c.quic.ReceiveDatagram(context.Background())
		if err != nil {
			return
		}
		m, err := wire.DecodeDatagram(b)
		if err != nil {
			c.closeWith(codeOf(err), err.Error())
			return
		}
		c.heard()
		switch m := m.(type) {
		case wire.Ping:
			c.outgoing.pong()
		case wire.Presence:
			c.caretSeen(m)
		}
	}
}
