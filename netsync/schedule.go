package netsync

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"inkling/netsync/wire"
)

// Times of dialling a peer that is not here. A dial is given up early while the
// peer is urgent, because a new one sends its first packet at once where an old
// one waits ever longer between two.
const (
	urgentFor     = 10 * time.Minute // after it went away
	urgentDial    = 2 * time.Second
	patientDial   = 5 * time.Second
	urgentDelay   = 250 * time.Millisecond // doubled for each failure
	urgentMost    = 2 * time.Second
	openMost      = 5 * time.Second // a shared document is open, but it is long away
	patientDelay  = time.Second
	patientMost   = 60 * time.Second
	parallelDials = 8
)

// schedule does what has its time, until the node closes: dials, carets, and a
// look at the interfaces.
func (n *Node) schedule() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	nextPoll := time.Now().Add(reachPoll)
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-n.wake:
		case <-timer.C:
		}
		now := time.Now()
		if !now.Before(nextPoll) {
			if n.reach.refresh() {
				n.networkChanged(now)
			}
			nextPoll = now.Add(n.pollInterval())
		}
		n.mu.Lock()
		next := soonest(nextPoll, n.dialDue(now), n.rememberDue(now), n.sendCarets(now), n.expireCarets(now), n.expireStrangers(now), n.screenDue(now))
		n.mu.Unlock()
		timer.Reset(max(time.Until(next), 0))
	}
}

// soonest returns the first of the times; zero times are never.
func soonest(times ...time.Time) (first time.Time) {
	for _, t := range times {
		if first.IsZero() || !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	return first
}

func (n *Node) pollInterval() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.open) > 0 {
		return reachPollOpen
	}
	return reachPoll
}

// networkChanged asks every peer for a sign of life and dials the others: an
// address of mine came or went, and the ones I accepted cannot know.
func (n *Node) networkChanged(now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.links {
		c.probe()
	}
	for _, p := range n.peers {
		p.failures, p.nextDial, p.urgentBy = 0, now, now.Add(urgentFor)
	}
}

// Refresh looks for peers now.
func (n *Node) Refresh() {
	if n.cfg.Finder != nil {
		n.cfg.Finder.Refresh()
	}
	n.mu.Lock()
	for _, p := range n.peers {
		p.failures, p.nextDial = 0, time.Now()
	}
	n.mu.Unlock()
	n.nudge()
}

// dialDue dials the peers whose time has come and returns when the next one's
// comes. The caller holds n.mu.
func (n *Node) dialDue(now time.Time) (next time.Time) {
	for _, p := range n.peers {
		if p.online || p.dialling {
			continue
		}
		if most := n.mostDelay(p, now); p.nextDial.Sub(now) > most {
			p.nextDial = now.Add(most) // it has become more urgent
		}
		if p.nextDial.After(now) {
			next = soonest(next, p.nextDial)
			continue
		}
		if n.meets(p.ID) {
			p.nextDial = now.Add(patientDelay) // a second connection would take the place of that
			next = soonest(next, p.nextDial)
			continue
		}
		addrs := n.candidates(p)
		if len(addrs) == 0 {
			continue // a sighting or a change of network will come
		}
		p.dialling, p.lastDial = true, now
		id, patience := p.ID, patientDial
		if n.urgent(p) {
			patience = urgentDial
		}
		n.tasks.Go(func() { n.dialPeer(id, addrs, patience) })
	}
	return next
}

// urgent says whether p shares a document that is open. The caller holds n.mu.
func (n *Node) urgent(p *peer) bool {
	for doc := range n.open {
		if p.shared[doc] {
			return true
		}
	}
	return false
}

func (n *Node) mostDelay(p *peer, now time.Time) time.Duration {
	switch {
	case !n.urgent(p):
		return patientMost
	case now.Before(p.urgentBy):
		return urgentMost
	}
	return openMost
}

// delay is the time from one dial's beginning to the next, with a jitter of a
// fifth so that two peers do not always dial at the same moment.
func (n *Node) delay(p *peer, now time.Time) time.Duration {
	first := patientDelay
	if n.urgent(p) {
		first = urgentDelay
	}
	d := min(first<<min(p.failures, 16), n.mostDelay(p, now))
	return d - rand.N(d/5+1)
}

// candidates are the addresses to dial p at: where it was sighted and where it was
// met, by turns, so that false sightings cannot crowd out the true addresses. Only
// those on own networks or typed ones count. The caller holds n.mu.
func (n *Node) candidates(p *peer) []netip.AddrPort {
	var all []netip.AddrPort
	for i := range max(len(p.sighted), len(p.Addrs)) {
		for _, addrs := range [][]netip.AddrPort{p.sighted, p.Addrs} {
			if i >= len(addrs) || slices.Contains(all, addrs[i]) || len(all) == parallelDials {
				continue
			}
			if ip := addrs[i].Addr(); n.reach.contains(ip) || n.typed[ip] {
				all = append(all, addrs[i])
			}
		}
	}
	return all
}

// dialPeer dials a pinned peer once and plans the next dial.
func (n *Node) dialPeer(id PeerID, addrs []netip.AddrPort, patience time.Duration) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(n.ctx, patience+time.Duration(len(addrs)-1)*stagger)
	defer cancel()
	c, r := n.race(ctx, &goal{knocks: []PeerID{id}, pinned: true}, addrs)
	if r == introduced {
		c.closeWith(wire.Done, "it does not know us")
	}
	n.mu.Lock()
	if p := n.peers[id]; p != nil {
		p.dialling = false
		p.nextDial = began.Add(n.delay(p, began))
		if p.failures++; r == introduced {
			p.nextDial = began.Add(patientMost)
		}
	}
	n.mu.Unlock()
	n.nudge()
}
