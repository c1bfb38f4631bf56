package netsync

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"net"

	"inkling/netsync/discovery"
	"inkling/netsync/link"
)

// PeerID is the Ed25519 public key of a device.
type PeerID = link.PeerID

// DefaultPort is the UDP port a node opens where it is free.
const DefaultPort = 7447

// Limits of a node.
const (
	MaxUnadmitted       = 64 // connections that are not (yet) admitted
	MaxUnadmittedPerIP  = 4  // of them from one address
	keptForPeers        = 16 // of all of them, for addresses where pinned peers were met
	MaxStreams          = 64 // documents that have a stream with one peer at the same time
	maxBulkStreams      = 4  // that a peer may have open; it uses one at a time
	MaxAddrs            = 8  // addresses remembered per peer
	maxNearby           = 64 // strangers shown
	maxCalls            = 4  // strangers asked for their names at a time
	maxTriesPerMinute   = 10 // wrong or unknown invites from one address
	maxRequests         = 16 // requests to join that wait for the person
	maxTracked          = 1_024
	retryAfterPerSecond = 10 // handshakes per second before addresses must be verified
)

// Config is what a node is made of.
type Config struct {
	Key     ed25519.PrivateKey
	Name    func() string // this person's display name, told only to admitted peers and while visible
	Library Library
	// Events is called in order from one goroutine of the node. While it blocks,
	// events are merged: the newest of each kind, peer and document is kept.
	Events func(Event)
	// Conn is the socket. nil: an own UDP socket on Port or, when that is taken, on
	// any port. The node closes neither.
	Conn net.PacketConn
	Port int // 0 means DefaultPort
	// Inbox is the folder in which blocks are kept that have come in part; it is made when needed.
	Inbox  string
	Finder Finder // nil: no discovery
	Logger *slog.Logger
}

// Finder finds peers on the local network; netsync/discovery implements it.
type Finder interface {
	// Run advertises and looks until ctx ends. found may be called from several
	// goroutines and repeatedly for one peer.
	Run(ctx context.Context, found func(discovery.Sighting)) error
	SetAdvert(discovery.Advert)
	Refresh()          // look now
	Trouble() []string // plain sentences
}
