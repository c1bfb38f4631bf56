package netsync

import (
	"inkling/crdt"
	"inkling/netsync/link"
	"inkling/netsync/wire"
)

// Proposal is a document that a person wants a device to have that knows nothing of it yet.
type Proposal struct {
	Genesis crdt.Genesis
	Title   string // may be empty
}

// proposing is what one connection has of proposals to the peer. Guarded by Node.mu.
type proposing struct {
	made    map[crdt.DocID]bool // over this connection; false: replied to
	waiting int                 // for a reply
	busy    bool                // propose runs
	again   bool                // and is to run once more
}

// propose puts before the peer what the library has for it, some at a time: the next follow when it replies. However often it is
// called, it runs once at a time.
func (c *connection) propose() {
	n := c.node
	n.mu.Lock()
	defer n.mu.Unlock()
	p := &c.proposing
	p.again = true
	if p.busy {
		return
	}
	p.busy = true
	for p.again {
		p.again = false
		n.mu.Unlock()
		c.proposeSome()
		n.mu.Lock()
	}
	p.busy = false
}

func (c *connection) proposeSome() {
	n := c.node
	list, err := n.cfg.Library.Proposals(c.peer)
	if err != nil {
		n.log.Error("read what is to be proposed", "error", err)
		return
	}
	for _, p := range list {
		doc := p.Genesis.DocID()
		n.mu.Lock()
		_, made := c.proposing.made[doc]
		full := c.proposing.waiting == wire.MaxProposals
		if !made && !full {
			c.proposing.made[doc] = true
			c.proposing.waiting++
		}
		n.mu.Unlock()
		if full {
			return
		}
		if !made {
			message := wire.Propose{Title: wire.CleanName(p.Title)}
			copy(message.Genesis[:], p.Genesis.Bytes())
			c.post(link.Proposes{Propose: message})
		}
	}
}

// proposed asks the library what becomes of a document that the peer proposes.
func (c *connection) proposed(p wire.Propose) {
	n := c.node
	g, err := crdt.DecodeGenesis(p.Genesis[:])
	if err != nil {
		c.closeWith(wire.Malformed, err.Error())
		return
	}
	doc := g.DocID()
	verdict, err := n.cfg.Library.Proposed(c.peer, Proposal{Genesis: g, Title: p.Title})
	if err != nil {
		n.log.Error("take a document that is proposed", "doc", doc, "error", err)
		verdict = wire.NoRoom
	}
	c.post(link.Replies{Reply: wire.Reply{Doc: doc, Verdict: verdict}})
	if verdict == wire.Taken {
		n.Shared(doc)
	}
}

// replied notes what became of a proposal. What was never made is not listened to.
func (c *connection) replied(r wire.Reply) {
	n := c.node
	n.mu.Lock()
	made := c.proposing.made[r.Doc]
	if made {
		c.proposing.made[r.Doc] = false
	}
	c.proposing.waiting-- // the link has counted it
	n.mu.Unlock()
	if made {
		n.events.put(Replied{Peer: c.peer, Doc: r.Doc, Verdict: r.Verdict})
	}
	n.spawn(c.propose)
}

// conditioned notes what the peer says of its device. Where there is room again, what was proposed is so once more.
func (c *connection) conditioned(told wire.Condition) {
	n := c.node
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.peers[c.peer]
	if p == nil || p.condition == told {
		return
	}
	emptied := p.condition.Full && !told.Full
	p.condition = told
	n.events.put(PeerChanged{p.status()})
	if emptied && !n.closing {
		for doc, waits := range c.proposing.made {
			if !waits {
				delete(c.proposing.made, doc)
			}
		}
		n.tasks.Go(c.propose)
	}
}

// SetFull says whether this device takes nothing more from others: the peers are told.
func (n *Node) SetFull(full bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.condition.Full = full
	for _, c := range n.links {
		c.poke()
	}
}

func (n *Node) conditionNow() wire.Condition {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.condition
}
