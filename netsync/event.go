package netsync

import (
	"time"

	"inkling/crdt"
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
}

// Nearby is somebody visible on the local network. Known: a pinned peer.
type Nearby struct {
	Name  string
	Known bool
}

// Presence is a caret: Head moves, Tail stays where a selection began.
type Presence struct{ Head, Tail crdt.Anchor }
