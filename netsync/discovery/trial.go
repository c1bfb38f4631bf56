package discovery

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// anyService is the name under which every responder of multicast DNS lists
// what it offers (RFC 6763 §9).
const anyService = "_services._dns-sd._udp." + domain

// trialQuestions is how often a trial asks, a quarter of its time apart: a packet
// may be lost.
const trialQuestions = 3

// mostOthers is how many other computers a trial counts.
const mostOthers = 64

// Trial is what came of asking once, on one network with one IP family.
type Trial struct {
	Network string
	IPv6    bool
	Listen  error // why questions cannot be heard here
	Ask     error // why none can be sent
	Heard   bool  // the own question came back by the way that others take into this computer
	Others  int   // other computers of the network that said anything by multicast DNS, at most 64
}

// Try asks on every network that can be used and listens for so long. It needs no
// [Service] and disturbs none. The error says that the networks cannot be listed.
func Try(ctx context.Context, patience time.Duration) ([]Trial, error) {
	networks, _, err := listNetworks()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var trials []*trial
	var running sync.WaitGroup
	for _, n := range networks {
		for _, f := range families {
			if _, has := n.first(f); !has {
				continue
			}
			t := &trial{network: n, family: f, all: networks, id: uint16(rand.Uint32()), others: map[netip.Addr]bool{}}
			trials = append(trials, t)
			running.Go(func() { t.run(ctx, patience/(trialQuestions+1)) })
		}
	}
	running.Wait()
	came := make([]Trial, 0, len(trials))
	for _, t := range trials {
		came = append(came, Trial{
			Network: t.network.name(), IPv6: t.family == ipv6Family,
			Listen: t.listen, Ask: t.ask, Heard: t.heard, Others: len(t.others),
		})
	}
	return came, nil
}

// trial is a Trial that is going on.
type trial struct {
	network network
	family  family
	all     []network // of this computer: two may lead to the same others
	id      uint16

	listen error
	ask    error

	mu     sync.Mutex // guards what follows
	heard  bool
	others map[netip.Addr]bool
}

// run asks and listens until ctx ends.
func (t *trial) run(ctx context.Context, pause time.Duration) {
	var listening sync.WaitGroup
	defer listening.Wait() // the sockets are closed before
	ears, err := t.family.listen(t.network)
	if err != nil {
		t.listen = err
	} else {
		defer ears.Close()
		listening.Go(func() { receive(ctx, ears, t.hear) })
	}
	mouth, err := t.family.dial(t.network)
	if err != nil {
		t.ask = err
		return
	}
	defer mouth.Close()
	listening.Go(func() { receive(ctx, mouth, t.hear) })
	for range trialQuestions {
		_, t.ask = mouth.WriteToUDP(packQuestion(t.id, serviceName, anyService), t.family.group(t.network))
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
	<-ctx.Done()
}

// hear takes a packet of whatever kind.
func (t *trial) hear(packet []byte, from netip.AddrPort) {
	var m dns.Msg
	if m.Unpack(packet) != nil || !t.network.near(from.Addr()) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.network.owns(from.Addr()) && !m.Response && m.Id == t.id:
		t.heard = true
	case len(t.others) < mostOthers && !slices.ContainsFunc(t.all, func(n network) bool { return n.owns(from.Addr()) }):
		t.others[from.Addr()] = true
	}
}
