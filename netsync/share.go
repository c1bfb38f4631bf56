package netsync

import (
	"time"

	"github.com/quic-go/quic-go"

	"inkling/crdt"
	"inkling/netsync/docsync"
	"inkling/netsync/link"
	"inkling/netsync/wire"
)

// Times between two tries to open a document's stream that broke.
const (
	reopenFirst = time.Second
	reopenMost  = 30 * time.Second
)

// share compares the open streams with what the peer is a member of: it opens or
// offers what is missing and closes what is no longer shared.
func (c *connection) share() {
	n := c.node
	ids, err := n.cfg.Library.SharedWith(c.peer)
	if err != nil {
		n.log.Error("read what is shared", "error", err)
		c.closeWith(wire.Unavailable, "")
		return
	}
	shared := setOf(ids)
	var missing []crdt.DocID
	var gone []*document
	n.mu.Lock()
	c.shared = shared
	for _, id := range ids {
		if c.docs[id] == nil {
			missing = append(missing, id)
		}
	}
	for id, d := range c.docs {
		if !shared[id] {
			gone = append(gone, d)
		}
	}
	c.watch()
	n.refreshCarets(c)
	n.mu.Unlock()
	for _, d := range gone {
		d.closeWith(wire.NotShared)
	}
	if c.goal == nil {
		c.post(link.Share{Docs: missing})
		return
	}
	for _, id := range missing {
		c.openDocument(id)
	}
}

// offered answers the listener's Offer: the document's stream is opened if it is
// shared from this end too. What is not known as shared yet is opened by share, when it is.
func (c *connection) offered(id crdt.DocID) {
	c.node.mu.Lock()
	shared := c.shared[id]
	c.node.mu.Unlock()
	if shared {
		c.openDocument(id)
	}
}

func (c *connection) isMember(id crdt.DocID) bool {
	ids, err := c.node.cfg.Library.SharedWith(c.peer)
	if err != nil {
		c.node.log.Error("read what is shared", "error", err)
	}
	return setOf(ids)[id]
}

// openDocument opens the stream of a document, at the dialler's end.
func (c *connection) openDocument(id crdt.DocID) {
	n := c.node
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, already := c.opening[id]; already {
		c.opening[id] = true
		return
	}
	if !n.closing {
		c.opening[id] = false
		n.tasks.Go(func() { c.keepOpen(id) })
	}
}

// keepOpen runs the stream of a document and opens it again when it breaks, until
// the peer says that it is not shared, or the connection ends.
func (c *connection) keepOpen(id crdt.DocID) {
	for delay := reopenFirst; ; delay = min(2*delay, reopenMost) {
		code, err := c.openOnce(id)
		if err != nil {
			break
		}
		if code == wire.NotShared {
			if c.offeredAgain(id) {
				continue // the peer shared it meanwhile
			}
			return
		}
		select {
		case <-time.After(delay):
		case <-c.quic.Context().Done():
		}
	}
	c.node.mu.Lock()
	delete(c.opening, id)
	c.node.mu.Unlock()
}

// offeredAgain says whether the document was offered while its stream was being
// opened, and forgets that; if not, the next offer opens it anew.
func (c *connection) offeredAgain(id crdt.DocID) bool {
	c.node.mu.Lock()
	defer c.node.mu.Unlock()
	again := c.opening[id]
	c.opening[id] = false
	if !again {
		delete(c.opening, id)
	}
	return again
}

// openOnce opens and runs the stream; it returns the code it was closed with. An
// error says that there can be no stream.
func (c *connection) openOnce(id crdt.DocID) (wire.Code, error) {
	heads, err := c.node.cfg.Library.Heads(id)
	if err != nil {
		c.node.log.Error("read the heads of a document", "doc", id, "error", err)
		return wire.Unavailable, nil
	}
	stream, err := c.quic.OpenStream()
	if err != nil {
		return 0, err // the connection ended, or MaxStreams is reached: Trouble says so
	}
	d := newDocument(c, id, stream, docsync.New(heads, &wire.Open{Doc: id}))
	r := wire.NewReader(stream, wire.DocumentStream)
	withDeadline(r, stream)
	return d.run(r), nil
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
	stream.SetReadDeadline(time.Time{})
	withDeadline(r, stream)
	newDocument(c, open.Doc, stream, docsync.New(heads, nil)).run(r)
}

func cancelStream(s *quic.Stream, code wire.Code) {
	s.CancelRead(quic.StreamErrorCode(code))
	s.CancelWrite(quic.StreamErrorCode(code))
}
