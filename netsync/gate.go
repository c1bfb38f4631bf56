package netsync

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"
)

// gate counts the connections that are not admitted, and how many knock per second. Who has the places is nobody it knows, so
// it sees to it that nobody takes them from the others:
//
//   - An address has few of them, and some of all are kept for addresses where a pinned peer was met.
//   - A name on a packet proves nothing. Once an address has a place, half of all places are taken, or many knock, the next one must
//     prove by a Retry (RFC 9000 §8.1.2) that it gets what is sent there. So who writes another's address on its packets can
//     take one place from it, not all.
//   - When no place is free, somebody goes who has one: of the address that has most, the one that is there longest.
type gate struct {
	mu     sync.Mutex
	slots  []*slot // oldest first
	perIP  map[netip.Addr]int
	second time.Time
	knocks int
}

// slot is one connection's place among those that are not admitted.
type slot struct {
	gate  *gate
	ip    netip.Addr
	close func() // nil until the handshake is done, which nobody can end; or while a person is asked
}

var errGateFull = errors.New("netsync: too many connections that are not admitted")

// enter takes a slot, nil when there is none left. known: a pinned peer was met at this address.
func (g *gate) enter(ip netip.Addr, known bool) *slot {
	g.mu.Lock()
	defer g.mu.Unlock()
	most := MaxUnadmitted
	if !known {
		most -= keptForPeers
	}
	if g.perIP[ip] >= MaxUnadmittedPerIP || len(g.slots) >= most && !g.makeRoom() {
		return nil
	}
	s := &slot{gate: g, ip: ip}
	g.slots = append(g.slots, s)
	g.perIP[ip]++
	return s
}

// makeRoom closes a connection that is not admitted, and says whether there was one. The caller holds g.mu.
func (g *gate) makeRoom() bool {
	var worst *slot
	for _, s := range g.slots {
		if s.close != nil && (worst == nil || g.perIP[s.ip] > g.perIP[worst.ip]) {
			worst = s
		}
	}
	if worst == nil {
		return false
	}
	g.remove(worst)
	worst.close()
	return true
}

// remove takes s out; again is harmless. The caller holds g.mu.
func (g *gate) remove(s *slot) {
	i := slices.Index(g.slots, s)
	if i < 0 {
		return
	}
	g.slots = slices.Delete(g.slots, i, i+1)
	if g.perIP[s.ip]--; g.perIP[s.ip] == 0 {
		delete(g.perIP, s.ip)
	}
}

// leave gives the slot back; again is harmless.
func (s *slot) leave() {
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	s.gate.remove(s)
}

// closable says how the connection is closed to make room for another one; nil: it is not. close must not wait.
func (s *slot) closable(close func()) {
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	s.close = close
}

// doubts counts a knock and says whether its address must be verified by a Retry.
func (g *gate) doubts(ip netip.Addr, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Sub(g.second) >= time.Second {
		g.second, g.knocks = now, 0
	}
	g.knocks++
	return g.knocks > retryAfterPerSecond || g.perIP[ip] > 0 || len(g.slots) >= MaxUnadmitted/2
}

type slotKey struct{}

// hold puts a new inbound connection into a slot, or refuses it.
func (g *gate) hold(ctx context.Context, ip netip.Addr, known bool) (context.Context, error) {
	s := g.enter(ip, known)
	if s == nil {
		return nil, errGateFull
	}
	context.AfterFunc(ctx, s.leave)
	return context.WithValue(ctx, slotKey{}, s), nil
}

// slotOf returns the place that an inbound connection has or had, nil for one that was dialled.
func slotOf(q *quic.Conn) *slot {
	s, _ := q.Context().Value(slotKey{}).(*slot)
	return s
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
