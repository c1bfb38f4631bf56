package netsync

import (
	"errors"
	"io"
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
	// leaving: nothing is to be begun any more, and this direction of the stream ends when all is said. A dialler
	// leaves to make room for other documents, a listener follows.
	leaving    atomic.Bool
	restsSince atomic.Int64  // when there was nothing to do any more: ns since 1970; 0: there is
	written    chan struct{} // closed when the writer has ended
	queued     bool          // counted in c.queued; the writer's
	gift       *gift         // the block that is being sent; the reader's
	taking     taking        // the peer's block
}

// newDocument returns the document of stream s, which r reads.
func newDocument(c *connection, id crdt.DocID, s *quic.Stream, r *wire.Reader, m *docsync.Machine) *document {
	d := &document{c: c, id: id, stream: s, machine: m, work: make(chan struct{}, 1), written: make(chan struct{})}
	r.Begun = func() { s.SetReadDeadline(time.Now().Add(framePatience)) }
	r.Ended = d.awaitFrame
	d.awaitFrame()
	return d
}

// awaitFrame gives the peer any time to say something, but little when this end has left.
func (d *document) awaitFrame() {
	var deadline time.Time
	if d.leaving.Load() {
		deadline = time.Now().Add(framePatience)
	}
	d.stream.SetReadDeadline(deadline)
}

// run reads until the stream ends. A newer stream for the same document takes the place of the older.
func (d *document) run(r *wire.Reader) {
	n := d.c.node
	n.mu.Lock()
	old := d.c.docs[d.id]
	d.c.docs[d.id] = d
	delete(d.c.offers.made, d.id)
	n.mu.Unlock()
	if old != nil {
		old.closeWith(wire.Duplicate)
	}
	code := wire.Goodbye
	if n.spawn(d.write) {
		// What was committed between the reading of the version and now was told to
		// nobody.
		d.committed()
		code = d.read(r)
		d.stopGiving()
		d.endTaking()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	current := d.c.docs[d.id] == d
	if current {
		delete(d.c.docs, d.id)
		delete(d.c.offers.made, d.id)
	}
	pending := d.pending()
	switch {
	case d.c.goal != nil:
		d.c.ended(d.id, code, pending)
	case current && code == wire.Done && pending:
		d.c.attend(d.id)
	}
}

// pending says that something was not said to the peer.
func (d *document) pending() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dirty.Load() || d.machine.Pending()
}

// leave ends the stream as soon as all is said. It does not wait.
func (d *document) leave() {
	d.leaving.Store(true)
	d.workToDo()
}

func (d *document) closeWith(code wire.Code) {
	d.closed.Do(func() { cancelStream(d.stream, code) })
}

// committed makes the writer look for new changes. It does not wait.
func (d *document) committed() {
	d.dirty.Store(true)
	d.workToDo()
}

func (d *document) workToDo() {
	select {
	case d.work <- struct{}{}:
	default:
	}
}

// read takes the peer's messages and commits its changes, until the stream ends, and closes it. Done: both ends have
// left it.
func (d *document) read(r *wire.Reader) wire.Code {
	for {
		m, err := r.Next()
		if err == io.EOF {
			d.leave()
			<-d.written
			return wire.Done
		}
		code := wire.Done
		if err != nil {
			code = d.readCode(err)
		} else {
			code = d.take(m)
		}
		if err != nil || code != wire.Done {
			d.closeWith(code)
			return code
		}
	}
}

// take takes a message. Done: all is well.
func (d *document) take(m wire.Message) wire.Code {
	d.c.heard()
	d.restsSince.Store(0)
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
	return wire.Done
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
// if it closed the stream, but Goodbye where it had no reason.
func (d *document) readCode(err error) wire.Code {
	var closed *quic.StreamError
	if errors.As(err, &closed) {
		if code := wire.Code(closed.ErrorCode); code != wire.Done {
			return code
		}
		return wire.Goodbye
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

// write does what the machine wants to have sent, until the stream ends or all is said and it is left.
func (d *document) write() {
	defer close(d.written)
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
			if d.leaving.Load() {
				d.stream.Close()
				d.awaitFrame()
				return
			}
			if !d.wait() {
				return
			}
		}
	}
}

// wait returns when there is work; false: the stream has ended. The document is at rest while it waits, if both ends
// are in step, or nothing was said for long.
func (d *document) wait() bool {
	quiet := time.NewTimer(quietFor)
	defer quiet.Stop()
	d.mu.Lock()
	inStep, giving := d.machine.InStep(), d.machine.Giving()
	d.mu.Unlock()
	if inStep {
		d.rest()
	}
	for {
		select {
		case <-d.work:
			d.restsSince.Store(0)
			return true
		case <-d.stream.Context().Done():
			return false
		case <-quiet.C:
			if !inStep && !giving {
				d.rest()
			}
		}
	}
}

func (d *document) rest() {
	d.restsSince.Store(time.Now().UnixNano())
	d.c.rested()
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
