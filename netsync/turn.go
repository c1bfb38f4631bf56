package netsync

import (
	"context"
	"sync"
	"time"

	"inkling/netsync/wire"
)

// turnPatience is how long one who sends a block waits for its peer until it makes way for others that wait to send theirs.
const turnPatience = 500 * time.Millisecond

// turn is the right to have a block in memory, to be sent: maxGiving are given out at a time. A peer that takes nothing keeps it from
// nobody: while it is waited for the block is let go when another one is wanted, and read again afterwards.
type turn struct {
	node *Node
	doc  *document
	hash wire.Hash

	mu   sync.Mutex
	held bool
	body []byte
}

// block returns the block, when it is its turn.
func (t *turn) block(ctx context.Context) ([]byte, error) {
	t.mu.Lock()
	body, held := t.body, t.held
	t.mu.Unlock()
	if held {
		return body, nil
	}
	t.node.wantGiving.Add(1)
	defer t.node.wantGiving.Add(-1)
	select {
	case t.node.giving <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	body, err := t.node.cfg.Library.Block(t.doc.id, t.hash)
	t.mu.Lock()
	t.held, t.body = true, body
	t.mu.Unlock()
	return body, err
}

// wait calls f, which waits for the peer.
func (t *turn) wait(f func() error) error {
	ctx, over := context.WithCancel(context.Background())
	defer over()
	t.makeWay(ctx)
	return f()
}

// makeWay ends the turn after turnPatience if others wait then, or looks again, until ctx ends.
func (t *turn) makeWay(ctx context.Context) {
	timer := time.AfterFunc(turnPatience, func() {
		switch {
		case ctx.Err() != nil:
		case t.node.wantGiving.Load() > 0:
			t.end()
		default:
			t.makeWay(ctx)
		}
	})
	context.AfterFunc(ctx, func() { timer.Stop() })
}

// end gives the turn back; again is harmless.
func (t *turn) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held {
		t.held, t.body = false, nil
		<-t.node.giving
	}
}
