package netsync

import (
	"errors"
	"net/netip"
	"time"

	"inkling/crdt"
	"inkling/netsync/reconcile"
	"inkling/netsync/wire"
)

// Library is what the node needs of the one who keeps the documents. It is safe
// for concurrent use.
type Library interface {
	Peers() ([]Peer, error)    // the pinned ones
	RememberPeer(p Peer) error // name or address news of a pinned peer
	// SharedWith returns the documents that p is a member of.
	SharedWith(p PeerID) ([]crdt.DocID, error)
	// Sums returns these documents with what is compared of them: crdt.SumHeads of their Heads.
	Sums(p PeerID) ([]reconcile.Doc, error)
	// Heads returns where the committed changes of doc end. It is asked often and must be quick.
	Heads(doc crdt.DocID) ([]crdt.Head, error)
	// Since returns encoded changes (frames of crdt/FORMAT.md) that a copy which told the heads
	// have lacks, in an order in which they can be applied, at least one if there is any,
	// about maxBytes at most, but up to a signature that covers them; and the heads that the copy can
	// tell in the place of have once it has them. What have says is explained in package docsync.
	// In the place of both it may return a block that the copy had better be given, unless declines says of its hash that it is
	// not to be offered. It must do so where the copy could not take the changes.
	Since(doc crdt.DocID, have []crdt.Head, maxBytes int, declines func(wire.Hash) bool) (changes [][]byte, then []crdt.Head, block *wire.Block, err error)
	// Block returns the bytes of a block that Since named. It may be gone since.
	Block(doc crdt.DocID, hash wire.Hash) ([]byte, error)
	// Has says whether all at or before the heads is committed.
	Has(doc crdt.DocID, heads []crdt.Head) (bool, error)
	// Take verifies a block as a whole, which must end with the heads, and returns when what is news in it is committed. The error wraps
	// [ErrWrongBlock] when it is not what it should be; then nothing counts.
	Take(from PeerID, doc crdt.DocID, block []byte, heads []crdt.Head) error
	// Receive checks and applies changes and returns after their commit. Those that
	// are not of whom they claim are passed over: they must not hold up what others
	// wrote. A [*crdt.FormatError] says that the peer sent rubbish; then nothing counts.
	Receive(from PeerID, doc crdt.DocID, changes [][]byte) error
	AddInvite(Invite) error
	Invite(id [8]byte) (Invite, error)
	// Admit marks the invite used, pins p and makes it a member of the invite's
	// document, at once. It fails when the invite was used by another.
	Admit(id [8]byte, p Peer) (crdt.Genesis, error)
	// Let pins p and makes it a member of doc. It may be asked again for the same.
	Let(doc crdt.DocID, p Peer) (crdt.Genesis, error)
	// Joined adds the document, pins the issuer and makes it a member, at once.
	Joined(g crdt.Genesis, issuer Peer) error
}

// ErrWrongBlock says that a peer sent a block that is not what it should be: forged, of another document, or no block.
var ErrWrongBlock = errors.New("netsync: a block that is not what it should be")

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
