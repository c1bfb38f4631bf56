package netsync

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/quic-go/quic-go"

	"inkling/netsync/diagnosis"
	"inkling/netsync/survey"
	"inkling/netsync/wire"
)

// Times of looking at a place.
const (
	knockTime      = 3 * time.Second
	neighbourTime  = 9 * time.Second // the system needs 3 s to know that nobody answers, 8 s when somebody once did
	neighbourPause = 250 * time.Millisecond
)

// discardPort is a port at which packets mean nothing (RFC 863).
const discardPort = 9

// lookForPeer looks for a peer at a place where it was met or sighted.
func (n *Node) lookForPeer(ctx context.Context, networks []diagnosis.Network, p *diagnosis.Place, id PeerID) {
	n.lookAt(ctx, networks, p)
	if p.Knock != diagnosis.Inkling {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, knockTime)
	defer cancel()
	c, r := n.race(ctx, &goal{knocks: []PeerID{id}, pinned: true, stranger: true}, []netip.AddrPort{p.Addr})
	switch r {
	case acquainted:
		p.Who = diagnosis.Wanted
	case introduced:
		c.closeWith(wire.Done, "it does not know us")
		p.Who = diagnosis.Estranged
	case anonymous:
		c.closeWith(wire.Done, "not the one looked for")
		p.Who = diagnosis.Stranger
	case failed: // somebody answers, and who it is remains unknown
	}
}

// lookAtNamed looks at the address that the person named, and who is there.
func (n *Node) lookAtNamed(ctx context.Context, networks []diagnosis.Network, p *diagnosis.Place, named string) {
	n.lookAt(ctx, networks, p)
	if p.Own || p.Knock != diagnosis.Inkling {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*knockTime)
	defer cancel()
	who, err := n.dialTyped(ctx, named)
	n.mu.Lock()
	defer n.mu.Unlock()
	var told *DialError
	switch known := n.peers[who]; {
	case known != nil:
		p.Who, p.Name = diagnosis.Wanted, known.Name
	case err == nil, errors.As(err, &told) && told.Stranger:
		p.Who = diagnosis.Stranger
	}
}

// lookAt knocks at a place and, where it stays silent, sees whether its computer is there.
func (n *Node) lookAt(ctx context.Context, networks []diagnosis.Network, p *diagnosis.Place) {
	n.locate(networks, p)
	if p.Own {
		return
	}
	var poked diagnosis.Knock
	var poking sync.WaitGroup
	knocking, told := context.WithCancel(ctx) // one answer is enough
	defer told()
	poking.Go(func() {
		if poked = survey.Poke(knocking, p.Addr); poked != diagnosis.Silence {
			told()
		}
	})
	poking.Go(func() {
		if p.Gateway.IsValid() {
			survey.Poke(knocking, netip.AddrPortFrom(p.Gateway, discardPort))
		}
	})
	if p.Knock = n.knock(knocking, p.Addr); p.Knock != diagnosis.Silence {
		told()
	}
	poking.Wait()
	if p.Knock == diagnosis.Silence {
		p.Knock = poked
	}
	if p.Knock == diagnosis.Silence && p.Network != "" {
		awaitNeighbours(ctx, p)
	}
}

// locate says in which network of this computer a place is.
func (n *Node) locate(networks []diagnosis.Network, p *diagnosis.Place) {
	addr := p.Addr.Addr()
	for _, network := range networks {
		for _, own := range network.Prefixes {
			if own.Addr() == addr.WithZone("") && int(p.Addr.Port()) == n.port {
				p.Own = true
			}
			zoned := addr.Zone() == "" || addr.Zone() == network.Name
			if p.Network == "" && zoned && own.Masked().Contains(addr.WithZone("")) {
				p.Network = network.Name
			}
		}
	}
	if p.Network != "" {
		p.Gateway, _ = survey.Gateway(p.Network)
	}
}

// knock says whether an Inkling answers at addr.
func (n *Node) knock(ctx context.Context, addr netip.AddrPort) diagnosis.Knock {
	ctx, cancel := context.WithTimeout(ctx, knockTime)
	defer cancel()
	q, err := n.transport.Dial(ctx, net.UDPAddrFromAddrPort(addr), n.tls, n.quicConfig())
	var told *quic.TransportError
	var version *quic.VersionNegotiationError
	switch {
	case err == nil:
		q.CloseWithError(quic.ApplicationErrorCode(wire.Done), "somebody looked whether you are there")
		return diagnosis.Inkling
	case errors.As(err, &version), errors.As(err, &told) && told.Remote && told.ErrorCode.IsCryptoError():
		return diagnosis.Foreign
	case errors.As(err, &told) && told.Remote:
		return diagnosis.Inkling // it answers, and has no room for one more
	}
	return diagnosis.Silence
}

// awaitNeighbours waits until the system knows whether the computer at p, and the router
// of its network, answer.
func awaitNeighbours(ctx context.Context, p *diagnosis.Place) {
	ctx, cancel := context.WithTimeout(ctx, neighbourTime-knockTime)
	defer cancel()
	for {
		known, err := survey.ReadNeighbours()
		if err != nil {
			return // this system does not say
		}
		p.Neighbour = max(p.Neighbour, known[p.Addr.Addr().WithZone("")])
		p.Router = max(p.Router, known[p.Gateway])
		if p.Neighbour != diagnosis.Unknown && (p.Router != diagnosis.Unknown || !p.Gateway.IsValid()) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(neighbourPause):
		}
	}
}
