package storage

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"

	"inkling/crdt"
)

// Limits of one page of the journal. A longer read is made in pages, because an
// open read keeps the -wal file from being emptied.
const (
	pageRows  = 1000
	pageBytes = 1 << 20
)

// errChecksum is the reason of a [*LostError] when a row is not what was written.
var errChecksum = errors.New("its bytes are not those that were written")

// errRenumbered says that the journal has taken in a block while it was read: its order is another one now.
var errRenumbered = errors.New("the document has just been joined with what others have of it; try again")

// A LostError names a stored change that cannot be read.
type LostError struct {
	Doc       crdt.DocID
	Title     string // of the document, as last listed
	Replica   crdt.ReplicaID
	Seq, Next uint32 // the change's Seqs are Seq … Next-1
	Reason    error
}

func (e *LostError) Error() string {
	return fmt.Sprintf("storage: document %q (%s): change %d to %d of replica %s cannot be read: %v",
		e.Title, e.Doc, e.Seq, e.Next-1, e.Replica, e.Reason)
}

func (e *LostError) Unwrap() error { return e.Reason }

// stored is a change of the journal as read: a row, or one out of the base.
type stored struct {
	crdt.Change
	place    int64
	codec    int
	checksum checksum
	old      bool // it is out of the base, which was checked as a whole
}

// checksum finds a damaged row by itself: sql/README.md says of what it is made.
type checksum [8]byte

func checksumOf(c *crdt.Change) (sum checksum) {
	h := sha256.New()
	head := append(make([]byte, 0, 80), c.Replica[:]...)
	head = binary.BigEndian.AppendUint32(head, c.Seq)
	head = binary.BigEndian.AppendUint32(head, c.Next)
	head = append(head, c.Previous[:]...)
	head = append(head, c.Hash[:]...)
	h.Write(append(head, byte(len(c.Signature))))
	h.Write(c.Signature)
	h.Write(c.Body)
	copy(sum[:], h.Sum(nil))
	return sum
}

// check says whether s is what was written.
func (s *stored) check() error {
	switch {
	case s.old:
		return nil
	case s.codec != codecChange:
		return fmt.Errorf("it is in encoding %d, which needs a newer Inkling", s.codec)
	case checksumOf(&s.Change) != s.checksum:
		return errChecksum
	}
	return nil
}

// change returns the change that s holds.
func (s *stored) change() (*crdt.Change, error) {
	if err := s.check(); err != nil || s.old {
		return &s.Change, err
	}
	c, err := crdt.NewChange(s.Replica, s.Seq, s.Body, s.Hash, s.Signature)
	if err != nil {
		return nil, err
	}
	if c.Next != s.Next {
		return nil, fmt.Errorf("its ops end at %d", c.Next)
	}
	c.Previous = s.Previous
	return c, nil
}

func (s *stored) lost(doc crdt.DocID, title string, reason error) *LostError {
	return &LostError{Doc: doc, Title: title, Replica: s.Replica, Seq: s.Seq, Next: s.Next, Reason: reason}
}

