package netsync

import (
	"errors"
	"io"
	"sync"
	"time"

	"github.com/quic-go/quic-go"

	"inkling/netsync/bulk"
	"inkling/netsync/wire"
)

// bulkPatience is how long nothing of any block may come on a connection while one is wanted.
const bulkPatience = time.Minute

// Times of taking turns, where several peers have a block of a document. Who brings it at goodPace keeps its turn. Another one has
// turnFirst, and twice as long each time that it is somebody else's turn, so that in the end also those on slow networks bring all.
const (
	turnFirst = time.Second
	turnCheck = 250 * time.Millisecond
	goodPace  = 1 << 20 // bytes in a second
	maxTurns  = 6       // that make a turn longer: then it lasts for bulkPatience
)

// maxWrong is how many blocks are remembered that proved wrong.
const maxWrong = 1_024

// wrongBlock names a block that proved not to be what it should be, and who gave it. It is not taken from that peer again.
type wrongBlock struct {
	peer PeerID
	hash wire.Hash
}

// taking is what a document's stream knows of the block that the peer announced. The block is taken from one peer at a time; other
// announcements wait until that is done, and are looked at again then.
type taking struct {
	mu    sync.Mutex
	offer *wire.Block // nil: none, or it is done with
	item  *bulk.Item  // that is being filled; nil: nothing was asked for, or all is there
	fresh bool        // all of item came by this stream
	began time.Time   // when it was asked for
	from  int         // how much was there then
	timer *time.Timer
	ended bool
}

// consider decides what becomes of the peer's announcement.
func (d *document) consider() {
	n := d.c.node
	d.taking.mu.Lock()
	offer, open := d.taking.offer, d.taking.offer != nil && d.taking.item == nil && !d.taking.ended
	d.taking.mu.Unlock()
	if !open {
		return
	}
	has, err := n.cfg.Library.Has(d.id, offer.Heads)
	if err == nil && (has || n.isWrong(wrongBlock{d.c.peer, offer.Hash})) {
		err = d.enough()
	} else if err == nil {
		err = d.begin(offer)
	}
	if err != nil {
		n.log.Error("take a block", "doc", d.id, "error", err)
		d.closeWith(wire.Unavailable)
	}
}

// enough says that nothing more of the announced block is wanted, and before that what is here.
func (d *document) enough() error {
	d.taking.mu.Lock()
	d.taking.offer = nil
	d.taking.mu.Unlock()
	err := d.stored()
	d.mu.Lock()
	d.machine.Enough()
	d.mu.Unlock()
	d.workToDo()
	return err
}

// begin asks for the block, or waits until it may.
func (d *document) begin(offer *wire.Block) error {
	n := d.c.node
	n.mu.Lock()
	n.waiting[d] = struct{}{} // before it is tried, so that no release is missed
	n.mu.Unlock()
	d.taking.mu.Lock()
	defer d.taking.mu.Unlock()
	if d.taking.offer != offer || d.taking.item != nil || d.taking.ended {
		return nil
	}
	item, err := n.inbox.Open(d.id, offer.Hash, offer.Length)
	if errors.Is(err, bulk.ErrBusy) {
		return nil
	}
	if err != nil {
		return err
	}
	n.mu.Lock()
	delete(n.waiting, d)
	n.mu.Unlock()
	d.taking.item, d.taking.fresh = item, item.Have() == 0
	if item.Whole() {
		d.whole(offer)
		return nil
	}
	d.taking.began, d.taking.from = time.Now(), item.Have()
	d.c.tookAt.Store(time.Now().UnixNano())
	d.taking.timer = time.AfterFunc(turnCheck, d.tooSlow)
	d.want(item.Have())
	return nil
}

func (d *document) want(offset int) {
	d.mu.Lock()
	d.machine.Want(offset)
	d.mu.Unlock()
	d.workToDo()
}

// tooSlow closes the stream of one who does not send what it announced, or slowly while others could, so that another one may.
func (d *document) tooSlow() {
	d.taking.mu.Lock()
	defer d.taking.mu.Unlock()
	t := &d.taking
	if t.item == nil || t.ended {
		return
	}
	idle, took := time.Since(time.Unix(0, d.c.tookAt.Load())), time.Since(t.began)
	slow := float64(t.item.Have()-t.from) < took.Seconds()*goodPace
	switch {
	case idle >= bulkPatience:
		d.closeWith(wire.TooSlow)
	case slow && d.c.node.othersTurn(d, took):
		d.closeWith(wire.Busy)
	default:
		t.timer.Reset(min(bulkPatience-idle, turnCheck))
	}
}

// othersTurn says whether one that has been filling a block for so long has to make way for another one that waits: for the same
// document, or because there is no room for that of another.
func (n *Node) othersTurn(d *document, took time.Duration) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if took < min(turnFirst<<n.turns[d.id], bulkPatience) {
		return false
	}
	for w := range n.waiting {
		if w != d && (w.id == d.id || !n.inbox.Filling(w.id)) {
			if n.turns[d.id] < maxTurns {
				n.turns[d.id]++
			}
			return true
		}
	}
	return false
}

// endTaking is called when the stream has ended: what has come stays.
func (d *document) endTaking() {
	d.taking.mu.Lock()
	d.taking.ended, d.taking.offer = true, nil
	item := d.taking.item
	d.taking.item = nil
	if d.taking.timer != nil {
		d.taking.timer.Stop()
	}
	d.taking.mu.Unlock()
	d.c.node.mu.Lock()
	delete(d.c.node.waiting, d)
	d.c.node.mu.Unlock()
	if item != nil {
		item.Close()
		d.c.node.released()
	}
}

