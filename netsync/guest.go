package netsync

import (
	"context"
	"crypto/rand"
	"net/netip"
	"slices"
	"strings"
	"time"

	"inkling/netsync/link"
	"inkling/netsync/pairing"
	"inkling/netsync/wire"
)

// Times of joining by a code.
const (
	hostLook   = 250 * time.Millisecond // for those to answer who are near
	hostSearch = 4 * time.Second        // until nobody is
	hostCall   = 2 * time.Second        // for hosts to say their names, where there are several
	tryAgain   = 700 * time.Millisecond // while another guest is looked at
	tryRounds  = 6
)

// Host is somebody on the local network whose screen shows a code. Nothing of it is proved.
type Host struct {
	Name  string // empty until it said it
	Addr  string // where, as [Node.JoinCodeAt] takes it
	nonce [8]byte
	addrs []netip.AddrPort
	peer  PeerID // zero: a stranger
	seen  time.Time
}

// Hosts returns who shows a code here now, by name.
func (n *Node) Hosts() []Host {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.hosts()
}

func (n *Node) hosts() (all []Host) {
	now := time.Now()
	for nonce, s := range n.strangers {
		if s.shows && s.until.After(now) && len(s.addrs) > 0 {
			all = append(all, Host{Name: s.name, Addr: readable(s.addrs), nonce: nonce, addrs: s.addrs, seen: s.seen})
		}
	}
	for _, p := range n.peers {
		if p.showsUntil.After(now) && len(p.sighted) > 0 {
			all = append(all, Host{Name: p.Name, Addr: readable(p.sighted), addrs: p.sighted, peer: p.ID, seen: p.showsUntil.Add(-sightingLife)})
		}
	}
	slices.SortFunc(all, func(a, b Host) int { return strings.Compare(a.Name+" "+a.Addr, b.Name+" "+b.Addr) })
	return all
}

// readable returns the address that a person types most easily, which is one of IPv4 if there is any.
func readable(addrs []netip.AddrPort) string {
	i := max(slices.IndexFunc(addrs, func(a netip.AddrPort) bool { return a.Addr().Is4() }), 0)
	if addrs[i].Port() == DefaultPort {
		return addrs[i].Addr().String()
	}
	return addrs[i].String()
}

// JoinCode comes into what the one host on this network opens whose screen shows the code that the person typed. The
// error is a [*JoinError] or ctx's; with SeveralHosts it names them, for [Node.JoinCodeOf].
func (n *Node) JoinCode(ctx context.Context, typed string) (Entry, error) {
	if _, err := n.readCode(typed); err != nil {
		return Entry{}, err
	}
	hosts, err := n.findHosts(ctx)
	switch {
	case err != nil:
		return Entry{}, err
	case len(hosts) == 0:
		return Entry{}, &JoinError{Failure: NoHost}
	case len(hosts) > 1:
		return Entry{}, &JoinError{Failure: SeveralHosts, Hosts: n.named(ctx, hosts)}
	}
	return n.JoinCodeOf(ctx, typed, hosts[0])
}

// JoinCodeOf is [Node.JoinCode] for a host that was chosen.
func (n *Node) JoinCodeOf(ctx context.Context, typed string, host Host) (Entry, error) {
	return n.joinCode(ctx, typed, host.addrs, host.peer)
}

// JoinCodeAt is [Node.JoinCode] for a host at an address that the person typed, as [Node.Dial] takes it; for a wrong one
// the error is a [*DialError].
func (n *Node) JoinCodeAt(ctx context.Context, typed, addr string) (Entry, error) {
	at, err := parseAddr(addr)
	if err != nil {
		return Entry{}, &DialError{Addr: addr, Malformed: true}
	}
	n.mu.Lock()
	if len(n.typed) < maxTracked {
		n.typed[at.Addr()] = true
	}
	var peer PeerID // who is there, if that is known
	for id, c := range n.links {
		if c.at == at {
			peer = id
		}
	}
	n.mu.Unlock()
	return n.joinCode(ctx, typed, []netip.AddrPort{at}, peer)
}

