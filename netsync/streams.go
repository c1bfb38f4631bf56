package netsync

import (
	"slices"
	"time"

	"github.com/quic-go/quic-go"

	"inkling/crdt"
	"inkling/netsync/docsync"
	"inkling/netsync/wire"
)

// Times of documents' streams.
const (
	reopenFirst = time.Second // until a stream that broke is opened anew; doubled each time
	reopenMost  = 30 * time.Second
	// quietFor is how long nothing is said of a document, though its ends are not in step, until its stream makes room
	// for others.
	quietFor = 2 * time.Second
)

// streams is which documents the dialler keeps streams for: at most MaxStreams at once. A stream stays after its
// document is in step, for the next change; where others wait for a place, those that have rested longest are closed,
// but for documents that a window shows. Guarded by node.mu.
type streams struct {
	places  map[crdt.DocID]*place
	wanted  []crdt.DocID // wait for a place; the first first
	running int
}

// place is a document that has a stream, waits for one, or waits to have it opened anew.
type place struct {
	state placeState
	again bool // running: it is wanted once more when it ends
	// offered: running, and the peer has offered the document since that began. Where the stream ends because it was
	// not shared yet, the offer may have come before that word.
	offered bool
	delay   time.Duration // before it is opened anew when it breaks; 0: it has not
	since   time.Time     // running: when that began
}

type placeState int

const (
	queued placeState = iota
	running
	resting // it broke
)

// want has a document's stream opened as soon as there is a place. The caller holds node.mu; it does not wait.
func (c *connection) want(id crdt.DocID) {
	s := &c.streams
	switch p := s.places[id]; {
	case p == nil:
		s.places[id] = &place{}
		c.enqueue(id)
	case p.state == running:
		d := c.docs[id]
		p.again = p.again || d == nil || d.leaving.Load()
	}
	c.fill()
}

// enqueue puts a document among those that wait; what a window shows goes first.
func (c *connection) enqueue(id crdt.DocID) {
	s := &c.streams
	if c.node.open[id] {
		s.wanted = slices.Insert(s.wanted, 0, id)
	} else {
		s.wanted = append(s.wanted, id)
	}
}

// fill gives places to those that wait, and makes room for the others. The caller holds node.mu.
func (c *connection) fill() {
	s := &c.streams
	for len(s.wanted) > 0 && s.running < MaxStreams && !c.node.closing {
		id := s.wanted[0]
		s.wanted = s.wanted[1:]
		p := s.places[id]
		p.state, p.again, p.offered, p.since = running, false, false, time.Now()
		s.running++
		c.node.tasks.Go(func() { c.openOnce(id) })
	}
	c.crowded.Store(len(s.wanted) > 0)
	c.makeRoom()
}

// makeRoom closes as many streams as places are waited for, of those that rest. The caller holds node.mu.
func (c *connection) makeRoom() {
	if len(c.streams.wanted) == 0 {
		return
	}
	leaving := 0
	var rest []*document
	for id, d := range c.docs {
		switch {
		case d.leaving.Load():
			leaving++
		case d.restsSince.Load() != 0 && !c.node.open[id]:
			rest = append(rest, d)
		}
	}
	slices.SortFunc(rest, func(a, b *document) int { return int(a.restsSince.Load() - b.restsSince.Load()) })
	for _, d := range rest[:min(len(rest), max(0, len(c.streams.wanted)-leaving))] {
		d.leave()
	}
}

// rested says that a document's stream has come to rest.
func (c *connection) rested() {
	if c.crowded.Load() {
		c.node.mu.Lock()
		defer c.node.mu.Unlock()
		c.makeRoom()
	}
}

// openOnce opens and runs the stream of a document that has got a place.
func (c *connection) openOnce(id crdt.DocID) {
	stream, err := c.quic.OpenStreamSync(c.quic.Context())
	if err != nil {
		return // the connection ended
	}
	heads, err := c.node.cfg.Library.Heads(id)
	if err != nil {
		c.node.log.Error("read the heads of a document", "doc", id, "error", err)
		cancelStream(stream, wire.Unavailable)
		c.node.mu.Lock()
		defer c.node.mu.Unlock()
		c.ended(id, wire.Unavailable, false)
		return
	}
	r := wire.NewReader(stream, wire.DocumentStream)
	newDocument(c, id, stream, r, docsync.New(heads, &wire.Open{Doc: id})).run(r)
}

// ended takes back the place of a document's stream that ended with code. pending: not all was said. The caller holds
// node.mu.
func (c *connection) ended(id crdt.DocID, code wire.Code, pending bool) {
	s := &c.streams
	p := s.places[id]
	s.running--
	switch {
	case code == wire.NotShared && (p.again || p.offered), code == wire.Done && (p.again || pending):
		*p = place{}
		c.enqueue(id) // the peer shared it meanwhile, or something was committed
	case code == wire.NotShared || code == wire.Done:
		delete(s.places, id)
	default:
		delay := min(max(2*p.delay, reopenFirst), reopenMost)
		if time.Since(p.since) > reopenMost {
			delay = reopenFirst // it went well for long
		}
		*p = place{state: resting, delay: delay}
		time.AfterFunc(delay, func() { c.reopen(id) })
	}
	c.fill()
}

// reopen gives a document whose stream broke another try.
func (c *connection) reopen(id crdt.DocID) {
	c.node.mu.Lock()
	defer c.node.mu.Unlock()
	if c.quic.Context().Err() != nil || c.node.closing {
		return
	}
	c.streams.places[id].state = queued
	c.enqueue(id)
	c.fill()
}

// acceptDocuments takes the streams that the dialler opens. A listener opens none.
func (c *connection) acceptDocuments() {
	for {
		stream, err := c.quic.AcceptStream(c.quic.Context())
		if err != nil {
			return
		}
		if c.goal != nil {
			c.closeWith(wire.Unexpected, "a stream opened by the listener")
			return
		}
		if !c.node.spawn(func() { c.serveDocument(stream) }) {
			return
		}
	}
}

// serveDocument answers a stream: its first message names a document that the
// peer must be a member of.
func (c *connection) serveDocument(stream *quic.Stream) {
	r := wire.NewReader(stream, wire.DocumentStream)
	stream.SetReadDeadline(time.Now().Add(framePatience))
	m, err := r.Next()
	if err != nil {
		cancelStream(stream, codeOf(err))
		return
	}
	open, ok := m.(wire.Open)
	if !ok {
		cancelStream(stream, wire.Unexpected)
		return
	}
	if !c.isMember(open.Doc) {
		cancelStream(stream, wire.NotShared)
		return
	}
	heads, err := c.node.cfg.Library.Heads(open.Doc)
	if err != nil {
		c.node.log.Error("read the heads of a document", "doc", open.Doc, "error", err)
		cancelStream(stream, wire.Unavailable)
		return
	}
	newDocument(c, open.Doc, stream, r, docsync.New(heads, nil)).run(r)
}

func cancelStream(s *quic.Stream, code wire.Code) {
	s.CancelRead(quic.StreamErrorCode(code))
	s.CancelWrite(quic.StreamErrorCode(code))
}
