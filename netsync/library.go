package netsync

import (
	"net/netip"
	"time"

	"inkling/crdt"
)

// Library is what the node needs of the one who keeps the documents. It is safe
// for concurrent use.
type Library interface {
	Peers() ([]Peer, error)    // the pinned ones
	RememberPeer(p Peer) error // name or address news of a pinned peer
	// SharedWith returns the documents that p is a member of.
	SharedWith(p PeerID) ([]crdt.DocID, error)
	Version(doc crdt.DocID) (crdt.VersionVector, error) // committed
	// Since returns encoded changes (frames of crdt/FORMAT.md) that a copy with have
	// lacks, in an order in which they can be applied, at least one if there is any,
	// about maxBytes at most, but up to a signature that covers them.
	Since(doc crdt.DocID, have crdt.VersionVector, maxBytes int) ([][]byte, error)
	// Receive checks and applies changes and returns after their commit. Those that
	// are not of whom they claim are passed over: they must not hold up what others
	// wrote. A [*crdt.FormatError] says that the peer sent rubbish; then nothing counts.
	Receive(from PeerID, doc crdt.DocID, changes [][]byte) error
	AddInvite(Invite) error
	Invite(id [8]byte) (Invite, error)
	// Admit marks the invite used, pins p and makes it a member of the invite's
	// document, at once. It fails when the invite was used by another.
	Admit(id [8]byte, p Peer) (crdt.Genesis, error)
	// Joined adds the document, pins the issuer and makes it a member, at once.
	Joined(g crdt.Genesis, issuer Peer) error
}

// Peer is a device that is pinned: its key, its person's name, and at most
// MaxAddrs addresses where it was met, the newest first.
type Peer struct {
	ID    PeerID
	Name  string
	Addrs []netip.AddrPort
}

// Invite is an open invite as the library keeps it. ID is the first 8 bytes of
// SHA-256(Secret).
type Invite struct {
	ID      [8]byte
	Secret  [16]byte
	Doc     crdt.DocID
	Expires time.Time
	Used    bool
}
