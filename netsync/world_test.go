package netsync

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quic-go/quic-go/testutils/simnet"
	"go.uber.org/goleak"

	"inkling/crdt"
)

// world is a network in virtual time with nodes on it.
type world struct {
	t         *testing.T
	net       *simnet.Simnet
	wires     *wires
	rand      *rand.Rand
	seed      int64
	next      int               // of the addresses
	near, far int               // ms: latencies are from near up to near+far-1
	silent    bool              // nothing of what nodes log is printed
	spare     []*simnet.SimConn // endpoints nobody uses yet
}

// wires delivers packets, drops some, and can be cut.
type wires struct {
	simnet.PerfectRouter
	mu   sync.Mutex
	rand *rand.Rand
	loss float64
	cut  func(from, to netip.Addr) bool
	sent func(simnet.Packet) // nil: nobody counts
	// By which addresses others see computers that got new ones, and back.
	public, real map[netip.AddrPort]netip.AddrPort
}

func (w *wires) SendPacket(p simnet.Packet) error {
	w.mu.Lock()
	drop := w.rand.Float64() < w.loss || w.cut != nil && w.cut(addrOf(p.From).Addr(), addrOf(p.To).Addr())
	if w.sent != nil {
		w.sent(p)
	}
	p, there := w.readdress(p)
	w.mu.Unlock()
	if !drop && there {
		w.PerfectRouter.SendPacket(p) // nobody there: lost
	}
	return nil
}

func (w *world) cut(f func(from, to netip.Addr) bool) {
	w.wires.mu.Lock()
	defer w.wires.mu.Unlock()
	w.wires.cut = f
}

func everything(netip.Addr, netip.Addr) bool { return true }

// inWorld runs f in virtual time on a network with the seed, and checks that no
// goroutine is left.
func inWorld(t *testing.T, seed int64, loss float64, f func(w *world)) {
	t.Helper()
	inNetwork(t, seed, loss, 1, 20, f)
}

// inLAN is inWorld on a network without losses that takes 1 ms for each of the two ways.
func inLAN(t *testing.T, seed int64, f func(w *world)) {
	t.Helper()
	inNetwork(t, seed, 0, 1, 1, f)
}

// inNetwork runs f where each node is near ms away from the middle, or up to far-1 more.
func inNetwork(t *testing.T, seed int64, loss float64, near, far int, f func(w *world)) {
	t.Helper()
	defer goleak.VerifyNone(t)
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewSource(seed))
		wires := &wires{rand: rand.New(rand.NewSource(seed + 1)), loss: loss}
		w := &world{t: t, net: &simnet.Simnet{Router: wires}, wires: wires, rand: random, seed: seed, near: near, far: far}
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("seed %d, loss %v", seed, loss)
			}
		})
		for range worldSize {
			w.spare = append(w.spare, w.endpoint())
		}
		w.net.Start()
		defer w.net.Close()
		f(w)
	})
}

// person is a node with its library and what it was told.
type person struct {
	*Node
	w       *world
	name    string
	key     ed25519.PrivateKey
	library *memory
	conn    *simnet.SimConn
	finder  *etherFinder // nil: none
	inbox   string

	mu     sync.Mutex
	given  []stretch // of blocks
	events []Event
	answer func(JoinRequested) bool // nil: nobody answers
}

func keyOf(seed int64, name string) ed25519.PrivateKey {
	var b [32]byte
	binary.BigEndian.PutUint64(b[:], uint64(seed))
	copy(b[8:], name)
	return ed25519.NewKeyFromSeed(b[:])
}

// person starts a node at a free address.
func (w *world) person(name string) *person {
	key := keyOf(w.seed, name)
	p := &person{w: w, name: name, key: key, library: newMemory(key), inbox: w.t.TempDir()}
	p.start()
	return p
}

func (p *person) start() {
	p.conn, p.w.spare = p.w.spare[0], p.w.spare[1:]
	p.startOn(p.conn)
}

func (p *person) startOn(conn net.PacketConn) {
	p.w.t.Helper()
	config := Config{
		Key: p.key, Name: func() string { return p.name }, Library: p.library, Events: p.happened, Conn: conn, Inbox: p.inbox,
		Logger: slog.New(p.handler()),
	}
	if p.finder != nil {
		config.Finder = p.finder
	}
	node, err := Start(config)
	if err != nil {
		p.w.t.Fatal(err)
	}
	p.Node = node
	p.library.mu.Lock()
	p.library.node = node
	p.library.mu.Unlock()
}

func (p *person) stop() {
	if err := p.Close(); err != nil {
		p.w.t.Error(err)
	}
	p.conn.Close() // else what still comes would pile up, and hold up the link
}

