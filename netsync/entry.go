package netsync

import (
	"inkling/crdt"
	"inkling/netsync/link"
	"inkling/netsync/wire"
)

// Entry is what came of an invite or of a code that was typed.
type Entry struct {
	Doc  crdt.DocID // the document that one is in; zero: none, but the device that showed the code is known from now on
	Peer PeerID     // who has let us in
	Name string
}

// Paired says whether two devices came to know each other, and nothing else.
func (e Entry) Paired() bool { return e.Doc == crdt.DocID{} }

// letGuest lets in who has typed the code: that was the question, so that the person is not asked again.
func (c *connection) letGuest(e link.Presented) {
	n := c.node
	n.mu.Lock()
	doc := c.letInto
	n.mu.Unlock()
	guest := Peer{ID: e.Peer, Name: e.Name, Addrs: newestFirst(c.at, nil)}
	var err error
	if doc == (crdt.DocID{}) {
		err = c.pairGuest(guest)
	} else {
		err = c.letInDocument(doc, guest)
	}
	if err != nil {
		n.log.Error("let a guest in", "error", err)
		c.refuse(wire.NoLibrary)
		return
	}
	n.events.put(CodeUsed{Name: e.Name, Peer: e.Peer, Doc: doc})
}

func (c *connection) letInDocument(doc crdt.DocID, guest Peer) error {
	genesis, err := c.node.cfg.Library.Let(doc, guest)
	if err == nil {
		c.welcome(doc, genesis)
	}
	return err
}

// pairGuest comes to know a device. Nothing is shared by that.
func (c *connection) pairGuest(guest Peer) error {
	n := c.node
	if err := n.cfg.Library.Pair(guest); err != nil {
		return err
	}
	if err := n.reloadPeers(); err != nil {
		n.log.Error("after a device was paired", "error", err)
	}
	c.post(link.Decided{Answer: wire.Paired{Name: wire.CleanName(n.cfg.Name())}})
	return nil
}

// entered stores what the answer of a host or issuer brought.
func (n *Node) entered(c *connection, host Peer, answer wire.Message) (Entry, error) {
	switch answer := answer.(type) {
	case wire.Joined:
		return n.joined(c, host, answer)
	case wire.Paired:
		return n.paired(c, host, answer)
	case wire.Refused:
		c.leaveStranger()
		return Entry{}, &JoinError{Failure: refusals[answer.Reason]}
	}
	panic("netsync: an answer that the link does not let pass")
}

func (n *Node) joined(c *connection, host Peer, welcome wire.Joined) (Entry, error) {
	genesis, err := crdt.DecodeGenesis(welcome.Genesis[:])
	if err != nil {
		c.closeWith(wire.Malformed, err.Error())
		return Entry{}, &JoinError{Failure: Lost, Err: err}
	}
	host.Name = welcome.Name
	if err := n.cfg.Library.Joined(genesis, host); err != nil {
		c.closeWith(wire.Unavailable, "")
		return Entry{}, &JoinError{Failure: Unstorable, Err: err}
	}
	n.adopt(c)
	n.Shared(genesis.DocID())
	return Entry{Doc: genesis.DocID(), Peer: host.ID, Name: host.Name}, nil
}

func (n *Node) paired(c *connection, host Peer, answer wire.Paired) (Entry, error) {
	host.Name = answer.Name
	if err := n.cfg.Library.Pair(host); err != nil {
		c.closeWith(wire.Unavailable, "")
		return Entry{}, &JoinError{Failure: Unstorable, Err: err}
	}
	n.adopt(c)
	return Entry{Peer: host.ID, Name: host.Name}, nil
}

// adopt tells the link that its other end is in the library now.
func (n *Node) adopt(c *connection) {
	if err := n.reloadPeers(); err != nil {
		n.log.Error("after a join", "error", err)
	}
	c.post(link.Adopted{})
}
