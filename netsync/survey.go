package netsync

import (
	"context"
	"net/netip"
	"runtime"
	"slices"
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

	var looking sync.WaitGroup
	f.Peers = n.surveyPeers(ctx, &f, &looking)
	if named != "" {
		f.Named = &diagnosis.Place{Addr: at}
		looking.Go(func() { n.lookAtNamed(ctx, f.Networks, f.Named, named) })
	}
	looking.Wait()
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

// surveyPeers says who is here and looks for those who are not, as tasks of looking:
// what these find is in the peers' places when they have ended.
func (n *Node) surveyPeers(ctx context.Context, f *diagnosis.Facts, looking *sync.WaitGroup) []diagnosis.Peer {
	known := n.surveyed()
	list := make([]diagnosis.Peer, len(known))
	away := 0
	for i, k := range known {
		list[i] = k.Peer
		if k.Here {
			continue
		}
		if away++; away > mostLookedFor {
			f.Unasked++
			continue
		}
		places := list[i].Places
		for j := range places {
			looking.Go(func() { n.lookForPeer(ctx, f.Networks, &places[j], k.id) })
		}
	}
	// Those who are away and not looked for are only counted.
	return slices.Delete(list, len(list)-f.Unasked, len(list))
}

// surveyedPeer is a peer as a survey begins with it.
type surveyedPeer struct {
	diagnosis.Peer
	id PeerID
}

// surveyed returns the peers, those who are here first, then by their names.
func (n *Node) surveyed() []surveyedPeer {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all []surveyedPeer
	for _, p := range n.peers {
		s := surveyedPeer{id: p.ID, Peer: diagnosis.Peer{Name: p.Name, Here: p.online, At: p.addr, Sighted: len(p.sighted) > 0}}
		for _, addr := range p.Addrs {
			if !n.reach.contains(addr.Addr()) && len(s.Far) < placesPerPeer {
				s.Far = append(s.Far, addr.Addr())
			}
		}
		near := n.candidates(p)
		for _, addr := range near[:min(len(near), placesPerPeer)] {
			s.Places = append(s.Places, diagnosis.Place{Addr: addr})
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b surveyedPeer) int {
		switch {
		case a.Here != b.Here && a.Here:
			return -1
		case a.Here != b.Here:
			return 1
		case a.Name != b.Name && a.Name < b.Name:
			return -1
		case a.Name != b.Name:
			return 1
		}
		return slices.Compare(a.id[:], b.id[:])
	})
	return all
}
