package netsync

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"inkling/netsync/discovery"
	"inkling/netsync/link"
	"inkling/netsync/wire"
)

// sightingLife is how long somebody who is not sighted again counts as visible.
// It is longer than twice the time between two queries of the finder.
const sightingLife = 150 * time.Second

// callAgain is how often a visible stranger is asked for its name.
const callAgain = 30 * time.Second

// stranger is somebody visible, or with a code on the screen, whom we do not know. Guarded by Node.mu.
type stranger struct {
	name     string // empty until it said it
	tag      [8]byte
	sighted  bool // else tag is not known: it called before it was sighted
	shows    bool // a code is on its screen
	seen     time.Time
	addrs    []netip.AddrPort
	until    time.Time
	nextCall time.Time
	calling  bool
}

// startFinder lets the finder run until the node closes.
func (n *Node) startFinder() {
	if n.cfg.Finder == nil {
		return
	}
	n.advertise()
	n.spawn(func() {
		err := n.cfg.Finder.Run(n.ctx, n.sighted)
		if err == nil || n.ctx.Err() != nil {
			return
		}
		n.log.Error("look for peers on the local network", "error", err)
		n.mu.Lock()
		defer n.mu.Unlock()
		n.finderErr = err
	})
}

// advertise tells the finder what to say about this node: the nonce of this
// start, a tag by which those recognise me who know my key, and whether I am
// visible. Nothing of it lasts longer than the program runs.
func (n *Node) advertise() {
	n.adverts.Lock() // the newest is told last
	defer n.adverts.Unlock()
	tag := tagOf(n.nonce, n.id)
	txt := []string{"v=1", "n=" + hex.EncodeToString(n.nonce[:]), "t=" + hex.EncodeToString(tag[:])}
	n.mu.Lock()
	if n.visible {
		txt = append(txt, "o=1")
	}
	if n.host.screen.Code() != "" {
		txt = append(txt, "c=1")
	}
	n.mu.Unlock()
	n.cfg.Finder.SetAdvert(discovery.Advert{Port: n.port, TXT: txt})
}

// tagOf is the first 8 bytes of SHA-256(nonce ‖ device key).
func tagOf(nonce [8]byte, id PeerID) [8]byte {
	hash := sha256.Sum256(append(nonce[:], id[:]...))
	return [8]byte(hash[:8])
}

// sign is a sighting that was understood.
type sign struct {
	nonce, tag [8]byte
	visible    bool
	shows      bool // a code is on the screen
}

// readSign understands the TXT strings of a sighting. Unknown strings are left out.
func readSign(txt []string) (s sign, ok bool) {
	fields := map[string]string{}
	for _, entry := range txt {
		key, value, _ := strings.Cut(entry, "=")
		fields[key] = value
	}
	n, err := hex.Decode(s.nonce[:], []byte(fields["n"][:min(len(fields["n"]), 16)]))
	t, err2 := hex.Decode(s.tag[:], []byte(fields["t"][:min(len(fields["t"]), 16)]))
	s.visible, s.shows = fields["o"] == "1", fields["c"] == "1"
	return s, fields["v"] == "1" && err == nil && err2 == nil && n == 8 && t == 8
}

// sighted takes what the finder found. Nothing of it is proved: it only says
// where to dial.
func (n *Node) sighted(found discovery.Sighting) {
	s, ok := readSign(found.TXT)
	if !ok || s.nonce == n.nonce {
		return
	}
	addrs := slices.DeleteFunc(slices.Clone(found.Addrs), func(a netip.AddrPort) bool { return !n.reach.contains(a.Addr()) })
	addrs = addrs[:min(len(addrs), MaxAddrs)]
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.peers {
		if tagOf(s.nonce, p.ID) == s.tag {
			n.peerSighted(p, s, addrs)
			return
		}
	}
	n.strangerSighted(s, addrs)
}

// peerSighted has a pinned peer dialled at once. The caller holds n.mu.
func (n *Node) peerSighted(p *peer, s sign, addrs []netip.AddrPort) {
	now := time.Now()
	was := p.visibleUntil.After(now) && n.strangers[s.nonce] == nil
	showed := p.showsUntil.After(now)
	delete(n.strangers, s.nonce)
	p.visibleUntil, p.showsUntil = time.Time{}, time.Time{}
	if s.visible {
		p.visibleUntil = now.Add(sightingLife)
	}
	if s.shows {
		p.showsUntil = now.Add(sightingLife)
	}
	if s.visible != was || s.shows != showed {
		n.tellNearby()
	}
	if !slices.Equal(p.sighted, addrs) || p.nextDial.Sub(now) > patientDelay {
		p.sighted, p.failures, p.nextDial = addrs, 0, notBefore(p.lastDial.Add(patientDelay), now)
	}
	n.nudge()
}

// notBefore returns now, or earliest where that comes later.
func notBefore(earliest, now time.Time) time.Time {
	if earliest.After(now) {
		return earliest
	}
	return now
}

