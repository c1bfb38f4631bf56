package link

import "inkling/netsync/wire"

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
	// Typed is the wish to join by a code that the other end shows, over this link
	// (dialler or admitted). Random is used for nothing else.
	Typed struct {
		Code   string
		Random [32]byte
		Name   string // of this person
	}
	// Judged answers [Tried] and [Confirmed]: Share, Reveal with the tag alone, or
	// Refused. Binder comes with Reveal.
	Judged struct {
		Answer wire.Message
		Binder [32]byte
	}
	// Decided answers [JoinAsked] and [Presented]: Joined or Refused.
	Decided struct{ Answer wire.Message }
	// Adopted says that what [JoinAnswered] brought is stored: the issuer is known now.
	Adopted struct{}
	// Watch turns the heartbeat on or off: on while a shared document is open.
	Watch struct{ On bool }
	// Probe asks for a sign of life now.
	Probe struct{}
	// Tell sends what an admitted peer may be told about documents: a listener tells Offers and, when it is asked, Compared;
	// a dialler Compare, one after the other.
	Tell struct{ Messages []wire.Message }
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
func (Typed) event()    {}
func (Judged) event()   {}
func (Decided) event()  {}
func (Adopted) event()  {}
func (Watch) event()    {}
func (Probe) event()    {}
func (Tell) event()     {}
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
	// Asks: an admitted dialler compares. To be answered by Tell with Compared.
	Asks struct{ Compare wire.Compare }
	// Answered: the listener answers a Compare, or a part of it.
	Answered struct{ Compared wire.Compared }
	// Called: a stranger says its person's name.
	Called struct{ Call wire.Call }
	// JoinAsked: the proved Peer asks to join. To be answered by Decided.
	JoinAsked struct {
		Peer PeerID
		Join wire.Join
	}
	// JoinAnswered is the answer to Asked or Typed: Joined or Refused. Spent: the
	// proof that this end knows the code has gone out, so that a host who does not
	// have it has had its one guess.
	JoinAnswered struct {
		Answer wire.Message
		Spent  bool
	}
	// Tried: the other end tries a code. To be answered by Judged.
	Tried struct{ Share [32]byte }
	// Confirmed: the other end has made its proof. To be answered by Judged.
	Confirmed struct{ Tag [64]byte }
	// Presented: the guest that was believed is Peer. To be answered by Decided.
	Presented struct {
		Peer PeerID
		Name string
	}
	// Met: the host has proved to have the code, and to be Peer.
	Met struct{ Peer PeerID }
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
func (Asks) effect()         {}
func (Answered) effect()     {}
func (Called) effect()       {}
func (JoinAsked) effect()    {}
func (JoinAnswered) effect() {}
func (Tried) effect()        {}
func (Confirmed) effect()    {}
func (Presented) effect()    {}
func (Met) effect()          {}
