package storage

import (
	"context"
	"errors"
	"fmt"

	"inkling/crdt"
)

// Compaction puts a block in the place of a document's rows. It is two steps, and the second is taken only some time
// after the first, by the next call of [Library.Compact]:
//
//	compose   base and rows are loaded, written as one block, and that is compared with them. It is stored as the
//	          successor: nothing is deleted. A document opens faster from then on
//	settle    the successor is read from the disk and compared once more with base and rows. Then, in one
//	          transaction, it becomes the base and the old one goes; and after that the rows that it covers, some at a time
//
// Whatever ends in between, power or program, the base and the rows behind it are the whole journal. A successor that
// cannot be read, or says anything else than the rows, is dropped, and the rows are still there. All computing is done
// by who calls, so the writer is never held up for longer than one of these transactions.
//
// Others are given changes that are in a block by the block as a whole (give.go), or join a block of theirs with the journal (blockshare.go).

// changeWeight is what each change counts for in a weight, in bytes, besides its body.
const changeWeight = 16

func weightOf(changes, bodies int64) int64 { return bodies + changeWeight*changes }

// Effort says when a compaction pays: when the rows are at least so many, or so long, and weigh at least one
// Share-th of what is in the block already, which has to be written again.
type Effort struct {
	Changes int64 // rows
	Bytes   int64 // or bytes of their bodies
	Share   int64
}

// Efforts: while the program rests, when a document is closed, and whatever it costs.
var (
	WhenIdle    = Effort{Changes: 256, Bytes: 64 << 10, Share: 8}
	WhenClosing = Effort{Changes: 64, Bytes: 16 << 10, Share: 32}
	Always      = Effort{Changes: 1, Bytes: 1, Share: 1 << 32}
)

// errRefuses says that the disk does: then nothing is compacted.
var errRefuses = errors.New("the disk refuses to save")

// Compact takes the next step towards keeping doc's changes as one block, and returns whether another call has more to
// do, sooner or later. It finishes what an earlier call began; else, when that pays, it begins anew. It takes memory
// and CPU as opening the document does, and some µs for each byte of text; nobody waits for it. It gives up between its
// steps when ctx ends. An
// error leaves all as it was: a [*BlockError], a [*LostError], that the changes are not what their devices signed, or that the block
// would be too large to be given to others.
func (l *Library) Compact(ctx context.Context, doc crdt.DocID, pays Effort) (more bool, err error) {
	if l.queue == nil {
		return false, ErrReadOnly
	}
	l.compacting.Lock()
	defer l.compacting.Unlock()
	if _, err := l.Trouble(); err != nil {
		return true, fmt.Errorf("storage: compact %s: %w: %w", doc, errRefuses, err)
	}
	c := &compaction{l: l, doc: doc}
	if more, err = c.step(ctx, pays); err != nil {
		err = fmt.Errorf("storage: compact %s: %w", doc, err)
	}
	return more, err
}

// compaction is one call of Compact.
type compaction struct {
	l     *Library
	doc   crdt.DocID
	tail  *tail
	rows  []*crdt.Change // behind the base, up to the tail's place or the successor's
	bytes int64          // of their bodies
}

func (c *compaction) step(ctx context.Context, pays Effort) (more bool, err error) {
	if c.tail, err = c.l.tail(c.doc); err != nil {
		return false, err
	}
	blocks, err := readBlocks(ctx, c.l.readers, c.tail.id)
	if err != nil {
		return false, err
	}
	next := blocks[successorKind]
	if next != nil {
		if err := c.settle(ctx, next); err != nil {
			return false, err
		}
	}
	if err := c.sweep(ctx); err != nil {
		return true, err
	}
	if next != nil {
		return true, nil
	}
	if due, err := c.due(ctx, pays); err != nil || !due {
		return false, err
	}
	err = c.compose(ctx)
	return err == nil, err
}

const freshSQL = `SELECT count(*), coalesce(sum(length(body)), 0) FROM change WHERE id BETWEEN ? AND ?`

// due says whether a compaction pays.
func (c *compaction) due(ctx context.Context, pays Effort) (bool, error) {
	var changes, bytes int64
	if c.tail.place-c.tail.block().covers() < 1 {
		return false, nil
	}
	if err := c.l.readers.QueryRowContext(ctx, freshSQL, c.tail.first(), c.tail.last()).Scan(&changes, &bytes); err != nil {
		return false, err
	}
	var old int64
	if b := c.tail.block(); b != nil {
		old = b.weight
	}
	return (changes >= pays.Changes || bytes >= pays.Bytes) && weightOf(changes, bytes) >= old/pays.Share, nil
}
