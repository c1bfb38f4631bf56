package storage

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"inkling/crdt"
)

// Compaction puts a block in the place of a document's rows. It is two steps, and the second is taken only some time after the
// first, by the next call of [Library.Compact]:
//
//	compose   base and rows are loaded, written as one block, and that is compared with them. It is stored as the
//	          successor: nothing is deleted. A document opens faster from then on
//	settle    the successor is read from the disk and compared once more with base and rows. Then, in one
//	          transaction, it becomes the base and the old one goes; and after that the rows that it covers, some at a time
//
// Whatever ends in between, power or program, the base and the rows behind it are the whole journal. A
// successor that cannot be read, or says anything else than the rows, is dropped, and the rows are still there. All computing
// is done by who calls, so the writer is never held up for longer than one of these transactions.

// sweepRows is how many rows one transaction deletes. A variable for tests.
var sweepRows = int64(1000)

// changeWeight is what each change counts for in a weight, in bytes, besides its body.
const changeWeight = 16

func weightOf(changes, bodies int64) int64 { return bodies + changeWeight*changes }

// openBlockFrom is the length in bytes from which on a block gets an open-block beside it, which takes two to three times as many.
// A variable for tests.
var openBlockFrom = 256 << 10

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

// MaxUnsigned is how many changes in a row, and MaxUnsignedBytes how many bytes of their bodies, [Library.Compact] leaves without
// a signature in the block of a document that others have; those that [Library.SignWith] can make count. Who gets changes
// one by one keeps them waiting until a signature comes, and not more than crdt.MaxPendingChanges or 4 MB; only
// who gets the block as a whole ([Library.Block]) needs none in between. So that nobody is left out while there are programs that
// cannot be sent a block, a document with more stays as rows.
const (
	MaxUnsigned      = 4096
	MaxUnsignedBytes = 2 << 20
)

// ErrNotShareable is why a document that others have is not compacted, see [MaxUnsigned].
var ErrNotShareable = errors.New("storage: others could not be given the changes of this document one by one any more, so they stay as they are")

// errRefuses says that the disk does: then nothing is compacted.
var errRefuses = errors.New("the disk refuses to save")

// Compact takes the next step towards keeping doc's changes as one block, and returns whether another call has more to do, sooner
// or later. It finishes what an earlier call began; else, when that pays, it begins anew. It takes memory and
// CPU as opening the document does, and some µs for each byte of text; nobody waits for it. It gives up between its steps
// when ctx ends. alone says that nobody else has the document; else it may refuse with [ErrNotShareable]. The other errors leave all as it was, too:
// a [*BlockError], a [*LostError], or that the changes are not what their devices signed.
func (l *Library) Compact(ctx context.Context, doc crdt.DocID, pays Effort, alone bool) (more bool, err error) {
	if l.queue == nil {
		return false, ErrReadOnly
	}
	l.compacting.Lock()
	defer l.compacting.Unlock()
	if _, err := l.Trouble(); err != nil {
		return true, fmt.Errorf("storage: compact %s: %w: %w", doc, errRefuses, err)
	}
	c := &compaction{l: l, doc: doc, alone: alone}
	if more, err = c.step(ctx, pays); err != nil {
		err = fmt.Errorf("storage: compact %s: %w", doc, err)
	}
	return more, err
}