// Changes gives the committed changes of doc in apply order, hashed, those included that are committed meanwhile. Those
// that are kept as a block have few of the signatures that they came with. A change that cannot be read gives a
// [*LostError] in its place, and the next ones follow; after any other error, such as a [*BlockError], nothing follows.
func (l *Library) Changes(doc crdt.DocID) iter.Seq2[*crdt.Change, error] {
	return func(yield func(*crdt.Change, error) bool) {
		d, err := l.Document(doc)
		if err != nil {
			yield(nil, err)
			return
		}
		for s, err := range l.journal(context.Background(), doc, 0) {
			if err != nil {
				yield(nil, err)
				return
			}
			c, err := s.change()
			if err != nil {
				c, err = nil, s.lost(doc, d.Title, err)
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

// journal gives the changes of doc behind the place after, rows unchecked, page by page.
// It ends after an error: [errRenumbered] when other changes got the places that were not given yet.
func (l *Library) journal(ctx context.Context, doc crdt.DocID, after int64) iter.Seq2[*stored, error] {
	return func(yield func(*stored, error) bool) {
		epoch := l.tails.epoch(doc)
		for {
			page, err := l.page(ctx, doc, after)
			if l.tails.epoch(doc) != epoch {
				page, err = nil, errRenumbered
			}
			for _, s := range page {
				if s.place <= after { // or else it might go round for ever
					err = errDisorder
					break
				}
				if !yield(s, nil) {
					return
				}
				after = s.place
			}
			if err != nil {
				yield(nil, fmt.Errorf("storage: read the journal of %s: %w", doc, err))
				return
			}
			if len(page) == 0 {
				return
			}
		}
	}
}

// page returns some of what is behind the place after: out of the base, as far as that goes, else rows. A page of rows
// that does not begin directly behind after may come of a base that covers them since a moment ago.
func (l *Library) page(ctx context.Context, doc crdt.DocID, after int64) ([]*stored, error) {
	for {
		b, err := l.baseOf(ctx, doc)
		if err != nil {
			return nil, err
		}
		if after < b.covers() {
			page, err := l.oldPage(ctx, doc, b, after)
			if errors.Is(err, errGone) && l.moved(ctx, doc, b) {
				continue
			}
			return page, err
		}
		page, err := l.rows(ctx, doc, after)
		if (len(page) == 0 || page[0].place != after+1) && l.moved(ctx, doc, b) {
			continue
		}
		return page, err
	}
}

// baseOf returns the block that doc's journal begins with, nil when there is none.
func (l *Library) baseOf(ctx context.Context, doc crdt.DocID) (*block, error) {
	if l.queue != nil {
		t, err := l.tails.get(doc)
		if err != nil {
			return nil, err
		}
		return t.block(), nil
	}
	id, err := l.number(ctx, doc)
	if err != nil {
		return nil, err
	}
	blocks, err := readBlocks(ctx, l.readers, id)
	return blocks[baseKind], err
}

// moved says whether doc has another base than b by now.
func (l *Library) moved(ctx context.Context, doc crdt.DocID, b *block) bool {
	now, err := l.baseOf(ctx, doc)
	return err == nil && !now.same(b)
}

// number returns doc.id of a document, or [ErrNotFound].
func (l *Library) number(ctx context.Context, doc crdt.DocID) (id int64, err error) {
	err = l.readers.QueryRowContext(ctx, `SELECT id FROM doc WHERE name = ? AND destroyed IS NULL`, doc[:]).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return id, err
}

// oldPage returns some changes of the base b behind the place after.
func (l *Library) oldPage(ctx context.Context, doc crdt.DocID, b *block, after int64) ([]*stored, error) {
	a, err := l.archives.get(ctx, doc, b)
	if err != nil {
		return nil, err
	}
	var page []*stored
	for i, c := range a.changes[after:min(after+pageRows, b.upto)] {
		page = append(page, &stored{Change: *c, place: after + int64(i) + 1, codec: codecChange, old: true})
	}
	return page, nil
}

// changeID is change.id of the change at a place, counted from 1, of the document
// with number doc.
func changeID(doc, place int64) int64 { return doc<<32 | place }

const pageSQL = `
SELECT change.id & 0xffffffff, change.replica, change.seq, change.next_seq, change.previous, change.hash,
       change.signature, change.checksum, change.codec, change.body
  FROM doc CROSS JOIN change ON change.id BETWEEN (doc.id << 32) + ?2 + 1 AND doc.id << 32 | 0xffffffff
 WHERE doc.name = ?1
 ORDER BY change.id LIMIT ?3`

// rows reads about pageBytes of doc's rows behind the place after; with an
// error, what came before it.
func (l *Library) rows(ctx context.Context, doc crdt.DocID, after int64) ([]*stored, error) {
	rows, err := l.readers.QueryContext(ctx, pageSQL, doc[:], after, pageRows)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var page []*stored
	for bytes := 0; bytes < pageBytes && rows.Next(); {
		s, err := scanStored(rows.Scan)
		if err != nil {
			return page, err
		}
		page = append(page, s)
		bytes += len(s.Body)
	}
	return page, rows.Err()
}

func scanStored(scan func(...any) error) (*stored, error) {
	var s stored
	var replica, previous, hash, sum []byte
	if err := scan(&s.place, &replica, &s.Seq, &s.Next, &previous, &hash, &s.Signature, &sum, &s.codec, &s.Body); err != nil {
		return nil, err
	}
	err := errors.Join(fill(s.Replica[:], replica, "replica"), fill(s.Hash[:], hash, "hash"), fill(s.checksum[:], sum, "checksum"))
	if previous != nil {
		err = errors.Join(err, fill(s.Previous[:], previous, "previous"))
	}
	return &s, err
}
