package storage

import (
	"context"
	"errors"

	"inkling/crdt"
)

// Load builds doc of what is on disk, with all that was committed before the call: out of the newest block, or the
// open-block that belongs to it, and the rows behind that. Deleted text stays packed in a block, see
// [crdt.Doc.DeletedText]. Hashes and signatures are taken on trust; [Library.Check] checks them. The errors are
// [ErrNotFound], a [*LostError] for a row and a [*BlockError] for a block that cannot be read and that no rows can
// stand in for.
func (l *Library) Load(doc crdt.DocID) (*crdt.Doc, error) {
	row, err := l.Document(doc)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	for {
		epoch := l.tails.epoch(doc)
		d, b, err := l.openBlocks(ctx, row)
		if errors.Is(err, errGone) && l.moved(ctx, doc, b) {
			continue
		}
		if err == nil && l.tails.epoch(doc) == epoch {
			err = l.loadRows(ctx, row, d, b.covers())
		}
		if l.tails.epoch(doc) != epoch {
			continue
		}
		return d, err
	}
}

// openBlocks returns the document as the newest block has it that can be read, and that block; without a block an empty
// one.
func (l *Library) openBlocks(ctx context.Context, row Document) (*crdt.Doc, *block, error) {
	id, err := l.number(ctx, row.ID)
	if err != nil {
		return nil, nil, err
	}
	blocks, err := readBlocks(ctx, l.readers, id)
	if err != nil {
		return nil, nil, err
	}
	if next := blocks[successorKind]; next != nil {
		// One that cannot be read is no loss: base and rows say the same, and Check and Compact find out.
		if d, err := l.openBlock(ctx, row.ID, next, blocks[openKind]); err == nil {
			return d, next, nil
		}
	}
	b := blocks[baseKind]
	if b == nil {
		return crdt.New(row.Genesis), nil, nil
	}
	d, err := l.openBlock(ctx, row.ID, b, blocks[openKind])
	if err != nil {
		err = blockError(l.readers, row.ID, b, err)
	}
	return d, b, err
}

// openBlock returns the document of b, from the open-block if that is b's. An open-block that cannot be read is as good
// as none: it may be in a version that this program does not know, and Check finds out.
func (l *Library) openBlock(ctx context.Context, doc crdt.DocID, b, open *block) (*crdt.Doc, error) {
	if open != nil && open.of == b.hash {
		body, err := open.body(ctx, l.readers)
		if err == nil {
			if d, err := crdt.Open(body); err == nil && d.ID() == doc {
				return d, nil
			}
		}
	}
	body, err := b.body(ctx, l.readers)
	if err != nil {
		return nil, err
	}
	return loadBlock(doc, body)
}

// loadRows brings the rows behind the place after into d.
func (l *Library) loadRows(ctx context.Context, row Document, d *crdt.Doc, after int64) error {
	for s, err := range l.journal(ctx, row.ID, after) {
		if err != nil {
			return err
		}
		c, err := s.change()
		if err != nil {
			return s.lost(row.ID, row.Title, err)
		}
		if _, err := d.Load(c); err != nil {
			return err
		}
	}
	return nil
}
