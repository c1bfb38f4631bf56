package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"inkling/crdt"
)

// A block that came from elsewhere becomes the base of the journal here. What the journal has and the block has not (own
// edits, another tail) is added to it first, so the new base is a block of both. Rows that come while that is computed stay
// rows, behind the new base. So it is one short transaction, however much is in it, and there is no moment at
// which the journal has only some of the block's changes: those have few signatures, and would be vouched for by nothing.

// ErrWrongBlock says that what came as a block is not what it should be: no block, of another document, or not what its devices
// signed.
var ErrWrongBlock = errors.New("storage: this is not a block of the document as its people wrote it")

// An Arrival is a block that was taken in.
type Arrival struct {
	News []*crdt.Change // what the journal had not: hashed, in an order in which they can be applied
}

// TakeBlock brings a history block that came from elsewhere ([Library.BaseBytes]) into the journal of doc. title tells what to list the
// document as. It returns after the commit. Before, all of
// the block is verified: that it is of this document, every hash, every signature, that each chain is a member's, and that
// it ends with the given heads. That takes as long as opening it, and some µs for each byte of text, on the caller's
// goroutine; memory is at most about [crdt.MaxBlockCost], one call at a time. The error is [ErrNotFound] or wraps [ErrWrongBlock]: then
// nothing was done.
func (l *Library) TakeBlock(ctx context.Context, doc crdt.DocID, body []byte, ends []crdt.Head, title func(*crdt.Doc) string, now time.Time) (*Arrival, error) {
	if l.queue == nil {
		return nil, ErrReadOnly
	}
	l.compacting.Lock()
	defer l.compacting.Unlock()
	t, err := l.tail(doc)
	if err != nil {
		return nil, err
	}
	a := &arriving{l: l, doc: doc, tail: t, body: body}
	if err := a.verify(ends); err != nil {
		return nil, fmt.Errorf("storage: take a block for %s: %w: %w", doc, ErrWrongBlock, err)
	}
	if err = a.compare(ctx); err == nil && len(a.extra) > 0 && len(a.news) > 0 {
		err = a.unite()
	}
	if err == nil && len(a.news) > 0 {
		title, ends := title(a.d), sortHeads(a.d.Heads())
		put := func(tx *sql.Tx) error { return a.put(tx, ends, title, now) }
		err = l.writeThen("take a block", put, func() { l.tails.renumbered(doc) })
	}
	if err != nil {
		return nil, fmt.Errorf("storage: take a block for %s: %w", doc, err)
	}
	return &Arrival{News: a.news}, nil
}

// arriving is one call of TakeBlock.
type arriving struct {
	l     *Library
	doc   crdt.DocID
	tail  *tail
	body  []byte
	d     *crdt.Doc      // of the body
	has   *archive       // what came
	news  []*crdt.Change // of that: what the journal up to tail has not
	extra []*crdt.Change // what only the journal has
}

func (a *arriving) verify(ends []crdt.Head) error {
	switch cost, err := crdt.BlockCost(a.body); {
	case err != nil:
		return err
	case len(a.body) > crdt.MaxBlock || cost > crdt.MaxBlockCost:
		return fmt.Errorf("%d bytes that claim %d of memory", len(a.body), cost)
	}
	var err error
	if a.d, err = loadBlock(a.doc, a.body); err != nil {
		return err
	}
	if err := a.d.Verify(); err != nil {
		return err
	}
	if !sameEnds(a.d.Heads(), ends) {
		return errors.New("its chains do not end where it was said that they do")
	}
	if a.has = unpack(a.d, [32]byte{}); len(a.has.changes) == 0 {
		return errors.New("it holds no changes")
	}
	return nil
}

