package netsync

import (
	"context"
	"sync"
	"time"

	"github.com/quic-go/quic-go"

	"inkling/netsync/bulk"
	"inkling/netsync/wire"
)

// maxGiving is how many blocks are being sent at the same time, to all peers. Each is in memory as a whole: wire.MaxBlock at most.
const maxGiving = 4

// gift is a block on its way to the peer.
type gift struct {
	hash wire.Hash
	stop context.CancelFunc
	wake chan struct{} // more has arrived

	mu   sync.Mutex
	flow *bulk.Flow
	at   int // where it begins, until there is a flow
}

// give sends the block that the machine announced, or more of it. Done: all is well.
func (d *document) give(w wire.Want) wire.Code {
	if d.gift != nil && d.gift.hash == w.Hash {
		if !d.gift.arrived(w.Offset) {
			return wire.Unexpected
		}
		return wire.Done
	}
	ctx, stop := context.WithCancel(d.stream.Context())
	g := &gift{hash: w.Hash, stop: stop, wake: make(chan struct{}, 1), at: w.Offset}
	d.gift = g
	d.c.node.spawn(func() {
		defer stop()
		if err := d.sendBlock(ctx, g); err != nil && ctx.Err() == nil {
			d.c.node.log.Warn("a block could not be given", "doc", d.id, "error", err)
			d.closeWith(wire.Unavailable)
		}
	})
	return wire.Done
}

// stopGiving ends what give began.
func (d *document) stopGiving() {
	if d.gift != nil {
		d.gift.stop()
		d.gift = nil
	}
}

func (g *gift) arrived(offset int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.flow == nil || !g.flow.Arrived(offset) {
		return false
	}
	select {
	case g.wake <- struct{}{}:
	default:
	}
	return true
}

// sendBlock sends a block on a stream of its own, when it is its turn: one at a time on a connection.
func (d *document) sendBlock(ctx context.Context, g *gift) error {
	select {
	case d.c.giving <- struct{}{}:
		defer func() { <-d.c.giving }()
	case <-ctx.Done():
		return ctx.Err()
	}
	s, err := d.c.quic.OpenUniStreamSync(ctx)
	if err != nil {
		return err
	}
	t := &turn{node: d.c.node, doc: d, hash: g.hash}
	defer t.end()
	body, err := t.block(ctx)
	if err != nil {
		s.CancelWrite(quic.StreamErrorCode(wire.Done))
		return err
	}
	g.mu.Lock()
	g.flow = bulk.NewFlow(len(body), g.at)
	g.mu.Unlock()
	from, n := g.at, 0
	defer func() { d.c.node.log.Debug("block", "doc", d.id, "from", g.at, "to", from+n, "of", len(body)) }()
	frame := wire.AppendFrame([]byte{wire.Version}, wire.Bulk{Doc: d.id, Hash: g.hash, Offset: g.at})
	for done := false; ; {
		if err := t.wait(func() error { return g.pass(ctx, s, frame, done) }); err != nil || done {
			return err
		}
		if body, err = t.block(ctx); err != nil {
			s.CancelWrite(quic.StreamErrorCode(wire.Done))
			return err
		}
		g.mu.Lock()
		from, n = g.flow.Next(d.c.queued.Load() > 0)
		done = g.flow.Done() && n == 0
		g.mu.Unlock()
		if frame = nil; n > 0 {
			frame = wire.AppendFrame(nil, wire.Part{Bytes: body[from : from+n]})
		}
	}
}

// pass writes a frame, or ends the stream when all is done, or waits until more has arrived.
func (g *gift) pass(ctx context.Context, s *quic.SendStream, frame []byte, done bool) error {
	switch {
	case done:
		return s.Close()
	case frame != nil:
		return writeBulk(ctx, s, frame)
	}
	select {
	case <-g.wake: // so long as something is on the way, more arrives
		return nil
	case <-ctx.Done():
		s.CancelWrite(quic.StreamErrorCode(wire.Done))
		return ctx.Err()
	}
}

func writeBulk(ctx context.Context, s *quic.SendStream, b []byte) error {
	defer context.AfterFunc(ctx, func() { s.CancelWrite(quic.StreamErrorCode(wire.Done)) })()
	s.SetWriteDeadline(time.Now().Add(framePatience))
	_, err := s.Write(b)
	if err != nil {
		s.CancelWrite(quic.StreamErrorCode(wire.TooSlow))
	}
	return err
}
