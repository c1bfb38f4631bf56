package netsync

import (
	"bytes"
	"cmp"
	"context"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"inkling/netsync/diagnosis"
	"inkling/netsync/discovery"
	"inkling/netsync/socket"
	"inkling/netsync/survey"
)

// Limits of a survey.
const (
	mostLookedFor = 8 // peers that are away
	placesPerPeer = 3
	mostInward    = 8 // networks on which the way inward is tried
	askingTime    = 2 * time.Second
)

// Survey looks at the port, the networks, the peers and, unless it is "", at an address
// that the person named, as [Node.Dial] takes it. It takes some seconds, up to 15 where
// somebody does not answer. The error is a [*DialError], for an address that is none,
// or ctx's.
func (n *Node) Survey(ctx context.Context, named string) (diagnosis.Facts, error) {
	var at netip.AddrPort
	if named != "" {
		var err error
		if at, err = parseAddr(named); err != nil {
			return diagnosis.Facts{}, &DialError{Addr: named, Malformed: true}
		}
	}
	n.surveying.Lock()
	defer n.surveying.Unlock()
	f := diagnosis.Facts{System: runtime.GOOS, Port: n.surveyPort(), Firewalls: survey.Firewalls()}
	n.surveyNetworks(ctx, &f)

	known := n.surveyed()
	known, f.Unasked = someAway(known)
	var looking sync.WaitGroup
	for _, p := range known {
		for i := range p.Places {
			looking.Go(func() { n.lookForPeer(ctx, f.Networks, &p.Places[i], p.id) })
		}
	}
	if named != "" {
		f.Named = &diagnosis.Place{Addr: at}
		looking.Go(func() { n.lookAtNamed(ctx, f.Networks, f.Named, named) })
	}
	looking.Wait()
	f.Peers = n.arrived(known)
	return f, ctx.Err()
}

// surveyPort says which port the node wanted and which it has.
func (n *Node) surveyPort() diagnosis.Port {
	p := diagnosis.Port{Wanted: n.cfg.Port, Got: n.port, Address: n.Address()}
	if p.Wanted == 0 {
		p.Wanted = DefaultPort
	}
	if p.Wanted != p.Got {
		p.Holder = survey.Holder(p.Wanted)
	}
	return p
}

// surveyNetworks lists the networks and tries each: asks who is there, and sends
// packets to the own port.
func (n *Node) surveyNetworks(ctx context.Context, f *diagnosis.Facts) {
	networks, err := survey.Networks()
	if err != nil {
		f.Unlisted = survey.Reason(err)
		return
	}
	f.Networks = networks
	trials, err := discovery.Try(ctx, askingTime)
	if err != nil {
		f.Unlisted = survey.Reason(err)
		return
	}
	tried := 0
	for i := range f.Networks {
		network := &f.Networks[i]
		for _, t := range trials {
			if t.Network != network.Name {
				continue
			}
			a := asking(t)
			if !network.Loopback && tried < 2*mostInward {
				a.Inward = n.inward(ctx, network.Name, t.IPv6)
				tried++
			}
			network.Asked = append(network.Asked, a)
		}
	}
}

// asking says what a trial came to.
func asking(t discovery.Trial) diagnosis.Asking {
	a := diagnosis.Asking{
		IPv6: t.IPv6, Heard: t.Heard, Others: t.Others,
		Deaf: survey.Reason(t.Listen), Mute: survey.Reason(t.Ask),
		Kept: survey.Taken(t.Listen), Banned: survey.Forbidden(t.Ask),
	}
	if a.Kept {
		a.Holder = survey.Holder(discovery.Port)
	}
	return a
}

// inward tries whether packets of a network get to the node's port.
func (n *Node) inward(ctx context.Context, network string, v6 bool) diagnosis.Answer {
	soft, ok := n.transport.Conn.(socket.Soft)
	if !ok {
		return diagnosis.Unknown
	}
	return survey.Inward(ctx, network, v6, soft.UDPConn, func(ctx context.Context, buf []byte) (int, error) {
		size, _, err := n.transport.ReadNonQUICPacket(ctx, buf)
		return size, err
	})
}

// surveyedPeer is a peer during a survey.
type surveyedPeer struct {
	diagnosis.Peer
	id PeerID
}

// surveyed returns the peers, those who are here first, then by their names, with the
// places where to look for those who are away.
func (n *Node) surveyed() []surveyedPeer {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all []surveyedPeer
	for _, p := range n.peers {
		s := surveyedPeer{id: p.ID, Peer: diagnosis.Peer{Name: p.Name, Here: p.online}}
		if !p.online {
			s.Places, s.Far = n.whereToLook(p)
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b surveyedPeer) int {
		if a.Here != b.Here && a.Here {
			return -1
		}
		if a.Here != b.Here {
			return 1
		}
		return cmp.Or(strings.Compare(a.Name, b.Name), bytes.Compare(a.id[:], b.id[:]))
	})
	return all
}

// whereToLook returns the places where p may be, and the addresses on other networks
// where it was met. The caller holds n.mu.
func (n *Node) whereToLook(p *peer) (places []diagnosis.Place, far []netip.Addr) {
	near := n.candidates(p)
	for _, addr := range near[:min(len(near), placesPerPeer)] {
		places = append(places, diagnosis.Place{Addr: addr})
	}
	for _, addr := range p.Addrs {
		if !n.reach.contains(addr.Addr()) && len(far) < placesPerPeer {
			far = append(far, addr.Addr())
		}
	}
	return places, far
}

// someAway returns the peers but for those that are away and too many to look for, and
// how many these are.
func someAway(all []surveyedPeer) (some []surveyedPeer, left int) {
	here := slices.IndexFunc(all, func(p surveyedPeer) bool { return !p.Here })
	if here < 0 {
		return all, 0
	}
	most := min(len(all), here+mostLookedFor)
	return all[:most], len(all) - most
}

// arrived returns the peers as they are at the end of a survey.
func (n *Node) arrived(known []surveyedPeer) []diagnosis.Peer {
	n.mu.Lock()
	defer n.mu.Unlock()
	list := make([]diagnosis.Peer, 0, len(known))
	for _, k := range known {
		if p := n.peers[k.id]; p != nil {
			k.Here, k.At, k.Sighted = p.online, p.addr, len(p.sighted) > 0
			list = append(list, k.Peer)
		}
	}
	return list
}
