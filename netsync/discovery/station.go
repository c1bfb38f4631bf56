package discovery

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// What a station does at most.
const (
	answersPerSecond = 50
	answersAtOnce    = 100
	heardPerQuestion = 256 // sightings
)

// stationKey names a station: there is at most one for each network and family.
type stationKey struct {
	network string
	family  family
}

// station answers and asks on one network with one IP family.
type station struct {
	key     stationKey
	network network
	zone    *zone
	token   string
	found   func(Sighting)
	trouble *troubles
	logger  *slog.Logger

	ears   *net.UDPConn // hears questions, sends answers
	mouth  *net.UDPConn // sends questions, hears answers
	id     uint16       // of all its questions
	heard  atomic.Int64 // sightings since the last question
	bursts chan bool    // wishes for a burst; true: with calls
	calls  chan struct{}

	stop context.CancelFunc
	done sync.WaitGroup
}

// open opens the sockets of s.
func (s *station) open() error {
	var err error
	if s.ears, err = s.key.family.listen(s.network); err != nil {
		return fmt.Errorf("discovery: listen on %s with %s: %w", s.key.network, s.key.family, err)
	}
	if s.mouth, err = s.key.family.dial(s.network); err != nil {
		s.ears.Close()
		return fmt.Errorf("discovery: ask on %s with %s: %w", s.key.network, s.key.family, err)
	}
	s.id = uint16(rand.Uint32())
	s.bursts = make(chan bool, 1)
	s.calls = make(chan struct{}, 1)
	return nil
}

// start runs s, which is open, until close.
func (s *station) start() {
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	answers := limit{perSecond: answersPerSecond, most: answersAtOnce}
	s.done.Go(func() {
		receive(ctx, s.ears, func(packet []byte, from netip.AddrPort) { s.answer(packet, from, &answers) })
	})
	s.done.Go(func() { receive(ctx, s.mouth, s.hear) })
	s.done.Go(func() { s.ask(ctx) })
}

// close stops s and waits until found is not called any more.
func (s *station) close() {
	s.stop()
	s.ears.Close()
	s.mouth.Close()
	s.done.Wait()
}

// burst asks for a burst. It never blocks; a wish with calls wins over one without.
func (s *station) burst(call bool) {
	for {
		select {
		case s.bursts <- call:
			return
		case waiting := <-s.bursts:
			call = call || waiting
		}
	}
}

// answer answers a question, if it came from this network and not from s.
func (s *station) answer(packet []byte, from netip.AddrPort, answers *limit) {
	own := s.network.owns(from.Addr()) && int(from.Port()) == s.mouth.LocalAddr().(*net.UDPAddr).Port
	if own || !s.network.near(from.Addr()) {
		return
	}
	reply, call := answer(packet, s.zone)
	if call {
		select {
		case s.calls <- struct{}{}:
		default:
		}
	}
	if reply == nil || !answers.allow(time.Now()) {
		return
	}
	if _, err := s.ears.WriteToUDPAddrPort(reply, from); err != nil {
		s.logger.Debug("cannot answer", "network", s.key.network, "family", s.key.family, "err", err)
	}
}

// hear reports what an answer says.
func (s *station) hear(packet []byte, from netip.AddrPort) {
	if !s.network.near(from.Addr()) || s.heard.Load() >= heardPerQuestion {
		return
	}
	for _, seen := range sightings(packet, s.id, from.Addr(), s.network, s.token) {
		if s.heard.Add(1) <= heardPerQuestion {
			s.found(seen)
		}
	}
}

// ask sends questions when they are due.
func (s *station) ask(ctx context.Context) {
	var plan agenda
	plan.burst(time.Now(), false)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case call := <-s.bursts:
			plan.burst(time.Now(), call)
		case <-s.calls:
			plan.called(time.Now(), rand.Float64())
		case <-timer.C:
			s.send(plan.asked(time.Now(), rand.Float64()))
		}
		timer.Reset(time.Until(plan.due))
	}
}

// send sends one question.
func (s *station) send(call bool) {
	s.heard.Store(0)
	_, err := s.mouth.WriteToUDP(question(s.id, call), s.key.family.group(s.network))
	s.trouble.note(s.key, err)
	if err != nil {
		s.logger.Debug("cannot ask", "network", s.key.network, "family", s.key.family, "err", err)
	}
}
