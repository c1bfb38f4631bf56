package storage

import (
	"context"
	"database/sql"
	"errors"

	"inkling/crdt"
)

// openBlockFrom is the length in bytes from which on a block gets an open-block beside it, which takes two to three
// times as many. A variable for tests.
var openBlockFrom = 256 << 10

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
	if err := mayTravel(body); err != nil {
		return err
	}
	if _, err := c.prove(ctx, body, c.tail.place); err != nil {
		return err
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
	return c.l.writeAside("store a block", func(tx *sql.Tx) error { return c.insert(tx, next, body, open) })
}

// errVanished says that the document was destroyed meanwhile.
var errVanished = errors.New("the document is no longer there")

// insert stores the successor, and the open-block if there is one.
func (c *compaction) insert(tx *sql.Tx, next *block, body, open []byte) error {
	var there bool
	if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM change WHERE id = ? AND hash = ?)`, c.tail.last(), c.rows[len(c.rows)-1].Hash[:]).Scan(&there); err != nil {
		return err
	}
	if _, err := findDocument(tx, c.doc); err != nil || !there {
		return errors.Join(err, errVanished)
	}
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
