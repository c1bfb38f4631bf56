package netsync

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"
)

// gate counts the connections that are not admitted, and how many knock per second.
type gate struct {
	mu     sync.Mutex
	total  int
	perIP  map[netip.Addr]int
	second time.Time
	knocks int
}

// slot is one connection's place among those that are not admitted.
type slot struct {
	gate *gate
	ip   netip.Addr
	once sync.Once
}

var errGateFull = errors.New("netsync: too many connections that are not admitted")

// enter takes a slot, nil when there is none left.
func (g *gate) enter(ip netip.Addr) *slot {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.total >= MaxUnadmitted || g.perIP[ip] >= MaxUnadmittedPerIP {
		return nil
	}
	g.total++
	g.perIP[ip]++
	return &slot{gate: g, ip: ip}
}

// leave gives the slot back; again is harmless.
func (s *slot) leave() {
	s.once.Do(func() {
		g := s.gate
		g.mu.Lock()
		defer g.mu.Unlock()
		g.total--
		if g.perIP[s.ip]--; g.perIP[s.ip] == 0 {
			delete(g.perIP, s.ip)
		}
	})
}

// crowded counts a knock and says whether there were so many within this second
// that addresses must be verified by a Retry.
func (g *gate) crowded(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Sub(g.second) >= time.Second {
		g.second, g.knocks = now, 0
	}
	g.knocks++
	return g.knocks > retryAfterPerSecond
}

type slotKey struct{}

// hold puts a new inbound connection into a slot, or refuses it.
func (g *gate) hold(ctx context.Context, ip netip.Addr) (context.Context, error) {
	s := g.enter(ip)
	if s == nil {
		return nil, errGateFull
	}
	context.AfterFunc(ctx, s.leave)
	return context.WithValue(ctx, slotKey{}, s), nil
}

// windows is the budget of receive windows beyond what every connection starts with:
// only admitted connections get more, and all of them together have a limit.
type windows struct {
	left     atomic.Int64
	admitted sync.Map // *quic.Conn → *atomic.Int64: bytes granted
}

const windowBudget = 64 << 20 // bytes

func newWindows() *windows {
	w := &windows{}
	w.left.Store(windowBudget)
	return w
}

func (w *windows) admit(c *quic.Conn) { w.admitted.Store(c, new(atomic.Int64)) }

func (w *windows) release(c *quic.Conn) {
	if granted, ok := w.admitted.LoadAndDelete(c); ok {
		w.left.Add(granted.(*atomic.Int64).Load())
	}
}

// grow is quic.Config.AllowConnectionWindowIncrease.
func (w *windows) grow(c *quic.Conn, delta uint64) bool {
	granted, ok := w.admitted.Load(c)
	if !ok {
		return false
	}
	if w.left.Add(-int64(delta)) < 0 {
		w.left.Add(int64(delta))
		return false
	}
	granted.(*atomic.Int64).Add(int64(delta))
	return true
}
