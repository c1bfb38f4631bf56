package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// coveredRows is how many rows one transaction deletes. A variable for tests.
var coveredRows = int64(1000)

// settle makes the successor the base, once it is proven. One that is not what it should be is dropped, and the error
// says so.
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
	if err == nil && headsErr == nil && !sameEnds(to.heads.list(), c.ends()) {
		err = errors.New("other ends of chains are noted for it")
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case headsErr != nil:
		return headsErr
	case err != nil:
		err = fmt.Errorf("the new block was not written as it should be, so it is dropped, and nothing else is: %w", err)
		return errors.Join(err, c.l.writeAside("drop a block", func(tx *sql.Tx) error { return c.drop(tx, next) }))
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
	r, err := tx.Exec(`UPDATE block SET kind = ? WHERE id = ? AND kind = ? AND hash = ?`, baseKind, next.id, successorKind, next.hash[:])
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, errVanished)
	}
	next.kind = baseKind
	return nil
}

// oldestSQL gives the least change.id of a document.
const oldestSQL = `SELECT coalesce(min(id), 0) FROM change WHERE id BETWEEN ?1 << 32 AND ?1 << 32 | 0xffffffff`

// sweepSQL deletes rows by their ids, but none that the base does not cover.
const sweepSQL = `
DELETE FROM change WHERE id BETWEEN ?2 AND ?3
   AND id <= (SELECT doc << 32 | upto FROM block WHERE doc = ?1 AND kind = 1)`

// sweep deletes the rows that the base covers, if there are any, lowest place first, when the base has been read from the
// disk and is what was written: that of a peer's block ([Library.TakeBlock]) was not read again before it became the base.
func (c *compaction) sweep(ctx context.Context) error {
	for whole := false; ; {
		var oldest int64
		if err := c.l.readers.QueryRowContext(ctx, oldestSQL, c.tail.id).Scan(&oldest); err != nil {
			return err
		}
		if oldest == 0 || oldest >= c.tail.first() {
			return nil
		}
		if !whole {
			if _, err := c.tail.block().body(ctx, c.l.readers); err != nil {
				return blockError(c.l.readers, c.doc, c.tail.block(), err)
			}
			whole = true
		}
		end := min(oldest+coveredRows, c.tail.first()) - 1
		err := c.l.writeAside("delete rows that a block covers", func(tx *sql.Tx) error {
			_, err := tx.Exec(sweepSQL, c.tail.id, oldest, end)
			return err
		})
		if err != nil {
			return err
		}
	}
}
