package netsync

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"

	"inkling/crdt"
	"inkling/netsync/bulk"
	"inkling/netsync/link"
	"inkling/netsync/pairing"
	"inkling/netsync/wire"
)

// Node is this device on the network. Its methods are safe for concurrent use.
type Node struct {
	cfg   Config
	id    PeerID
	nonce [8]byte // of this start; what strangers may see
	log   *slog.Logger

	ctx    context.Context
	cancel context.CancelFunc
	tasks  sync.WaitGroup // all goroutines but the events'
	events *eventQueue
	ended  chan struct{} // closed when no more events come
	quiet  chan struct{} // closed when the last event is delivered
	wake   chan struct{} // the schedule has something new

	tls       *tls.Config
	transport *quic.Transport
	listener  *quic.Listener
	ownSocket net.PacketConn // nil when the config brought one
	port      int
	reach     *reach
	gate      *gate
	windows   *windows
	inbox     *bulk.Inbox
	judging   sync.Mutex    // held while a block is verified
	giving    chan struct{} // holds one for each block that is being sent

	wantGiving atomic.Int32 // who waits to put one into giving

	adverts   sync.Mutex // held while the finder is told
	surveying sync.Mutex // held during a survey

	mu          sync.Mutex // never held during a call to the library or a write
	closing     bool
	peers       map[PeerID]*peer       // pinned
	links       map[PeerID]*connection // the one kept per peer
	connections map[*connection]struct{}
	open        map[crdt.DocID]bool
	carets      map[crdt.DocID]*caret
	caretCount  uint64
	visible     bool
	condition   wire.Condition        // of this device
	strangers   map[[8]byte]*stranger // by nonce
	calls       int                   // of them that are being asked for their names
	typed       map[netip.Addr]bool   // named by the person in this start
	invites     map[[8]byte]time.Time // made in this start → expiry
	requests    int                   // to join, waiting for the person
	tries       map[netip.Addr]*tries
	host        host
	finderErr   error                  // why the finder ended
	waiting     map[*document]struct{} // whose peers announced a block that cannot be taken yet
	turns       map[crdt.DocID]int     // how often a block was left to another peer, since one was taken
	wrong       map[wrongBlock]struct{}
}

// Start opens the socket and begins to look for peers. The caller must Close the
// node.
func Start(cfg Config) (*Node, error) {
	if len(cfg.Key) != ed25519.PrivateKeySize || cfg.Name == nil || cfg.Library == nil || cfg.Events == nil || cfg.Inbox == "" {
		panic("netsync: Start without key, name, library, events or inbox")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	n := &Node{
		cfg: cfg, id: link.ID(cfg.Key), log: cfg.Logger,
		events: newEventQueue(), ended: make(chan struct{}), quiet: make(chan struct{}), wake: make(chan struct{}, 1),
		gate: &gate{perIP: map[netip.Addr]int{}}, windows: newWindows(),
		peers: map[PeerID]*peer{}, links: map[PeerID]*connection{}, connections: map[*connection]struct{}{},
		open: map[crdt.DocID]bool{}, carets: map[crdt.DocID]*caret{},
		strangers: map[[8]byte]*stranger{}, typed: map[netip.Addr]bool{},
		invites: map[[8]byte]time.Time{}, tries: map[netip.Addr]*tries{},
		host:  host{tries: map[pairing.TryID]*connection{}},
		inbox: bulk.NewInbox(cfg.Inbox), giving: make(chan struct{}, maxGiving),
		waiting: map[*document]struct{}{}, turns: map[crdt.DocID]int{}, wrong: map[wrongBlock]struct{}{},
		condition: wire.Condition{Unattended: cfg.Unattended},
	}
	rand.Read(n.nonce[:])
	n.ctx, n.cancel = context.WithCancel(context.Background())
	if err := n.reloadPeers(); err != nil {
		n.cancel()
		return nil, err
	}
	if err := n.openTransport(); err != nil {
		n.cancel()
		n.closeSocket()
		return nil, err
	}
	go func() {
		defer close(n.quiet)
		n.events.deliver(n.ended, cfg.Events)
	}()
	n.spawn(n.accept)
	n.spawn(n.schedule)
	n.startFinder()
	return n, nil
}

// Close says goodbye to all peers and returns when every goroutine of the node
// has ended and the last event is delivered. It must not be called from Events.
func (n *Node) Close() error {
	n.mu.Lock()
	if n.closing {
		n.mu.Unlock()
		<-n.quiet
		return nil
	}
	n.closing = true
	all := make([]*connection, 0, len(n.connections))
	for c := range n.connections {
		all = append(all, c)
	}
	n.mu.Unlock()

	for _, c := range all {
		c.closeWith(wire.Goodbye, "")
	}
	n.cancel()
	err := errors.Join(n.listener.Close(), n.transport.Close(), n.closeSocket())
	n.tasks.Wait()
	for _, p := range n.peers {
		if p.unwritten {
			n.remember(p.Peer)
		}
	}
	close(n.ended)
	<-n.quiet
	if err != nil {
		return fmt.Errorf("netsync: close: %w", err)
	}
	return nil
}

func (n *Node) closeSocket() error {
	if n.ownSocket == nil {
		return nil
	}
	return n.ownSocket.Close()
}

// spawn runs f as a goroutine that Close waits for; false: the node is closing.
func (n *Node) spawn(f func()) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closing {
		return false
	}
	n.tasks.Go(f)
	return true
}