// compaction is one call of Compact.
type compaction struct {
	l     *Library
	doc   crdt.DocID
	alone bool
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

// compose makes the successor.
func (c *compaction) compose(ctx context.Context) error {
	d, err := c.load(ctx, c.tail.place)
	if err != nil {
		return err
	}
	body, err := d.HistoryBlock()
	if err != nil {
		return err
	}
	proven, err := c.prove(ctx, body, c.tail.place)
	if err != nil {
		return err
	}
	proven.sign(c.l.archives.signer())
	if changes, bytes := proven.stretch(); !c.alone && (changes > MaxUnsigned || bytes > MaxUnsignedBytes) {
		return ErrNotShareable
	}
	next := &block{kind: successorKind, upto: c.tail.place, weight: weightOf(int64(len(c.rows)), c.bytes)}
	if b := c.tail.block(); b != nil {
		next.weight += b.weight
	}
	var open []byte
	if len(body) >= openBlockFrom {
		if open, err = d.OpenBlock(); err != nil && !errors.Is(err, crdt.ErrNoBlock) {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.l.write("store a block", func(tx *sql.Tx) error { return c.insert(tx, next, body, open) })
}

// insert stores the successor, and the open-block if there is one.
func (c *compaction) insert(tx *sql.Tx, next *block, body, open []byte) error {
	if err := deleteBlock(tx, c.tail.id, openKind); err != nil {
		return err
	}
	if err := insertBlock(tx, c.tail.id, next, body, c.tail.heads.list()); err != nil || open == nil {
		return err
	}
	return insertBlock(tx, c.tail.id, &block{kind: openKind, upto: next.upto, weight: next.weight, of: next.hash}, open, nil)
}

// load returns the document up to a place, of base and rows, and keeps the rows.
func (c *compaction) load(ctx context.Context, upto int64) (*crdt.Doc, error) {
	row, err := c.l.Document(c.doc)
	if err != nil {
		return nil, err
	}
	d := crdt.New(row.Genesis)
	if b := c.tail.block(); b != nil {
		body, err := b.body(ctx, c.l.readers)
		if err == nil {
			d, err = loadBlock(c.doc, body)
		}
		if err != nil {
			return nil, blockError(c.l.readers, c.doc, b, err)
		}
	}
	if err := c.read(ctx, row.Title, upto); err != nil {
		return nil, err
	}
	for _, change := range c.rows {
		if _, err := d.Load(change); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// read reads the rows behind the base up to a place.
func (c *compaction) read(ctx context.Context, title string, upto int64) error {
	c.rows, c.bytes = nil, 0
	for s, err := range c.l.journal(ctx, c.doc, c.tail.block().covers()) {
		if err != nil {
			return err
		}
		if s.place > upto {
			break
		}
		change, err := s.change()
		if err != nil {
			return s.lost(c.doc, title, err)
		}
		c.rows, c.bytes = append(c.rows, change), c.bytes+int64(len(change.Body))
	}
	return nil
}

// prove says whether a block holds just what it is to stand for: the changes of the base, for which where they end is
// compared, because the hashes there cover all of them, and then the rows, byte for byte; and nothing in it is forged.
func (c *compaction) prove(ctx context.Context, body []byte, upto int64) (*archive, error) {
	d, err := loadBlock(c.doc, body)
	if err != nil {
		return nil, err
	}
	if err := d.Verify(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	a := unpack(d, [32]byte{})
	old := c.tail.block().covers()
	if int64(len(a.changes)) != upto || int64(len(c.rows)) != upto-old {
		return nil, fmt.Errorf("a block of %d changes for %d in a block and %d rows", len(a.changes), old, len(c.rows))
	}
	for i, row := range c.rows {
		if err := sameChange(a.changes[old+int64(i)], row); err != nil {
			return nil, fmt.Errorf("the change at place %d: %w", old+int64(i)+1, err)
		}
	}
	if !sameHeads(d.Heads(), c.ends()) {
		return nil, errors.New("its chains do not end where those of the journal do")
	}
	return a, nil
}

// ends returns where the chains of the base and the rows end.
func (c *compaction) ends() []crdt.Head {
	ends := map[crdt.Head]bool{}
	for _, h := range c.tail.baseHeads().list() {
		ends[h] = true
	}
	for _, row := range c.rows {
		delete(ends, previousOf(row))
		ends[headOf(row)] = true
	}
	var list []crdt.Head
	for h := range ends {
		list = append(list, h)
	}
	return list
}

// sameChange says in what a change out of a block differs from its row. It may have no signature.
func sameChange(is, row *crdt.Change) error {
	switch {
	case is.Replica != row.Replica || is.Seq != row.Seq || is.Next != row.Next || is.Hash != row.Hash || is.Previous != row.Previous:
		return fmt.Errorf("it is at %d of replica %s, and should be at %d of replica %s", is.Seq, is.Replica, row.Seq, row.Replica)
	case !bytes.Equal(is.Body, row.Body) || is.Signature != nil && !bytes.Equal(is.Signature, row.Signature):
		return fmt.Errorf("at %d of replica %s it has other bytes than its row", row.Seq, row.Replica)
	}
	return nil
}

// sameHeads says whether both lists have the same, in any order.
func sameHeads(list, other []crdt.Head) bool {
	return len(list) == len(other) && containsAll(list, other) && containsAll(other, list)
}

// settle makes the successor the base, once it is proven. One that is not what it should be is dropped, and the error says so.
func (c *compaction) settle(ctx context.Context, next *block) error {
	row, err := c.l.Document(c.doc)
	if err != nil {
		return err
	}
	if err := c.read(ctx, row.Title, next.upto); err != nil {
		return err
	}
	body, err := next.body(ctx, c.l.readers)
	if err == nil {
		_, err = c.prove(ctx, body, next.upto)
	}
	to, headsErr := newBase(c.l.readers, next)
	if err == nil && headsErr == nil && !sameHeads(to.heads.list(), c.ends()) {
		err = errors.New("other ends of chains are noted for it")
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case headsErr != nil:
		return headsErr
	case err != nil:
		err = fmt.Errorf("the new block was not written as it should be, so it is dropped, and nothing else is: %w", err)
		return errors.Join(err, c.l.write("drop a block", func(tx *sql.Tx) error { return c.drop(tx, next) }))
	}
	promote := func(tx *sql.Tx) error { return c.promote(tx, next) }
	rebase := func() { c.l.tails.rebase(c.doc, to) }
	if err := c.l.writeThen("put a block in the place of rows", promote, rebase); err != nil {
		return err
	}
	c.tail, err = c.l.tail(c.doc)
	return err
}

// drop deletes a successor and its open-block.
func (c *compaction) drop(tx *sql.Tx, next *block) error {
	return errors.Join(deleteBlock(tx, c.tail.id, next.kind), deleteBlock(tx, c.tail.id, openKind))
}

// promote makes the successor the base.
func (c *compaction) promote(tx *sql.Tx, next *block) error {
	if err := deleteBlock(tx, c.tail.id, baseKind); err != nil {
		return err
	}
	_, err := tx.Exec(`UPDATE block SET kind = ? WHERE id = ?`, baseKind, next.id)
	next.kind = baseKind
	return err
}

// oldestSQL gives the least change.id of a document.
const oldestSQL = `SELECT coalesce(min(id), 0) FROM change WHERE id BETWEEN ?1 << 32 AND ?1 << 32 | 0xffffffff`

// sweepSQL deletes rows by their ids, but none that the base does not cover.
const sweepSQL = `
DELETE FROM change WHERE id BETWEEN ?2 AND ?3
   AND id <= (SELECT doc << 32 | upto FROM block WHERE doc = ?1 AND kind = 1)`

// sweep deletes the rows that the base covers, if there are any, lowest place first.
func (c *compaction) sweep(ctx context.Context) error {
	for {
		var oldest int64
		if err := c.l.readers.QueryRowContext(ctx, oldestSQL, c.tail.id).Scan(&oldest); err != nil {
			return err
		}
		if oldest == 0 || oldest >= c.tail.first() {
			return nil
		}
		end := min(oldest+sweepRows, c.tail.first()) - 1
		err := c.l.write("delete rows that a block covers", func(tx *sql.Tx) error {
			_, err := tx.Exec(sweepSQL, c.tail.id, oldest, end)
			return err
		})
		if err != nil {
			return err
		}
	}
}