// released has the announcements looked at again that had to wait.
func (n *Node) released() {
	n.mu.Lock()
	waiting := n.waiting
	n.waiting = map[*document]struct{}{}
	n.mu.Unlock()
	for d := range waiting {
		n.spawn(d.consider)
	}
}

// acceptBulk takes the streams by which the peer sends blocks, one after the other.
func (c *connection) acceptBulk() {
	for {
		s, err := c.quic.AcceptUniStream(c.quic.Context())
		if err != nil {
			return
		}
		c.takeBulk(s)
	}
}

// takeBulk takes the parts of a block that was asked for. What nobody asked for, or no longer, is not read.
func (c *connection) takeBulk(s *quic.ReceiveStream) {
	r := wire.NewReader(s, wire.BulkStream)
	s.SetReadDeadline(time.Now().Add(framePatience))
	m, err := r.Next()
	first, ok := m.(wire.Bulk)
	if err != nil || !ok {
		s.CancelRead(quic.StreamErrorCode(wire.Unexpected))
		return
	}
	c.node.mu.Lock()
	d := c.docs[first.Doc]
	c.node.mu.Unlock()
	if d == nil || !d.expects(first) {
		s.CancelRead(quic.StreamErrorCode(wire.Done))
		return
	}
	s.SetReadDeadline(time.Time{})
	r.Begun = func() { s.SetReadDeadline(time.Now().Add(framePatience)) }
	for {
		s.SetReadDeadline(time.Now().Add(bulkPatience))
		m, err := r.Next()
		part, ok := m.(wire.Part)
		if err == nil && !ok {
			err = &wire.Error{Code: wire.Unexpected, Type: m.Type(), Reason: "is no part of a block"}
		}
		more := false
		if err == nil {
			c.tookAt.Store(time.Now().UnixNano())
			c.heard()
			more, err = d.takePart(first.Hash, part.Bytes)
		}
		if err != nil {
			s.CancelRead(quic.StreamErrorCode(wire.Done))
			d.failed(first.Hash, err)
			return
		}
		if !more {
			s.CancelRead(quic.StreamErrorCode(wire.Done))
			return
		}
	}
}

// expects says whether first begins what was asked for.
func (d *document) expects(first wire.Bulk) bool {
	d.taking.mu.Lock()
	defer d.taking.mu.Unlock()
	t := &d.taking
	return t.item != nil && t.offer.Hash == first.Hash && t.item.Have() == first.Offset
}

// takePart keeps the next bytes, and returns whether more are to come.
func (d *document) takePart(hash wire.Hash, part []byte) (more bool, err error) {
	d.taking.mu.Lock()
	defer d.taking.mu.Unlock()
	t := &d.taking
	if t.item == nil || t.offer == nil || t.offer.Hash != hash {
		return false, nil // the stream has ended
	}
	if left := t.offer.Length - t.item.Have(); len(part) < min(left, wire.PartBytes) {
		return false, &wire.Error{Code: wire.Malformed, Type: wire.Part{}.Type(), Reason: "a part that is too short"}
	}
	if err := t.item.Add(part); err != nil {
		return false, err
	}
	if t.item.Whole() {
		d.whole(t.offer)
		return false, nil
	}
	d.want(t.item.Have())
	return true, nil
}

// failed closes the document's stream because of what came of a block, or did not.
func (d *document) failed(hash wire.Hash, err error) {
	var bad *wire.Error
	switch {
	case errors.As(err, &bad), errors.Is(err, io.EOF): // other parts than they must be, or fewer
		d.blame(hash, err)
	default:
		d.c.node.log.Debug("a block was cut", "doc", d.id, "error", err)
		d.closeWith(wire.Unavailable)
	}
}

// blame notes that the peer announced what it has not, and closes the document's stream.
func (d *document) blame(hash wire.Hash, err error) {
	n := d.c.node
	n.log.Warn("a peer sent a block that is not what it should be", "doc", d.id, "error", err)
	n.mu.Lock()
	if len(n.wrong) >= maxWrong {
		clear(n.wrong)
	}
	n.wrong[wrongBlock{d.c.peer, hash}] = struct{}{}
	n.mu.Unlock()
	d.closeWith(wire.Malformed)
}

func (n *Node) isWrong(w wrongBlock) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, wrong := n.wrong[w]
	return wrong
}

// whole has a block judged of which all bytes are there. The item is the judge's from now on, also when the stream ends. The
// caller holds taking.mu.
func (d *document) whole(offer *wire.Block) {
	item, fresh := d.taking.item, d.taking.fresh
	d.taking.item = nil
	if !d.c.node.spawn(func() { d.judge(item, offer, fresh) }) {
		item.Close()
	}
}

// judge has the library take a block in, one at a time.
func (d *document) judge(item *bulk.Item, offer *wire.Block, fresh bool) {
	n := d.c.node
	defer n.released()
	body, err := item.Bytes()
	if err == nil {
		n.judging.Lock()
		err = n.cfg.Library.Take(d.c.peer, d.id, body, offer.Heads)
		n.judging.Unlock()
	}
	wrong := errors.Is(err, ErrWrongBlock)
	if err == nil || wrong || errors.Is(err, bulk.ErrOtherBytes) {
		item.Remove()
	} else {
		item.Close()
	}
	switch {
	case wrong || fresh && errors.Is(err, bulk.ErrOtherBytes):
		d.blame(offer.Hash, err)
		return
	case err == nil:
		n.mu.Lock()
		delete(n.turns, d.id)
		n.mu.Unlock()
		n.inbox.Forget(d.id)
		n.Committed(d.id)
		err = d.enough()
	}
	if err != nil {
		n.log.Error("take a block", "doc", d.id, "error", err)
		d.closeWith(wire.Unavailable)
	}
}
