package netsync

import (
	"inkling/crdt"
	"inkling/netsync/wire"
)

// Which documents two peers attend to. When they meet, the dialler finds those that differ (compare.go) and opens a
// stream for each (streams.go). From then on, the one who commits a change to a document that has no stream, whose
// window shows one, or who learns that one more is shared, attends to it: a dialler by opening the stream, a listener
// by an Offer, which has the dialler do so.

// share looks up what is shared with the peer and attends to what is new in that; it ends the streams of what is no
// longer shared.
func (c *connection) share() {
	c.sharing.Lock()
	defer c.sharing.Unlock()
	n := c.node
	ids, err := n.cfg.Library.SharedWith(c.peer)
	if err != nil {
		n.log.Error("read what is shared", "error", err)
		c.closeWith(wire.Unavailable, "")
		return
	}
	n.mu.Lock()
	before := c.shared
	c.shared = setOf(ids)
	for _, id := range ids {
		news := before != nil && !before[id]
		if news {
			delete(c.offers.made, id) // the peer could not be answered then
		}
		if (n.open[id] || news) && c.docs[id] == nil {
			c.attend(id)
		}
	}
	for id, d := range c.docs {
		if !c.shared[id] {
			d.closeWith(wire.NotShared)
		}
	}
	c.watch()
	n.refreshCarets(c)
	n.mu.Unlock()
	if before == nil && c.goal != nil {
		c.compare()
	}
}

// attend has a stream opened for a document, if it is shared with the peer. The caller holds node.mu; it does not wait.
func (c *connection) attend(id crdt.DocID) {
	switch {
	case !c.shared[id]:
	case c.goal != nil:
		c.want(id)
	default:
		c.offer(id)
	}
}

// isMember says whether the document is shared with the peer now, also if that is news.
func (c *connection) isMember(id crdt.DocID) bool {
	c.node.mu.Lock()
	shared := c.shared[id]
	c.node.mu.Unlock()
	if shared {
		return true
	}
	ids, err := c.node.cfg.Library.SharedWith(c.peer)
	if err != nil {
		c.node.log.Error("read what is shared", "error", err)
	}
	return setOf(ids)[id]
}

// offers is what a listener asks the dialler to open streams for. Guarded by node.mu.
type offers struct {
	next []crdt.DocID // not said yet
	// made has what was offered and has had no stream since: it is not offered again. If the dialler does not share it,
	// it will open the stream by itself when it does.
	made map[crdt.DocID]bool
}

// offer has the peer told of a document. The caller holds node.mu; it does not wait.
func (c *connection) offer(id crdt.DocID) {
	if !c.offers.made[id] {
		c.offers.made[id] = true
		c.offers.next = append(c.offers.next, id)
		c.poke()
	}
}

func (c *connection) takeOffers() (messages []wire.Message) {
	c.node.mu.Lock()
	defer c.node.mu.Unlock()
	for _, id := range c.offers.next {
		messages = append(messages, wire.Offer{Doc: id})
	}
	c.offers.next = nil
	return messages
}

// offered takes the listener's Offer: the document's stream is opened if it is shared from this end too. The link waits
// for the answer, so that nobody who offers without an end has more than one question asked at a time.
func (c *connection) offered(id crdt.DocID) {
	if c.isMember(id) {
		c.node.mu.Lock()
		defer c.node.mu.Unlock()
		c.want(id)
		if p := c.streams.places[id]; p.state == running {
			p.offered = true
		}
	}
}
