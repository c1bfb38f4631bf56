package netsync

import (
	"net/netip"
	"time"

	"inkling/crdt"
	"inkling/netsync/wire"
)

// Event is something that a person or a document may want to know.
type Event interface{ event() }

type (
	// PeerChanged says that a pinned peer came, went or has another name.
	PeerChanged struct{ PeerStatus }
	// NearbyChanged says who is visible here now.
	NearbyChanged struct{ Nearby []Nearby }
	// PresenceChanged says where a peer's caret is; nil: gone, also when the peer went away.
	PresenceChanged struct {
		Peer     PeerID
		Name     string
		Doc      crdt.DocID
		Presence *Presence
	}
	// JoinRequested says that somebody proved an invite to Doc. Answer is to be
	// called once, from any goroutine; it does not block. Later calls do nothing.
	JoinRequested struct {
		Name   string
		Peer   PeerID
		Doc    crdt.DocID
		Answer func(accept bool)
	}
	// CodeShown says which code is on this screen, for whom to join Doc, until when; "": none. A zero Doc: for the device alone.
	CodeShown struct {
		Doc   crdt.DocID
		Code  string
		Until time.Time
	}
	// CodeTried says that a wrong code was typed, at an address that has done so Count times.
	CodeTried struct {
		From  netip.Addr
		Count int
	}
	// CodeUsed says that somebody typed the code and is in Doc now, or known to this device if that is zero.
	CodeUsed struct {
		Name string
		Peer PeerID
		Doc  crdt.DocID
	}
	// Replied says what became of a document that was proposed to the peer.
	Replied struct {
		Peer    PeerID
		Doc     crdt.DocID
		Verdict wire.Verdict
	}
	// Acked says that the peer has committed this much of Doc: by its own word, or because it sent it.
	Acked struct {
		Peer  PeerID
		Doc   crdt.DocID
		Heads []crdt.Head
	}
)

func (PeerChanged) event()     {}
func (NearbyChanged) event()   {}
func (PresenceChanged) event() {}
func (JoinRequested) event()   {}
func (CodeShown) event()       {}
func (CodeTried) event()       {}
func (CodeUsed) event()        {}
func (Replied) event()         {}
func (Acked) event()           {}

// PeerStatus is a pinned peer and whether it is here. Since is when that began,
// zero when it has not been here since the node started. Addr is where it is, or
// was last, as "host:port"; empty when never.
type PeerStatus struct {
	ID     PeerID
	Name   string
	Online bool
	Since  time.Time
	Addr   string
	// Unattended: nobody sits there. Full: it takes nothing more. Both as it said last in this start.
	Unattended, Full bool
}

// Nearby is somebody visible on the local network. Known: a pinned peer.
type Nearby struct {
	Name  string
	Known bool
}

// Presence is a caret: Head moves, Tail stays where a selection began.
type Presence struct{ Head, Tail crdt.Anchor }