// Port returns the UDP port that the node listens on.
func (n *Node) Port() int { return n.port }

// nudge makes the schedule look again.
func (n *Node) nudge() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// accept takes inbound connections until the node closes.
func (n *Node) accept() {
	for {
		q, err := n.listener.Accept(n.ctx)
		if err != nil {
			return // the listener is closed
		}
		n.spawn(func() { n.serve(q) })
	}
}

// serve runs an inbound connection: the dialler opens the control stream.
func (n *Node) serve(q *quic.Conn) {
	slotOf(q).closable(n.sendsAway(q))
	ctx, cancel := context.WithTimeout(n.ctx, link.HandshakePatience)
	defer cancel()
	control, err := q.AcceptStream(ctx)
	if err != nil {
		q.CloseWithError(quic.ApplicationErrorCode(wire.TooSlow), "no control stream")
		return
	}
	e, err := exporter(q)
	if err != nil {
		q.CloseWithError(quic.ApplicationErrorCode(wire.Unavailable), "")
		n.log.Error("inbound connection", "error", err)
		return
	}
	c := n.newConnection(q, control, e, nil)
	c.machine = link.NewListener(n.self(), e, time.Now())
	if n.enlist(c) {
		c.run()
	}
}

// sendsAway returns what closes q to make room for others.
func (n *Node) sendsAway(q *quic.Conn) func() {
	return func() { n.spawn(func() { q.CloseWithError(quic.ApplicationErrorCode(wire.Busy), "") }) }
}

func (n *Node) self() link.Self {
	return link.Self{Key: n.cfg.Key, Name: wire.CleanName(n.cfg.Name())}
}

// enlist adds c to the node's connections. When the node is closing it closes c
// and returns false.
func (n *Node) enlist(c *connection) bool {
	n.mu.Lock()
	closing := n.closing
	if !closing {
		n.connections[c] = struct{}{}
	}
	n.mu.Unlock()
	if closing {
		c.closeWith(wire.Goodbye, "")
	}
	return !closing
}

// Committed says that new changes of doc are on disk: they are pushed to the
// peers who lack them. It is cheap and never blocks.
func (n *Node) Committed(doc crdt.DocID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.links {
		if d := c.docs[doc]; d != nil {
			d.committed()
		} else {
			c.attend(doc)
		}
	}
}

// Shared says that the members of doc changed.
func (n *Node) Shared(doc crdt.DocID) {
	n.spawn(func() {
		if err := n.reloadPeers(); err != nil {
			n.log.Error("after the members of a document changed", "doc", doc, "error", err)
		}
		n.mu.Lock()
		all := make([]*connection, 0, len(n.links))
		for _, c := range n.links {
			all = append(all, c)
		}
		n.mu.Unlock()
		for _, c := range all {
			n.spawn(func() { // who takes no word delays nobody else
				c.share()
				c.propose()
			})
		}
		n.nudge()
	})
}

// SetOpen says whether a window shows doc. While it does, its members are
// watched with a heartbeat each second, and dialled more eagerly.
func (n *Node) SetOpen(doc crdt.DocID, open bool) {
	n.mu.Lock()
	if open {
		n.open[doc] = true
	} else {
		delete(n.open, doc)
	}
	for _, c := range n.links {
		c.watch()
		if open && c.docs[doc] == nil {
			c.attend(doc)
		}
	}
	n.mu.Unlock()
	n.nudge()
}

// Address returns what somebody else types to find this computer, as [Node.Dial]
// takes it; "" when it has no address on a network.
func (n *Node) Address() string {
	for _, a := range n.reach.addresses(MaxAddrs) {
		switch {
		case a.IsLoopback():
		case n.port == DefaultPort:
			return a.String()
		default:
			return netip.AddrPortFrom(a, uint16(n.port)).String()
		}
	}
	return ""
}

// Trouble returns plain sentences about what keeps people from finding each other.
func (n *Node) Trouble() []string {
	var trouble []string
	n.mu.Lock()
	if n.finderErr != nil {
		trouble = append(trouble, fmt.Sprintf(
			"People on this network are not found by themselves (%v). Type their address, or use an invite link.", n.finderErr))
	}
	n.mu.Unlock()
	if n.cfg.Finder != nil {
		trouble = append(trouble, n.cfg.Finder.Trouble()...)
	}
	return trouble
}
