package netsync

import (
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"

	"inkling/crdt"
	"inkling/netsync/link"
	"inkling/netsync/pairing"
	"inkling/netsync/reconcile"
	"inkling/netsync/wire"
)

// controlPatience is how long a control message may take to be written, frame
// how long a frame may take to come or go.
const (
	controlPatience = 5 * time.Second
	framePatience   = 30 * time.Second
)

// connection runs the link machine of one QUIC connection: it gives the machine
// what comes, and does what the machine says. Its own goroutine (run) alone
// touches the machine and writes on the control stream.
type connection struct {
	node     *Node
	quic     *quic.Conn
	control  *quic.Stream
	exporter link.Exporter
	machine  *link.Machine
	goal     *goal // of a dialler; nil for a listener
	at       netip.AddrPort
	inbox    chan link.Event
	outgoing *outgoing     // datagrams
	haveLive bool          // the dialler's word
	try      pairing.TryID // the last one by the other end
	versions bool          // the version byte of the control stream is written

	// Guarded by node.mu.
	peer     PeerID
	admitted bool
	since    time.Time           // of admitted
	shared   map[crdt.DocID]bool // nil: not looked up yet
	docs     map[crdt.DocID]*document
	streams  streams // a dialler's
	offers   offers  // a listener's
	carets   map[crdt.DocID]*seenCaret
	joinWait chan link.JoinAnswered // who waits for the answer to our wish to join
	letInto  crdt.DocID             // of the guest that was believed

	proposing proposing

	sharing sync.Mutex         // held while shared is looked up
	set     *reconcile.Set     // a listener's, while the dialler asks deeper
	descent *reconcile.Descent // a dialler's; nil: it has ended

	settled sync.Once   // the goal has heard of this connection
	won     atomic.Bool // it is what the goal looked for
	watched atomic.Bool
	probing atomic.Bool
	poked   chan struct{} // watched, probing, offers or the condition of the node changed
	closed  atomic.Bool
	spent   atomic.Bool // the proof that this end knows a code has gone out

	giving  chan struct{} // holds one: a block is being sent
	crowded atomic.Bool   // documents wait for a stream
	queued  atomic.Int32  // documents with changes to be sent
	tookAt  atomic.Int64  // when the newest part of a block came, or one was asked for: ns since 1970
}

func (n *Node) newConnection(q *quic.Conn, control *quic.Stream, e link.Exporter, g *goal) *connection {
	return &connection{
		node: n, quic: q, control: control, exporter: e, goal: g, at: addrOf(q.RemoteAddr()),
		inbox: make(chan link.Event, 64), poked: make(chan struct{}, 1), giving: make(chan struct{}, 1), outgoing: newOutgoing(),
		docs: map[crdt.DocID]*document{}, carets: map[crdt.DocID]*seenCaret{},
		streams: streams{places: map[crdt.DocID]*place{}}, offers: offers{made: map[crdt.DocID]bool{}},
		proposing: proposing{made: map[crdt.DocID]bool{}},
	}
}

// run drives the machine until the connection ends.
func (c *connection) run() {
	defer c.end()
	if !c.node.spawn(c.readControl) {
		return
	}
	if c.goal != nil {
		c.step(link.Opened{})
	}
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(c.untilTick())
		select {
		case e := <-c.inbox:
			c.step(e)
		case <-c.poked:
			c.step(link.Watch{On: c.watched.Load()})
			c.step(link.Condition{Condition: c.node.conditionNow()})
			if c.probing.Swap(false) {
				c.step(link.Probe{})
			}
			if offers := c.takeOffers(); len(offers) > 0 {
				c.step(link.Tell{Messages: offers})
			}
		case <-timer.C:
			c.step(link.Tick{})
		case <-c.quic.Context().Done():
			return
		}
	}
}

func (c *connection) untilTick() time.Duration {
	at := c.machine.Deadline()
	if at.IsZero() {
		return time.Hour
	}
	return max(time.Until(at), 0)
}

