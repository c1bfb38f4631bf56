package link

import (
	"inkling/crdt"
	"inkling/netsync/wire"
)

// Event is what happened to a link.
type Event interface{ event() }

type (
	// Opened starts a dialler.
	Opened struct{}
	// Received is a message on the control stream.
	Received struct{ Message wire.Message }
	// Heard says that something else came: a datagram, a document's frame.
	Heard struct{}
	// Tick says that the time of [Machine.Deadline] has come.
	Tick struct{}
	// Claimed answers [Verified]: Go on, or another dial to the peer was faster.
	// HaveLive: another link to the peer works.
	Claimed struct{ Go, HaveLive bool }
	// LookedUp answers [LookUp]: is the peer known, and if so is this link kept
	// ([Replaces])?
	LookedUp struct{ Known, Keep bool }
	// Calls is the wish to tell our name to a stranger.
	Calls struct{ Call wire.Call }
	// Asked is the wish to join by an invite over this link (dialler or admitted).
	Asked struct{ Join wire.Join }
	// Decided answers [JoinAsked]: Joined or Refused.
	Decided struct{ Answer wire.Message }
	// Adopted says that what [JoinAnswered] brought is stored: the issuer is known now.
	Adopted struct{}
	// Watch turns the heartbeat on or off: on while a shared document is open.
	Watch struct{ On bool }
	// Probe asks for a sign of life now.
	Probe struct{}
	// Share tells an admitted dialler which documents it may open streams for.
	Share struct{ Docs []crdt.DocID }
	// Renamed says that the person has another name.
	Renamed struct{ Name string }
)

func (Opened) event()   {}
func (Received) event() {}
func (Heard) event()    {}
func (Tick) event()     {}
func (Claimed) event()  {}
func (LookedUp) event() {}
func (Calls) event()    {}
func (Asked) event()    {}
func (Decided) event()  {}
func (Adopted) event()  {}
func (Watch) event()    {}
func (Probe) event()    {}
func (Share) event()    {}
func (Renamed) event()  {}

// Effect is what whoever runs the machine has to do, in order.
type Effect interface{ effect() }

type (
	// Send sends a message on the control stream.
	Send struct{ Message wire.Message }
	// Ping sends that datagram. Pongs need no machine.
	Ping struct{}
	// Close closes the connection. Nothing follows.
	Close struct {
		Code   wire.Code
		Reason string
	}
	// Verified: the listener has proved to be Peer. To be answered by Claimed.
	Verified struct{ Peer PeerID }
	// LookUp: the dialler has proved to be Peer. To be answered by LookedUp.
	LookUp struct {
		Peer     PeerID
		HaveLive bool // the dialler's word
	}
	// Admitted: the peer is known at both ends; documents may be spoken of.
	Admitted struct{ Peer PeerID }
	// Stranger: only pairing messages may pass. Peer is the zero PeerID unless
	// the other end has proved its key.
	Stranger struct{ Peer PeerID }
	// Named: an admitted peer says its person's name.
	Named struct{ Name string }
	// Offered: an admitted peer has this document for us.
	Offered struct{ Offer wire.Offer }
	// Called: a stranger says its person's name.
	Called struct{ Call wire.Call }
	// JoinAsked: the proved Peer asks to join. To be answered by Decided.
	JoinAsked struct {
		Peer PeerID
		Join wire.Join
	}
	// JoinAnswered is the answer to Asked: Joined or Refused.
	JoinAnswered struct{ Answer wire.Message }
)

func (Send) effect()         {}
func (Ping) effect()         {}
func (Close) effect()        {}
func (Verified) effect()     {}
func (LookUp) effect()       {}
func (Admitted) effect()     {}
func (Stranger) effect()     {}
func (Named) effect()        {}
func (Offered) effect()      {}
func (Called) effect()       {}
func (JoinAsked) effect()    {}
func (JoinAnswered) effect() {}
