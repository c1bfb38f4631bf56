package netsync

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"inkling/netsync/link"
	"inkling/netsync/wire"
)

// stagger is the time between the first dials of one peer's addresses (happy
// eyeballs, RFC 8305).
const stagger = 250 * time.Millisecond

// result is what a dial came to.
type result int

const (
	failed     result = iota
	acquainted        // admitted, or has a link already
	introduced        // it is the one looked for, and does not know us
	anonymous         // somebody we do not know
)

// goal is whom one or several parallel dials look for. The first connection that
// finds it wins; the others are closed.
type goal struct {
	knocks   []PeerID
	pinned   bool // the knocks are of pinned peers
	typed    bool // a person named the address
	stranger bool // somebody unknown is welcome too
	outcomes chan outcome

	mu     sync.Mutex
	winner *connection
}

type outcome struct {
	c      *connection // nil when there was none
	result result
}

// claim makes c the winner unless there is one already.
func (g *goal) claim(c *connection) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.winner == nil {
		g.winner = c
	}
	return g.winner == c
}

// settle reports what c came to; the first report of a connection counts.
func (g *goal) settle(c *connection, r result) {
	c.settled.Do(func() {
		if r == anonymous && (!g.stranger || !g.claim(c)) {
			c.closeWith(wire.WrongPeer, "not the one looked for")
			r = failed
		}
		c.won.Store(r != failed)
		g.outcomes <- outcome{c, r} // as long as the dials are many
	})
}

// race dials all addrs, one after the other but not waiting for each, and returns
// the first connection that finds what g looks for. The caller closes it unless
// it is admitted.
func (n *Node) race(ctx context.Context, g *goal, addrs []netip.AddrPort) (*connection, result) {
	g.outcomes = make(chan outcome, len(addrs))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	started := 0
	for i, addr := range addrs {
		if n.spawn(func() { n.attempt(ctx, g, addr, time.Duration(i)*stagger) }) {
			started++
		}
	}
	for range started {
		if o := <-g.outcomes; o.result != failed {
			return o.c, o.result
		}
	}
	return nil, failed
}

// attempt dials one address after a delay and runs the connection. When ctx ends
// before it has found what g looks for, it is closed.
func (n *Node) attempt(ctx context.Context, g *goal, addr netip.AddrPort, delay time.Duration) {
	c, err := n.connect(ctx, g, addr, delay)
	if err != nil {
		n.log.Debug("dial", "addr", addr, "error", err)
		g.outcomes <- outcome{nil, failed}
		return
	}
	stop := context.AfterFunc(ctx, func() {
		if !c.won.Load() {
			c.closeWith(wire.Done, "another dial was faster, or nobody waits any more")
		}
	})
	defer stop()
	c.run()
}

func (n *Node) connect(ctx context.Context, g *goal, addr netip.AddrPort, delay time.Duration) (*connection, error) {
	select {
	case <-time.After(delay):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	q, err := n.transport.Dial(ctx, net.UDPAddrFromAddrPort(addr), n.tls, n.quicConfig())
	if err != nil {
		return nil, err
	}
	e, err := exporter(q)
	if err != nil {
		q.CloseWithError(0, "")
		return nil, err
	}
	control, err := q.OpenStream()
	if err != nil {
		q.CloseWithError(0, "")
		return nil, err
	}
	var filler [32]byte
	rand.Read(filler[:])
	c := n.newConnection(q, control, e, g)
	c.machine = link.NewDialler(n.self(), e, g.knocks, filler, g.pinned, time.Now())
	if !n.enlist(c) {
		return nil, context.Canceled
	}
	return c, nil
}

// A DialError says why nobody was reached at an address that was typed.
type DialError struct {
	Addr string
	// Stranger: a program answers there, and neither of us knows the other.
	Stranger bool
	// Malformed: it is not an address.
	Malformed bool
}

func (e *DialError) Error() string {
	switch {
	case e.Malformed:
		return fmt.Sprintf("%q is not an address. Type it like 192.168.1.20, with :port behind it if the port is not %d.", e.Addr, DefaultPort)
	case e.Stranger:
		return fmt.Sprintf("Somebody answers at %s whom you do not know yet. Ask for an invite link.", e.Addr)
	}
	return fmt.Sprintf("Nobody answers at %s. Check the address, and that Inkling runs there.", e.Addr)
}

// Dial looks for a pinned peer, or for somebody visible, at an address that the
// person typed: "192.168.1.20" or with a port. It returns when the peer is here.
// The error is a [*DialError] or ctx's.
func (n *Node) Dial(ctx context.Context, addr string) error {
	_, err := n.dialTyped(ctx, addr)
	return err
}

// dialTyped is Dial, and says who is there; nobody when that is somebody visible.
func (n *Node) dialTyped(ctx context.Context, addr string) (who PeerID, err error) {
	at, err := parseAddr(addr)
	if err != nil {
		return who, &DialError{Addr: addr, Malformed: true}
	}
	n.mu.Lock()
	if len(n.typed) < maxTracked {
		n.typed[at.Addr()] = true
	}
	ids := make([]PeerID, 0, len(n.peers))
	for id := range n.peers {
		ids = append(ids, id)
	}
	visible := n.visible
	n.mu.Unlock()
	for {
		batch := ids[:min(len(ids), wire.MaxKnocks)]
		ids = ids[len(batch):]
		g := &goal{knocks: batch, pinned: true, typed: true, stranger: true}
		c, r := n.race(ctx, g, []netip.AddrPort{at})
		switch {
		case ctx.Err() != nil:
			return who, ctx.Err()
		case r == acquainted:
			n.mu.Lock()
			defer n.mu.Unlock()
			return c.peer, nil
		case r == failed:
			return who, &DialError{Addr: addr}
		case len(ids) > 0:
			c.closeWith(wire.Done, "")
			continue
		case r == anonymous && visible:
			c.post(link.Calls{Call: n.call()})
			return who, nil
		}
		c.closeWith(wire.Done, "")
		return who, &DialError{Addr: addr, Stranger: true}
	}
}

// parseAddr reads an address that somebody typed: of IPv6 with or without brackets, with or without a port. A port goes with brackets.
func parseAddr(s string) (netip.AddrPort, error) {
	s = strings.TrimSpace(s)
	at, err := netip.ParseAddrPort(s)
	if err != nil {
		inner, opened := strings.CutPrefix(s, "[")
		inner, closed := strings.CutSuffix(inner, "]")
		ip, wrong := netip.ParseAddr(inner)
		if wrong != nil || opened != closed {
			return at, fmt.Errorf("netsync: %q is not an address", s)
		}
		at = netip.AddrPortFrom(ip, DefaultPort)
	}
	if at.Port() == 0 || strings.ContainsAny(at.Addr().Zone(), "[]:%") {
		return netip.AddrPort{}, fmt.Errorf("netsync: %q is not an address", s)
	}
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port()), nil
}