func (p *person) happened(e Event) {
	p.mu.Lock()
	p.events = append(p.events, e)
	answer := p.answer
	p.mu.Unlock()
	if request, ok := e.(JoinRequested); ok && answer != nil {
		request.Answer(answer(request))
	}
}

// saw says whether an event that fits has come.
func saw[E Event](p *person, fits func(E) bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.events {
		if e, ok := e.(E); ok && fits(e) {
			return true
		}
	}
	return false
}

func (p *person) online(other *person) bool {
	for _, s := range p.Peers() {
		if s.ID == other.id {
			return s.Online
		}
	}
	return false
}

func (p *person) addr() netip.AddrPort { return addrOf(p.conn.LocalAddr()) }

func (p *person) asPeer() Peer {
	return Peer{ID: PeerID(p.key.Public().(ed25519.PublicKey)), Name: p.name, Addrs: []netip.AddrPort{p.addr()}}
}

// acquaint makes all pinned members of one document, as if they had met before.
func (w *world) acquaint(number int, people ...*person) crdt.DocID {
	g := genesisOf(number)
	for _, p := range people {
		p.library.add(g)
	}
	for _, p := range people {
		for _, other := range people {
			if p != other {
				p.library.share(g.DocID(), other.asPeer())
			}
		}
	}
	for _, p := range people {
		p.Shared(g.DocID())
	}
	return g.DocID()
}

// within waits for the condition and returns how long that took; it fails the
// test when limit passes first.
func (w *world) within(limit time.Duration, what string, condition func() bool) time.Duration {
	w.t.Helper()
	began := time.Now()
	for !condition() {
		if time.Since(began) > limit {
			w.t.Fatalf("after %v still not: %s", limit, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(began)
}

func (w *world) equal(doc crdt.DocID, people ...*person) func() bool {
	return func() bool {
		for _, p := range people {
			if p.library.text(doc) != people[0].library.text(doc) {
				return false
			}
		}
		return true
	}
}

func (w *world) invite(p *person, doc crdt.DocID) string {
	w.t.Helper()
	link, err := p.NewInvite(doc, time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return link
}

// worldSize is how many addresses a world has. simnet wants them all at the start.
const worldSize = 8

func (w *world) endpoint() *simnet.SimConn {
	w.next++
	addr := &net.UDPAddr{IP: net.IPv4(192, 168, 7, byte(w.next)), Port: DefaultPort}
	addr.IP = addr.IP.To4()
	return w.net.NewEndpoint(addr, simnet.NodeBiDiLinkSettings{Latency: time.Duration(w.near+w.rand.Intn(w.far)) * time.Millisecond})
}

func yes(JoinRequested) bool { return true }
func no(JoinRequested) bool  { return false }

func join(p *person, link string) (crdt.DocID, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return p.Join(ctx, link)
}

func seeds(n int) []int64 {
	all := make([]int64, n)
	for i := range all {
		all[i] = int64(i + 1)
	}
	return all
}

// each runs f with n seeds and several losses. INKLING_SEEDS multiplies n.
func each(t *testing.T, n int, f func(t *testing.T, seed int64, loss float64)) {
	if more, err := strconv.Atoi(os.Getenv("INKLING_SEEDS")); err == nil {
		n *= more
	}
	for i, seed := range seeds(n) {
		loss := []float64{0, 0.02, 0.1}[i%3]
		t.Run(fmt.Sprintf("seed=%d/loss=%v", seed, loss), func(t *testing.T) { f(t, seed, loss) })
	}
}

func (p *person) link(id PeerID) *connection {
	p.Node.mu.Lock()
	defer p.Node.mu.Unlock()
	return p.links[id]
}

func (p *person) connectionCount() int {
	p.Node.mu.Lock()
	defer p.Node.mu.Unlock()
	return len(p.connections)
}

// stretch is what a node sent of a block on one stream.
type stretch struct{ from, to int }

// handler prints what a node logs, and keeps what it says that it gave of blocks.
func (p *person) handler() slog.Handler {
	if p.w == nil || p.w.silent {
		return givenHandler{slog.DiscardHandler, p}
	}
	h := slog.NewTextHandler(p.w.t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}).WithAttrs([]slog.Attr{slog.String("at", p.name)})
	return givenHandler{h, p}
}

type givenHandler struct {
	slog.Handler
	p *person
}

func (h givenHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h givenHandler) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == "block" {
		var s stretch
		r.Attrs(func(a slog.Attr) bool {
			switch a.Key {
			case "from":
				s.from = int(a.Value.Int64())
			case "to":
				s.to = int(a.Value.Int64())
			}
			return true
		})
		h.p.mu.Lock()
		h.p.given = append(h.p.given, s)
		h.p.mu.Unlock()
	}
	return h.Handler.Handle(ctx, r)
}
