package storage

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"inkling/crdt"
)

// checkBlocks reads all blocks of d, and returns what the base holds, nil when there is none. The error is that of the
// base, without which nothing can be read.
func (l *Library) checkBlocks(ctx context.Context, d Document, r *DocumentReport) (base *checkedBlock, failed error) {
	id, err := l.number(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	for {
		blocks, err := readBlocks(ctx, l.readers, id)
		if err != nil {
			return nil, fmt.Errorf("storage: read the blocks of %s: %w", d.ID, err)
		}
		var spare []string
		base, spare, failed = l.checkEach(ctx, d, blocks)
		now, err := readBlocks(ctx, l.readers, id)
		if err != nil || maps.EqualFunc(blocks, now, func(a, b *block) bool { return *a == *b }) { // else they were replaced meanwhile
			r.Spare = spare
			return base, errors.Join(failed, err)
		}
	}
}

// checkedBlock is a history block that was read and verified.
type checkedBlock struct {
	*block
	doc     *crdt.Doc
	changes []*crdt.Change // in it
}

func (l *Library) checkEach(ctx context.Context, d Document, blocks map[int]*block) (base *checkedBlock, spare []string, failed error) {
	docs := map[[32]byte]*crdt.Doc{}
	for _, kind := range []int{baseKind, successorKind} {
		b := blocks[kind]
		if b == nil {
			continue
		}
		checked, err := l.checkHistory(ctx, d, b)
		switch {
		case err != nil && kind == baseKind:
			return nil, nil, blockError(l.readers, d.ID, b, err)
		case err != nil:
			spare = append(spare, fmt.Sprintf("a block that is to take the place of %d changes cannot be used: %v", b.upto, err))
			continue
		case kind == baseKind:
			base = checked
		}
		docs[b.hash] = checked.doc
	}
	if b := blocks[openKind]; b != nil {
		if err := l.checkOpen(ctx, b, docs[b.of]); err != nil {
			spare = append(spare, fmt.Sprintf("what lets it open faster cannot be used: %v", err))
		}
	}
	return base, spare, nil
}

// checkHistory reads b and verifies it.
func (l *Library) checkHistory(ctx context.Context, d Document, b *block) (*checkedBlock, error) {
	body, err := b.body(ctx, l.readers)
	if err != nil {
		return nil, err
	}
	doc, err := loadBlock(d.ID, body)
	if err != nil {
		return nil, err
	}
	if err := doc.Verify(); err != nil {
		return nil, err
	}
	changes := doc.DeltaSince(nil)
	if int64(len(changes)) != b.upto {
		return nil, fmt.Errorf("it holds %d changes, and should hold %d", len(changes), b.upto)
	}
	ends, err := readBlockHeads(ctx, l.readers, b)
	if err == nil && !sameEnds(ends, doc.Heads()) {
		err = errors.New("its chains do not end where they should")
	}
	return &checkedBlock{b, doc, changes}, err
}

// checkOpen reads the open-block b of a document, and compares it with that.
func (l *Library) checkOpen(ctx context.Context, b *block, of *crdt.Doc) error {
	if of == nil {
		return errors.New("it belongs to no block that can be read")
	}
	body, err := b.body(ctx, l.readers)
	if err != nil {
		return err
	}
	doc, err := crdt.Open(body)
	if err != nil {
		return err
	}
	if doc.ID() != of.ID() || !sameEnds(doc.Heads(), of.Heads()) || doc.Text() != of.Text() {
		return errors.New("it is another document")
	}
	return doc.Check()
}