// step gives e to the machine, does what it says, and gives it what that
// results in.
func (c *connection) step(e link.Event) {
	for events := []link.Event{e}; len(events) > 0; events = events[1:] {
		for _, effect := range c.machine.Step(time.Now(), events[0]) {
			if next := c.do(effect); next != nil {
				events = append(events, next)
			}
		}
	}
}

// post gives e to the machine from another goroutine. It waits for room.
func (c *connection) post(e link.Event) {
	select {
	case c.inbox <- e:
	case <-c.quic.Context().Done():
	}
}

// watch turns the heartbeat on while the peer shares a document that is open. The
// caller holds node.mu; it does not wait.
func (c *connection) watch() {
	on := false
	for doc := range c.node.open {
		on = on || c.shared[doc]
	}
	c.watched.Store(on)
	c.poke()
}

// probe asks for a sign of life. It does not wait.
func (c *connection) probe() {
	c.probing.Store(true)
	c.poke()
}

func (c *connection) poke() {
	select {
	case c.poked <- struct{}{}:
	default:
	}
}

// heard says that the peer gave a sign of life. It never waits: while the inbox
// is full of events there are signs enough.
func (c *connection) heard() {
	select {
	case c.inbox <- link.Heard{}:
	default:
	}
}

// readControl gives the frames of the control stream to the machine.
func (c *connection) readControl() {
	r := wire.NewReader(c.control, wire.ControlStream)
	withDeadline(r, c.control)
	for {
		m, err := r.Next()
		if err != nil {
			c.fail(err)
			return
		}
		c.post(link.Received{Message: m})
	}
}

// withDeadline gives every frame of s framePatience from its first byte on.
func withDeadline(r *wire.Reader, s *quic.Stream) {
	r.Begun = func() { s.SetReadDeadline(time.Now().Add(framePatience)) }
	r.Ended = func() { s.SetReadDeadline(time.Time{}) }
}

// fail closes the connection because the control stream cannot be read.
func (c *connection) fail(err error) {
	code := codeOf(err)
	c.closeWith(code, err.Error())
}

// codeOf returns the code that says err to the peer.
func codeOf(err error) wire.Code {
	var bad *wire.Error
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &bad):
		return bad.Code
	case errors.As(err, &timeout) && timeout.Timeout():
		return wire.TooSlow
	}
	return wire.Unexpected
}

// closeWith closes the connection. The first reason counts.
func (c *connection) closeWith(code wire.Code, reason string) {
	if c.closed.Swap(true) {
		return
	}
	if code != wire.Goodbye && code != wire.Done {
		c.node.log.Debug("close connection", "addr", c.at, "code", code, "reason", reason)
	}
	// The reason stays here: it could name what is nobody's business.
	c.quic.CloseWithError(quic.ApplicationErrorCode(code), "")
}

// send writes a control message.
func (c *connection) send(m wire.Message) {
	var b []byte
	if !c.versions {
		b, c.versions = append(b, wire.Version), true
	}
	c.control.SetWriteDeadline(time.Now().Add(controlPatience))
	if _, err := c.control.Write(wire.AppendFrame(b, m)); err != nil {
		c.closeWith(wire.TooSlow, err.Error())
	}
}

// end cleans up after the connection.
func (c *connection) end() {
	c.closeWith(wire.Done, "")
	n := c.node
	n.windows.release(c.quic)
	n.mu.Lock()
	delete(n.connections, c)
	if n.links[c.peer] == c {
		delete(n.links, c.peer)
		n.setOnline(c.peer, false)
	}
	n.forgetCarets(c)
	n.breakOff(c)
	n.mu.Unlock()
	if c.goal != nil {
		c.goal.settle(c, failed)
	}
}

// leaveGate gives back the place among those that are not admitted.
func (c *connection) leaveGate() {
	if s, ok := c.quic.Context().Value(slotKey{}).(*slot); ok {
		s.leave()
	}
}
