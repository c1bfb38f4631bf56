package discovery

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"
)

// pollEvery is how often the interfaces are looked at. Every system can do
// that; none has the same way to be told.
const pollEvery = 5 * time.Second

// Service finds programs and lets them find this one. Its methods are safe for
// concurrent use.
type Service struct {
	logger  *slog.Logger
	token   string // random name of this start, 16 hexadecimal digits
	advert  atomic.Pointer[Advert]
	refresh chan struct{}
	started atomic.Bool
	trouble troubles

	// Of the goroutine in Run alone.
	stations map[stationKey]*station
	networks []network

	list func() (usable []network, trouble []string, err error) // listNetworks, but in tests
	poll time.Duration
}

// New makes a service that advertises nothing yet. The logger gets errors of
// the network at level debug; what a person should know is in [Service.Trouble].
func New(logger *slog.Logger) *Service {
	token := make([]byte, 8)
	rand.Read(token) // never fails (crypto/rand)
	return &Service{
		logger:   logger,
		token:    hex.EncodeToString(token),
		refresh:  make(chan struct{}, 1),
		stations: make(map[stationKey]*station),
		list:     listNetworks,
		poll:     pollEvery,
	}
}

// SetAdvert sets what is answered from now on. It panics when a breaks the
// rules of [Advert]. Those who should see the change soon must look again: see
// [Service.Refresh].
func (s *Service) SetAdvert(a Advert) {
	a.check()
	a.TXT = slices.Clone(a.TXT)
	s.advert.Store(&a)
}

// Refresh looks at the networks and asks now, and asks those who hear it to
// look for this program within 1.25 s. It returns at once and may be called often.
func (s *Service) Refresh() {
	select {
	case s.refresh <- struct{}{}:
	default:
	}
}

// Trouble returns a sentence for each network where looking for others does
// not work, with the reason and what to do, or that there is no network. It is
// empty while all is well, and before [Service.Run] has looked.
func (s *Service) Trouble() []string { return s.trouble.sentences() }

// Run advertises and looks until ctx ends; then it returns nil, and found is not
// called any more. Networks that come, go or refuse are no errors, but may be in
// [Service.Trouble]. It calls found for each answer, from several goroutines and
// repeatedly for one program; while found blocks, answers are lost. Run may be
// called once.
func (s *Service) Run(ctx context.Context, found func(Sighting)) error {
	if s.started.Swap(true) {
		panic("discovery: Run called twice")
	}
	defer s.closeAll()
	s.look(found)
	timer := time.NewTimer(s.poll)
	defer timer.Stop()
	before := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.refresh:
			s.look(found)
			s.burst(true)
		case <-timer.C:
			now := time.Now()
			changed := s.look(found)
			if changed || woke(before, now, s.poll) {
				s.burst(false)
			}
			before = now
			timer.Reset(s.poll)
		}
	}
}

// look lists the networks, and opens and closes stations to fit. Stations that
// could not open are tried again. It says whether the networks have changed.
func (s *Service) look(found func(Sighting)) (changed bool) {
	networks, unusable, err := s.list()
	s.trouble.listed(networks, unusable, err)
	if err != nil {
		s.logger.Debug("cannot list networks", "err", err)
		return false // what works, may go on working
	}
	changed = !slices.EqualFunc(s.networks, networks, network.equal)
	s.networks = networks
	s.closeStale()
	for _, n := range networks {
		for _, f := range families {
			s.ensure(n, f, found)
		}
	}
	return changed
}

// closeStale closes the stations of networks that have changed or gone.
func (s *Service) closeStale() {
	for key, st := range s.stations {
		if !slices.ContainsFunc(s.networks, st.network.equal) {
			st.close()
			delete(s.stations, key)
		}
	}
}

// ensure opens the station of n and f, unless it is there or n has no address of f.
func (s *Service) ensure(n network, f family, found func(Sighting)) {
	key := stationKey{n.name(), f}
	if _, has := n.first(f); !has || s.stations[key] != nil {
		return
	}
	st := &station{
		key: key, network: n, zone: newZone(s.token, n, &s.advert), token: s.token,
		found: found, trouble: &s.trouble, logger: s.logger,
	}
	if err := st.open(); err != nil {
		s.trouble.note(key, err)
		s.logger.Debug("no station", "err", err)
		return
	}
	st.start()
	s.stations[key] = st
}

// burst asks everywhere.
func (s *Service) burst(call bool) {
	for _, st := range s.stations {
		st.burst(call)
	}
}

func (s *Service) closeAll() {
	for _, st := range s.stations {
		st.close()
	}
}