// compare finds what only one of both has.
func (a *arriving) compare(ctx context.Context) error {
	known := make([]bool, len(a.has.changes))
	row, err := a.l.Document(a.doc)
	if err != nil {
		return err
	}
	for s, err := range a.l.journal(ctx, a.doc, 0) {
		if err != nil {
			return err
		}
		if s.place > a.tail.place {
			break
		}
		c, err := s.change()
		if err != nil {
			return s.lost(a.doc, row.Title, err)
		}
		if place := a.has.find(headOf(c)); place > 0 {
			known[place-1] = true
			continue
		}
		a.extra = append(a.extra, c)
	}
	for i, c := range a.has.changes {
		if !known[i] {
			a.news = append(a.news, c)
		}
	}
	return nil
}

// unite makes the body a block of what is in it and what only the journal has, and proves it.
func (a *arriving) unite() error {
	for _, c := range a.extra {
		if _, err := a.d.Load(c); err != nil {
			return err
		}
	}
	var err error
	if a.body, err = a.d.HistoryBlock(); err != nil {
		return err
	}
	if err := mayTravel(a.body); err != nil {
		return err
	}
	ends, count := a.d.Heads(), len(a.has.changes)+len(a.extra)
	if a.d, err = loadBlock(a.doc, a.body); err == nil {
		err = a.d.Verify()
	}
	if err != nil {
		return err
	}
	if a.has = unpack(a.d, [32]byte{}); len(a.has.changes) != count || !sameEnds(a.d.Heads(), ends) {
		return fmt.Errorf("a block of %d changes for %d, or other ends", len(a.has.changes), count)
	}
	return nil
}

const (
	copyRowsSQL = `
SELECT change.id & 0xffffffff, change.replica, change.seq, change.next_seq, change.previous, change.hash,
       change.signature, change.checksum, change.codec, change.body
  FROM change WHERE id BETWEEN ? AND ? ORDER BY id`
	deleteRowsSQL = `DELETE FROM change WHERE id BETWEEN ? AND ?`
)

// put makes the body the base, in one transaction: the base that was goes, and the rows that came since the
// comparison get the places behind the new one.
func (a *arriving) put(tx *sql.Tx, ends heads, title string, now time.Time) error {
	id, err := findDocument(tx, a.doc)
	if err != nil {
		return err
	}
	b := &block{kind: baseKind, upto: int64(len(a.has.changes))}
	for _, c := range a.has.changes {
		b.weight += weightOf(1, int64(len(c.Body)))
	}
	for _, kind := range []int{baseKind, successorKind, openKind} {
		if err := deleteBlock(tx, id, kind); err != nil {
			return err
		}
	}
	if err := insertBlock(tx, id, b, a.body, ends.list()); err != nil {
		return err
	}
	for r, tails := range ends {
		if len(tails) > 1 {
			if _, err := tx.Exec(insertForkSQL, id, r[:]); err != nil {
				return err
			}
		}
	}
	if err := a.moveRows(tx, id, b.upto); err != nil {
		return err
	}
	_, err = tx.Exec(setListingSQL, id, trimTitle(title), now.UnixMilli())
	return err
}

// moveRows gives the rows that came since the comparison places behind upto, but those that the block has.
func (a *arriving) moveRows(tx *sql.Tx, id, upto int64) error {
	from, to := changeID(id, a.tail.place+1), changeID(id, 1<<32-1)
	rows, err := tx.Query(copyRowsSQL, from, to)
	if err != nil {
		return err
	}
	list, err := collect(rows, scanStored)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(deleteRowsSQL, from, to); err != nil {
		return err
	}
	for _, s := range list {
		if a.has.knows(&s.Change) {
			continue
		}
		upto++
		_, err := tx.Exec(insertChangeSQL, changeID(id, upto), id, s.Replica[:], s.Seq, s.Next, previousColumn(&s.Change), s.Hash[:],
			s.Signature, s.checksum[:], s.codec, s.Body)
		if err != nil {
			return err
		}
	}
	return nil
}

// mayTravel says whether a block is not too large to be given as a whole.
func mayTravel(body []byte) error {
	cost, err := crdt.BlockCost(body)
	if err == nil && (len(body) > crdt.MaxBlock || cost > crdt.MaxBlockCost) {
		err = fmt.Errorf("a block of %d bytes that takes %d of memory could be given to nobody as a whole, so the changes stay as they are", len(body), cost)
	}
	return err
}
