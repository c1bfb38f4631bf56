package netsync

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"

	"inkling/crdt"
	"inkling/netsync/docsync"
	"inkling/netsync/wire"
)

// document keeps one document equal with one peer: it runs a docsync machine over
// a stream. One goroutine reads and commits, another loads and writes, so that
// neither end waits for the other to read.
type document struct {
	c      *connection
	id     crdt.DocID
	stream *quic.Stream

	mu      sync.Mutex
	machine *docsync.Machine

	dirty  atomic.Bool // committed was called
	work   chan struct{}
	closed sync.Once
	queued bool   // counted in c.queued; the writer's
	gift   *gift  // the block that is being sent; the reader's
	taking taking // the peer's block
}

func newDocument(c *connection, id crdt.DocID, s *quic.Stream, m *docsync.Machine) *document {
	return &document{c: c, id: id, stream: s, machine: m, work: make(chan struct{}, 1)}
}

// run reads until the stream ends and returns the code it was closed with. A newer
// stream for the same document takes the place of the older.
func (d *document) run(r *wire.Reader) wire.Code {
	n := d.c.node
	n.mu.Lock()
	old := d.c.docs[d.id]
	d.c.docs[d.id] = d
	n.mu.Unlock()
	if old != nil {
		old.closeWith(wire.Duplicate)
	}
	defer func() {
		n.mu.Lock()
		if d.c.docs[d.id] == d {
			delete(d.c.docs, d.id)
		}
		n.mu.Unlock()
	}()
	if !n.spawn(d.write) {
		return wire.Goodbye
	}
	// What was committed between the reading of the version and now was told to
	// nobody.
	d.committed()
	code := d.read(r)
	d.closeWith(code)
	d.stopGiving()
	d.endTaking()
	return code
}

func (d *document) closeWith(code wire.Code) {
	d.closed.Do(func() { cancelStream(d.stream, code) })
}

// committed makes the writer look for new changes. It does not wait.
func (d *document) committed() {
	d.dirty.Store(true)
	d.workToDo()
}

// committed tells the document's stream, if there is one. The caller holds node.mu.
func (c *connection) committed(doc crdt.DocID) {
	if d := c.docs[doc]; d != nil {
		d.committed()
	}
}

func (d *document) workToDo() {
	select {
	case d.work <- struct{}{}:
	default:
	}
}

// read takes the peer's messages and commits its changes.
func (d *document) read(r *wire.Reader) wire.Code {
	for {
		m, err := r.Next()
		if err != nil {
			return d.readCode(err)
		}
		d.c.heard()
		d.mu.Lock()
		effect, err := d.machine.Receive(m)
		acked := d.machine.Acked()
		d.mu.Unlock()
		if err != nil {
			return d.readCode(err)
		}
		if code := d.do(effect); code != wire.Done {
			return code
		}
		d.c.node.events.put(Acked{Peer: d.c.peer, Doc: d.id, Heads: acked})
		d.workToDo()
	}
}

// do does what a message asks for. Done: all is well.
func (d *document) do(effect docsync.Effect) wire.Code {
	switch e := effect.(type) {
	case docsync.Store:
		return d.store(e.Encoded)
	case docsync.Offered:
		d.taking.mu.Lock()
		d.taking.offer = &e.Block
		d.taking.mu.Unlock()
		d.c.node.spawn(d.consider)
	case docsync.Give:
		return d.give(e.Want)
	case docsync.Stop:
		d.stopGiving()
	}
	return wire.Done
}

// readCode returns the code of a stream that cannot be read on: the peer's own
// if it closed the stream.
func (d *document) readCode(err error) wire.Code {
	var closed *quic.StreamError
	if errors.As(err, &closed) {
		return wire.Code(closed.ErrorCode)
	}
	code := codeOf(err)
	d.c.node.log.Debug("document stream", "doc", d.id, "code", code, "error", err)
	return code
}

// store commits changes of the peer and has them passed on. Done: all is well.
func (d *document) store(encoded [][]byte) wire.Code {
	library := d.c.node.cfg.Library
	err := library.Receive(d.c.peer, d.id, encoded)
	var malformed *crdt.FormatError
	if errors.As(err, &malformed) {
		d.c.node.log.Warn("a peer sent a malformed change", "doc", d.id, "error", err)
		return wire.Malformed
	}
	if errors.Is(err, ErrNoRoom) {
		return wire.Unavailable
	}
	if err != nil {
		d.c.node.log.Error("commit a peer's changes", "doc", d.id, "error", err)
		return wire.Unavailable
	}
	if err := d.stored(); err != nil {
		d.c.node.log.Error("read the heads of a document", "doc", d.id, "error", err)
		return wire.Unavailable
	}
	d.c.node.Committed(d.id)
	return wire.Done
}

// stored tells the machine what the library has. The library keeps that in memory, so it is asked under the mutex:
// what the machine was told before is never more.
func (d *document) stored() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	heads, err := d.c.node.cfg.Library.Heads(d.id)
	if err == nil {
		d.machine.Stored(heads)
	}
	return err
}

// write does what the machine wants to have sent, until the stream ends.
func (d *document) write() {
	defer d.queue(nil)
	if _, err := d.stream.Write([]byte{wire.Version}); err != nil {
		return
	}
	for {
		d.mu.Lock()
		if d.dirty.Swap(false) {
			d.machine.Committed()
		}
		step := d.machine.Next()
		d.mu.Unlock()
		d.queue(step)
		switch s := step.(type) {
		case docsync.Send:
			if !d.send(s.Message) {
				return
			}
		case docsync.Load:
			if !d.load(s) {
				return
			}
		case docsync.Wait:
			select {
			case <-d.work:
			case <-d.stream.Context().Done():
				return
			}
		}
	}
}

// queue counts the documents of the connection that have changes to be sent: blocks yield to them.
func (d *document) queue(step docsync.Step) {
	queued := false
	switch s := step.(type) {
	case docsync.Load:
		queued = true
	case docsync.Send:
		_, queued = s.Message.(wire.Changes)
	}
	switch {
	case queued && !d.queued:
		d.c.queued.Add(1)
	case d.queued && !queued:
		d.c.queued.Add(-1)
	}
	d.queued = queued
}

func (d *document) send(m wire.Message) bool {
	d.stream.SetWriteDeadline(time.Now().Add(framePatience))
	if _, err := d.stream.Write(wire.AppendFrame(nil, m)); err != nil {
		d.closeWith(wire.TooSlow)
		return false
	}
	return true
}

func (d *document) load(l docsync.Load) bool {
	encoded, then, block, err := d.c.node.cfg.Library.Since(d.id, l.Have, l.Bytes, d.declines)
	switch d.mu.Lock(); {
	case err != nil:
	case block != nil:
		d.machine.Offer(*block)
	default:
		err = d.machine.Loaded(encoded, then)
	}
	d.mu.Unlock()
	if err == nil && block == nil && len(encoded) == 0 {
		err = d.stored() // also what came from the peer and had to wait, for others or for local edits
	}
	if err != nil {
		d.c.node.log.Error("read changes for a peer", "doc", d.id, "error", err)
		d.closeWith(wire.Unavailable)
		return false
	}
	return true
}

func (d *document) declines(hash wire.Hash) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.machine.Declines(hash)
}