// strangerSighted notes a visible stranger, and asks its name while I am visible
// too. The caller holds n.mu.
func (n *Node) strangerSighted(s sign, addrs []netip.AddrPort) {
	known := n.strangers[s.nonce]
	if !s.visible && !s.shows {
		if known != nil {
			delete(n.strangers, s.nonce)
			n.tellNearby()
		}
		return
	}
	if known == nil {
		if len(n.strangers) >= maxNearby {
			return
		}
		known = &stranger{}
		n.strangers[s.nonce] = known
	}
	if known.shows != s.shows {
		n.tellNearby()
	}
	known.tag, known.sighted, known.shows, known.seen = s.tag, true, s.shows, time.Now()
	known.addrs, known.until = addrs, time.Now().Add(sightingLife)
	n.nudge()
}

// recognise looks for pinned peers among the strangers: somebody who was one when
// sighted may be pinned by now. It returns false when there are strangers that it
// cannot tell, because they called and were not sighted yet. The caller holds n.mu.
func (n *Node) recognise() (all bool) {
	all = true
	for nonce, s := range n.strangers {
		all = all && s.sighted
		for _, p := range n.peers {
			if s.sighted && tagOf(nonce, p.ID) == s.tag {
				delete(n.strangers, nonce)
				p.visibleUntil = s.until
				if s.shows {
					p.showsUntil = s.until
				}
				n.tellNearby()
			}
		}
	}
	return all
}

// expireStrangers forgets who was not sighted for long and asks the others for
// their names. The caller holds n.mu.
func (n *Node) expireStrangers(now time.Time) (next time.Time) {
	changed := false
	for nonce, s := range n.strangers {
		if !s.until.After(now) {
			changed = changed || s.name != ""
			delete(n.strangers, nonce)
			continue
		}
		next = soonest(next, s.until)
		if !n.visible || s.calling || len(s.addrs) == 0 {
			continue
		}
		if s.nextCall.After(now) {
			next = soonest(next, s.nextCall)
			continue
		}
		if !n.callSoon(s) {
			continue // when another call has ended
		}
	}
	if changed {
		n.tellNearby()
	}
	return next
}

// callSoon has a stranger asked for its name, and says whether that could be: many may say that they are here, at addresses of all kinds, who are
// not. The caller holds n.mu.
func (n *Node) callSoon(s *stranger) bool {
	if n.calls >= maxCalls || n.closing {
		return false
	}
	n.calls++
	s.calling, s.nextCall = true, time.Now().Add(callAgain)
	n.tasks.Go(func() { n.callStranger(s) })
	return true
}

// callStranger dials a visible stranger and says my name; the answer comes as
// Called.
func (n *Node) callStranger(s *stranger) {
	n.mu.Lock()
	addrs := s.addrs
	n.mu.Unlock()
	ctx, cancel := context.WithTimeout(n.ctx, patientDial+time.Duration(len(addrs))*stagger)
	defer cancel()
	c, r := n.race(ctx, &goal{stranger: true}, addrs)
	switch {
	case r == anonymous:
		c.post(link.Calls{Call: n.call()})
	case c != nil:
		c.closeWith(wire.Done, "")
	}
	n.mu.Lock()
	s.calling = false
	n.calls--
	n.mu.Unlock()
	n.nudge()
}

func (n *Node) call() wire.Call {
	return wire.Call{Name: wire.CleanName(n.cfg.Name()), Nonce: n.nonce}
}

// called takes a stranger's name. The listener answers with its own if it is
// visible or shows a code, the dialler has what it wanted.
func (c *connection) called(call wire.Call) link.Event {
	n := c.node
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.visible && n.host.screen.Code() == "" && c.goal == nil {
		n.tasks.Go(func() { c.closeWith(wire.NotAdmitted, "not visible") })
		return nil
	}
	s := n.strangers[call.Nonce]
	if s == nil && len(n.strangers) < maxNearby {
		s = &stranger{nextCall: time.Now().Add(callAgain)}
		n.strangers[call.Nonce] = s
	}
	if s != nil {
		changed := s.name != call.Name
		s.name, s.until = call.Name, time.Now().Add(sightingLife)
		s.nextCall = time.Now().Add(callAgain)
		if changed {
			n.tellNearby()
		}
	}
	if c.goal == nil {
		return link.Calls{Call: n.call()}
	}
	n.tasks.Go(func() { c.closeWith(wire.Done, "") })
	return nil
}

// SetVisible says whether people whom I do not know may see my name, and I
// theirs.
func (n *Node) SetVisible(on bool) {
	n.mu.Lock()
	changed := n.visible != on
	n.visible = on
	for _, s := range n.strangers {
		s.nextCall = time.Time{}
	}
	if changed {
		n.tellNearby()
	}
	n.mu.Unlock()
	if n.cfg.Finder != nil && changed {
		n.advertise()
		n.cfg.Finder.Refresh()
	}
	n.nudge()
}

// Nearby returns who is visible here now, by name; nobody while I am not visible.
func (n *Node) Nearby() []Nearby {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.nearby()
}

func (n *Node) nearby() []Nearby {
	if !n.visible {
		return nil
	}
	all := map[Nearby]bool{}
	for _, p := range n.peers {
		if p.visibleUntil.After(time.Now()) {
			all[Nearby{Name: p.Name, Known: true}] = true
		}
	}
	for _, s := range n.strangers {
		if s.name != "" {
			all[Nearby{Name: s.name}] = true
		}
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b Nearby) int { return strings.Compare(a.Name, b.Name) })
}

// tellNearby tells who is visible. The caller holds n.mu.
func (n *Node) tellNearby() { n.events.put(NearbyChanged{Nearby: n.nearby()}) }