func (n *Node) readCode(typed string) (string, error) {
	code, ok := pairing.ReadCode(typed)
	if !ok {
		return "", &JoinError{Failure: BadCode}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.host.screen.Code() == code {
		return "", &JoinError{Failure: OwnCode}
	}
	return code, nil
}

// findHosts looks for hosts until one was seen. Those that answer now count before those that did so some time ago.
func (n *Node) findHosts(ctx context.Context) ([]Host, error) {
	began := time.Now()
	for {
		n.Refresh()
		select {
		case <-time.After(hostLook):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		all := n.Hosts()
		fresh := slices.DeleteFunc(slices.Clone(all), func(h Host) bool { return h.seen.Before(began) })
		switch {
		case len(fresh) > 0:
			return fresh, nil
		case time.Since(began) >= hostSearch || n.cfg.Finder == nil:
			return all, nil
		}
	}
}

// named asks the hosts that have not said their names, which tells them mine.
func (n *Node) named(ctx context.Context, hosts []Host) []Host {
	n.mu.Lock()
	for _, h := range hosts {
		if s := n.strangers[h.nonce]; s != nil && s.name == "" && !s.calling {
			n.callSoon(s)
		}
	}
	n.mu.Unlock()
	for end := time.Now().Add(hostCall); ; {
		hosts = n.Hosts()
		nameless := slices.ContainsFunc(hosts, func(h Host) bool { return h.Name == "" })
		if !nameless || ctx.Err() != nil || !time.Now().Before(end) {
			return hosts
		}
		time.Sleep(hostCall / 40)
	}
}

// joinCode tries the code at the addresses, again where another guest was looked at just then. A code that this end has
// proved to know is not tried again by itself: each proof is a guess for a host that does not have it.
func (n *Node) joinCode(ctx context.Context, typed string, addrs []netip.AddrPort, peer PeerID) (Entry, error) {
	code, err := n.readCode(typed)
	if err != nil {
		return Entry{}, err
	}
	for round := 1; ; round++ {
		c, err := n.reachHost(ctx, addrs, peer)
		if err != nil {
			return Entry{}, err
		}
		answer, err := c.typeCode(ctx, code)
		if err != nil && c.replaced() && !c.spent.Load() && round < joinRounds {
			continue
		}
		if err != nil {
			return Entry{}, err
		}
		if answer.Answer == (wire.Refused{Reason: wire.TooMany}) && !answer.Spent && round < tryRounds {
			c.leaveStranger()
			select {
			case <-time.After(tryAgain):
				continue
			case <-ctx.Done():
				return Entry{}, ctx.Err()
			}
		}
		n.mu.Lock()
		issuer := Peer{ID: c.peer, Addrs: newestFirst(c.at, addrs)}
		n.mu.Unlock()
		return n.entered(c, issuer, answer.Answer)
	}
}

// reachHost returns the link to the host, or dials one.
func (n *Node) reachHost(ctx context.Context, addrs []netip.AddrPort, peer PeerID) (*connection, error) {
	n.mu.Lock()
	c := n.links[peer]
	live := c != nil && c.quic.Context().Err() == nil
	n.mu.Unlock()
	if live {
		return c, nil
	}
	g := &goal{stranger: true}
	if peer != (PeerID{}) {
		g.knocks, g.pinned = []PeerID{peer}, true
	}
	dialCtx, cancel := context.WithTimeout(ctx, joinDial)
	defer cancel()
	c, r := n.race(dialCtx, g, addrs)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case r == failed:
		return nil, &JoinError{Failure: NoAnswer, Addrs: addrs}
	}
	return c, nil
}

// met notes who the other end has proved to be, before it is admitted.
func (c *connection) met(peer PeerID) {
	c.node.mu.Lock()
	defer c.node.mu.Unlock()
	if !c.admitted {
		c.peer = peer
	}
}

// typeCode tries the code on this connection and waits for the answer.
func (c *connection) typeCode(ctx context.Context, code string) (link.JoinAnswered, error) {
	typed := link.Typed{Code: code, Name: wire.CleanName(c.node.cfg.Name())}
	rand.Read(typed.Random[:])
	c.spent.Store(false)
	return c.await(ctx, typed)
}
