package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"inkling/crdt"
)

// Block is a document's changes as one, as [crdt.LoadBlock] reads them.
type Block struct {
	Bytes []byte
	Heads []crdt.Head // where the chains in it end
}

// Block returns the newest block of doc; false when its changes are all kept as rows. What came since is to be had by
// [Library.Since] with the block's heads. The error is [ErrNotFound] or a [*BlockError].
func (l *Library) Block(doc crdt.DocID) (b Block, ok bool, err error) {
	ctx := context.Background()
	for {
		var at *block
		b, at, err = l.newestBlock(ctx, doc)
		if !errors.Is(err, errGone) || !l.moved(ctx, doc, at) {
			return b, at != nil && err == nil, err
		}
	}
}

func (l *Library) newestBlock(ctx context.Context, doc crdt.DocID) (Block, *block, error) {
	id, err := l.number(ctx, doc)
	if err != nil {
		return Block{}, nil, err
	}
	blocks, err := readBlocks(ctx, l.readers, id)
	if err != nil {
		return Block{}, nil, err
	}
	if next := blocks[successorKind]; next != nil {
		if body, err := next.body(ctx, l.readers); err == nil {
			ends, err := readBlockHeads(ctx, l.readers, next)
			return Block{body, ends}, next, err
		}
	}
	at := blocks[baseKind]
	if at == nil {
		return Block{}, nil, nil
	}
	body, err := at.body(ctx, l.readers)
	if err != nil {
		return Block{}, at, blockError(l.readers, doc, at, err)
	}
	ends, err := readBlockHeads(ctx, l.readers, at)
	return Block{body, ends}, at, err
}

// ErrNotEmpty says that a document has changes already.
var ErrNotEmpty = errors.New("storage: the document has changes already")

// AdoptBlock stores a block that came from elsewhere ([Library.Block]) as the history of doc, which must have none yet,
// with its title and the time of its last change as of [Library.Append]. It returns after the commit. Before, all of
// the block is verified: that it is of this document, every hash, every signature, and that each chain is a member's.
// That takes as long as opening it, and some µs for each byte of text; memory is at most 64 MB and 4 KB for each byte
// of the block. The error is a *crdt.FormatError for bytes that are no block, [ErrNotFound], [ErrNotEmpty], or says
// what was forged.
func (l *Library) AdoptBlock(doc crdt.DocID, body []byte, title string, now time.Time) error {
	if _, err := l.tail(doc); err != nil {
		return err
	}
	d, err := loadBlock(doc, body)
	if err == nil {
		err = d.Verify()
	}
	if err != nil {
		return fmt.Errorf("storage: adopt a block for %s: %w", doc, err)
	}
	b := &block{kind: baseKind}
	ends := sortHeads(d.Heads())
	for _, c := range unpack(d, [32]byte{}).changes {
		b.upto++
		b.weight += weightOf(1, int64(len(c.Body)))
	}
	if b.upto == 0 {
		return fmt.Errorf("storage: adopt a block for %s: it holds no changes", doc)
	}
	put := func(tx *sql.Tx) error { return adoptBlock(tx, doc, b, body, ends, title, now) }
	return l.writeThen("adopt a block", put, func() { l.tails.drop(doc) })
}

// adoptBlock makes b, which has these bytes and ends, the history of doc.
func adoptBlock(tx *sql.Tx, doc crdt.DocID, b *block, body []byte, ends heads, title string, now time.Time) error {
	id, err := findDocument(tx, doc)
	if err != nil {
		return err
	}
	var any bool
	err = tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM change WHERE doc = ?1) OR EXISTS (SELECT 1 FROM block WHERE doc = ?1)`, id).Scan(&any)
	if err != nil {
		return err
	}
	if any {
		return ErrNotEmpty
	}
	if err := insertBlock(tx, id, b, body, ends.list()); err != nil {
		return err
	}
	for r, tails := range ends {
		if len(tails) > 1 {
			if _, err := tx.Exec(insertForkSQL, id, r[:]); err != nil {
				return err
			}
		}
	}
	_, err = tx.Exec(setListingSQL, id, trimTitle(title), now.UnixMilli())
	return err
}
