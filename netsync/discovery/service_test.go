package discovery

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// loopback lists the loopback alone, so that a test meets nobody else's program
// by the other networks of the machine.
func loopback() ([]network, []string, error) {
	networks, _, err := listNetworks()
	return slices.DeleteFunc(networks, func(n network) bool { return !n.loopback() }), nil, err
}

// lookout is a running service with what it has found.
type lookout struct {
	*Service
	mu   sync.Mutex
	seen []Sighting
	news chan struct{}
}

func run(t testing.TB, s *Service) *lookout {
	t.Helper()
	l := &lookout{Service: s, news: make(chan struct{}, 1)}
	ctx, stop := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := s.Run(ctx, l.found); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(func() { stop(); done.Wait() })
	return l
}

func newLoopback() *Service {
	s := New(slog.New(slog.DiscardHandler))
	s.list = loopback
	return s
}

func (l *lookout) found(s Sighting) {
	l.mu.Lock()
	l.seen = append(l.seen, s)
	l.mu.Unlock()
	select {
	case l.news <- struct{}{}:
	default:
	}
}

// with returns a sighting that has the string txt.
func (l *lookout) with(txt string) (Sighting, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.seen, func(s Sighting) bool { return slices.Contains(s.TXT, txt) })
	if i < 0 {
		return Sighting{}, false
	}
	return l.seen[i], true
}

func (l *lookout) wait(t testing.TB, txt string) Sighting {
	t.Helper()
	timeout := time.After(patience)
	for {
		if s, ok := l.with(txt); ok {
			return s
		}
		select {
		case <-l.news:
		case <-timeout:
			t.Fatalf("nobody with %q was seen; trouble: %q", txt, l.Trouble())
		}
	}
}

// unique returns a string that no other program on this machine advertises.
func unique(name string) string { return fmt.Sprintf("%s=%d", name, time.Now().UnixNano()) }

func TestTwoProgramsMeet(t *testing.T) {
	ana, ben := newLoopback(), newLoopback()
	anaTXT, benTXT := unique("ana"), unique("ben")
	ana.SetAdvert(Advert{Port: 7001, TXT: []string{"v=1", anaTXT}})
	ben.SetAdvert(Advert{Port: 7002, TXT: []string{"v=1", benTXT}})
	a, b := run(t, ana), run(t, ben)

	seen := a.wait(t, benTXT)
	if want := netip.MustParseAddrPort("127.0.0.1:7002"); seen.Addrs[0] != want || seen.TXT[0] != "v=1" {
		t.Errorf("Ana saw Ben as %v, want %v first", seen, want)
	}
	b.wait(t, anaTXT)
	if own, ok := a.with(anaTXT); ok {
		t.Errorf("Ana saw herself: %v", own)
	}
}

func TestAdvertChangesWhileRunning(t *testing.T) {
	ana, ben := newLoopback(), newLoopback()
	first, second := unique("first"), unique("second")
	ben.SetAdvert(Advert{Port: 7002, TXT: []string{first}})
	run(t, ben)
	a := run(t, ana)
	a.wait(t, first)

	ben.SetAdvert(Advert{Port: 7003, TXT: []string{second}})
	ana.Refresh()
	if seen := a.wait(t, second); seen.Addrs[0].Port() != 7003 {
		t.Errorf("after the change Ben was seen at %v, want port 7003", seen.Addrs)
	}
}

// A call makes those who hear it look, though their next question is far.
func TestCallIsHeeded(t *testing.T) {
	networks, _, err := loopback()
	if err != nil || len(networks) != 1 {
		t.Fatalf("loopback: %v, %v", networks, err)
	}
	var advert atomic.Pointer[Advert]
	st := &station{
		key: stationKey{networks[0].name(), ipv4Family}, network: networks[0], token: "t",
		zone: newZone("t", networks[0], &advert), logger: slog.New(slog.DiscardHandler),
	}
	if err := st.open(); err != nil {
		t.Fatal(err)
	}
	defer st.ears.Close()
	defer st.mouth.Close()
	answers := limit{perSecond: 1, most: 1}
	for _, c := range []struct {
		from string
		call bool
		want int
	}{
		{"127.0.0.1:9", true, 1},
		{"127.0.0.1:9", false, 0},
		{"192.0.2.77:9", true, 0},                // from another network
		{st.mouth.LocalAddr().String(), true, 0}, // its own
	} {
		st.answer(question(1, c.call), netip.MustParseAddrPort(c.from), &answers)
		if got := len(st.calls); got != c.want {
			t.Errorf("call %v from %s: %d calls noted, want %d", c.call, c.from, got, c.want)
		}
		for len(st.calls) > 0 {
			<-st.calls
		}
	}
}

// A network that appears is used, one that goes is dropped, without a restart.
func TestNetworksComeAndGo(t *testing.T) {
	var there atomic.Bool
	ana := newLoopback()
	ana.poll = 10 * time.Millisecond
	ana.list = func() ([]network, []string, error) {
		if !there.Load() {
			return nil, nil, nil
		}
		return loopback()
	}
	ben := newLoopback()
	benTXT, laterTXT := unique("ben"), unique("later")
	ben.SetAdvert(Advert{Port: 7002, TXT: []string{benTXT}})
	run(t, ben)
	a := run(t, ana)
	waitFor(t, "Trouble says that there is no network", func() bool {
		return slices.Equal(ana.Trouble(), []string{noNetwork})
	})
	if seen, ok := a.with(benTXT); ok {
		t.Fatalf("saw %v without a network", seen)
	}
	there.Store(true)
	a.wait(t, benTXT)

	there.Store(false)
	waitFor(t, "the network is gone", func() bool { return slices.Equal(ana.Trouble(), []string{noNetwork}) })
	ben.SetAdvert(Advert{Port: 7002, TXT: []string{laterTXT}})
	there.Store(true)
	a.wait(t, laterTXT)
}

// waitFor waits until ok.
func waitFor(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func TestSetAdvertPanicsOnBadAdvert(t *testing.T) {
	for _, a := range []Advert{
		{Port: -1}, {Port: 65536}, {Port: 1, TXT: []string{""}}, {Port: 1, TXT: []string{"a\"b"}},
		{Port: 1, TXT: []string{"ä"}}, {Port: 1, TXT: []string{string(make([]byte, 256))}},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("SetAdvert(%v) did not panic", a)
				}
			}()
			New(slog.New(slog.DiscardHandler)).SetAdvert(a)
		}()
	}
}

// BenchmarkNewcomer measures from the start of a service to its first sighting
// of one that runs. Above 100 rounds the limit of answers shows in p99.
func BenchmarkNewcomer(b *testing.B) {
	ben := newLoopback()
	txt := unique("ben")
	ben.SetAdvert(Advert{Port: 7002, TXT: []string{txt}})
	run(b, ben)
	run(b, newLoopback()).wait(b, txt)
	var took []time.Duration
	for b.Loop() {
		ctx, stop := context.WithCancel(context.Background())
		start := time.Now()
		var once sync.Once
		newLoopback().Run(ctx, func(s Sighting) {
			if slices.Contains(s.TXT, txt) {
				once.Do(func() { took = append(took, time.Since(start)) })
				stop()
			}
		})
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
