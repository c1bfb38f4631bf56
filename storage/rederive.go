package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"inkling/crdt"
)

// Rederive makes anew what the library itself derives from a document's journal: which chains forked, and where the
// chains in its blocks end. What is derived from the text, [Library.Index] makes. The error is a [*LostError] or
// [*BlockError] where the journal cannot be read, and then nothing is altered; unknown documents give [ErrNotFound]. It
// costs what reading all changes does.
func (l *Library) Rederive(ctx context.Context, doc crdt.DocID) error {
	for {
		d, err := l.derived(ctx, doc)
		if err != nil {
			return fmt.Errorf("storage: derive anew of %s: %w", doc, err)
		}
		fresh := false
		err = l.onWriter("derive anew", func(db *sql.DB) error {
			err := transact(db, func(tx *sql.Tx) (err error) {
				fresh, err = d.write(tx)
				return err
			})
			l.tails.drop(doc)
			return err
		})
		if err != nil || fresh {
			return err
		}
	}
}

// derivation is what follows from a document's journal up to a place.
type derivation struct {
	id     int64
	place  int64
	forked map[crdt.ReplicaID]bool
	ends   map[int64][]crdt.Head // by block
}

func (l *Library) derived(ctx context.Context, doc crdt.DocID) (*derivation, error) {
	id, err := l.number(ctx, doc)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	d := &derivation{id: id, ends: map[int64][]crdt.Head{}}
	chains := newChainCheck()
	for c, err := range l.Changes(doc) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		if problem := chains.add(c); problem != "" {
			return nil, fmt.Errorf("the change at %d of replica %s %s", c.Seq, c.Replica, problem)
		}
		d.place++
	}
	d.forked = chains.forked
	blocks, err := readBlocks(ctx, l.readers, id)
	if err != nil {
		return nil, err
	}
	for _, kind := range []int{baseKind, successorKind} {
		b := blocks[kind]
		if b == nil {
			continue
		}
		body, err := b.body(ctx, l.readers)
		if errors.Is(err, errGone) || kind == successorKind && err != nil {
			continue // it was replaced just now; or it is one that compaction will drop
		}
		of, err := loadBlock(doc, body)
		if err != nil && kind == successorKind {
			continue
		}
		if err != nil {
			return nil, blockError(l.readers, doc, b, err)
		}
		d.ends[b.id] = of.Heads()
	}
	return d, nil
}

// write writes d in the place of what is there, unless a change or a block has come since.
func (d *derivation) write(tx *sql.Tx) (fresh bool, err error) {
	err = tx.QueryRow(`SELECT ? = `+lastPlace+` FROM doc WHERE id = ?`, d.place, d.id).Scan(&fresh)
	if err != nil || !fresh {
		return false, err
	}
	if _, err := tx.Exec(`DELETE FROM fork WHERE doc = ?`, d.id); err != nil {
		return false, err
	}
	for r := range d.forked {
		if _, err := tx.Exec(insertForkSQL, d.id, r[:]); err != nil {
			return false, err
		}
	}
	blocks, err := readBlocks(context.Background(), tx, d.id)
	if err != nil {
		return false, err
	}
	for _, b := range blocks {
		ends, known := d.ends[b.id]
		if !known {
			continue
		}
		if _, err := tx.Exec(`DELETE FROM head WHERE block = ?`, b.id); err != nil {
			return false, err
		}
		if err := insertHeads(tx, b, ends); err != nil {
			return false, err
		}
	}
	return true, nil
}
