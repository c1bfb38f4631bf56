package storage

import (
	"context"
	"crypto/sha256"
	"database/sql"
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

// errHash is the reason of a [*LostError] when a body is not what was written.
var errHash = errors.New("its bytes are not those that were written")

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

// stored is a row of the journal as read.
type stored struct {
	row
	place int64
	codec int
}

// check says whether s is what was written.
func (s *stored) check() error {
	switch {
	case s.codec != codecChange:
		return fmt.Errorf("it is in encoding %d, which needs a newer Inkling", s.codec)
	case sha256.Sum256(s.body) != s.hash:
		return errHash
	}
	return nil
}

// change decodes s, which check has passed.
func (s *stored) change() (*crdt.Change, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	c, err := crdt.DecodeChange(s.body)
	if err != nil {
		return nil, err
	}
	if c.Replica != s.replica || c.Seq != s.seq || c.Next() != s.next {
		return nil, fmt.Errorf("it holds seqs %d to %d of replica %s instead", c.Seq, c.Next(), c.Replica)
	}
	return c, nil
}

func (s *stored) lost(doc crdt.DocID, title string, reason error) *LostError {
	return &LostError{Doc: doc, Title: title, Replica: s.replica, Seq: s.seq, Next: s.next, Reason: reason}
}

// Changes gives the committed changes of doc in apply order, those included that
// are committed meanwhile. A change that cannot be read gives a [*LostError] in its
// place, and the next ones follow; after any other error nothing follows.
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

// journal gives the rows of doc behind the place after, unchecked, page by page.
// It ends after an error.
func (l *Library) journal(ctx context.Context, doc crdt.DocID, after int64) iter.Seq2[*stored, error] {
	return func(yield func(*stored, error) bool) {
		for {
			page, err := l.page(ctx, doc, after)
			for _, s := range page {
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

// changeID is change.id of the change at a place, counted from 1, of the document
// with number doc.
func changeID(doc, place int64) int64 { return doc<<32 | place }

const pageSQL = `
SELECT change.id & 0xffffffff, change.replica, change.seq, change.next_seq, change.hash, change.codec, change.body
  FROM doc CROSS JOIN change ON change.id BETWEEN (doc.id << 32) + ?2 + 1 AND doc.id << 32 | 0xffffffff
 WHERE doc.name = ?1
 ORDER BY change.id LIMIT ?3`

// page reads about pageBytes of doc's journal behind the place after; with an
// error, what came before it.
func (l *Library) page(ctx context.Context, doc crdt.DocID, after int64) ([]*stored, error) {
	rows, err := l.readers.QueryContext(ctx, pageSQL, doc[:], after, pageRows)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var page []*stored
	for bytes := 0; bytes < pageBytes && rows.Next(); {
		s, err := scanStored(rows)
		if err != nil {
			return page, err
		}
		page = append(page, s)
		bytes += len(s.body)
	}
	return page, rows.Err()
}

func scanStored(rows *sql.Rows) (*stored, error) {
	var s stored
	var replica, hash []byte
	if err := rows.Scan(&s.place, &replica, &s.seq, &s.next, &hash, &s.codec, &s.body); err != nil {
		return nil, err
	}
	return &s, errors.Join(fill(s.replica[:], replica, "replica"), fill(s.hash[:], hash, "hash"))
}

// Since returns the bodies of committed changes of doc that a copy with version
// have lacks, in apply order: none when it lacks nothing, else at least one, and
// about maxBytes at most; ask again with the version they lead to for the rest. A
// body that is not what was written gives a [*LostError], so that it is not passed
// on.
func (l *Library) Since(doc crdt.DocID, have crdt.VersionVector, maxBytes int) ([][]byte, error) {
	t, err := l.tail(doc)
	if err != nil {
		return nil, err
	}
	start, err := l.firstLacking(doc, t, have)
	if err != nil || start == 0 {
		return nil, err
	}
	var bodies [][]byte
	for s, err := range l.journal(context.Background(), doc, start-1) {
		switch {
		case err != nil:
			return nil, err
		case s.next <= have[s.replica]:
			continue
		case len(bodies) > 0 && maxBytes < len(s.body):
			return bodies, nil
		}
		if err := s.check(); err != nil {
			d, _ := l.Document(doc) // for its title only
			return nil, s.lost(doc, d.Title, err)
		}
		bodies = append(bodies, s.body)
		maxBytes -= len(s.body)
	}
	return bodies, nil
}

// firstLacking returns the place of the first change that have lacks, 0 for none:
// one look-up per replica that goes on. Rows of a replica touch, so the last row
// that begins at or before a Seq holds it.
func (l *Library) firstLacking(doc crdt.DocID, t *tail, have crdt.VersionVector) (place int64, err error) {
	for r, next := range t.version {
		if have[r] >= next {
			continue
		}
		var p int64
		err := l.readers.QueryRow(`SELECT id & 0xffffffff FROM change WHERE doc = ? AND replica = ? AND seq <= ? ORDER BY seq DESC LIMIT 1`,
			t.id, r[:], have[r]).Scan(&p)
		if err != nil {
			return 0, fmt.Errorf("storage: find changes of %s: %w", doc, err)
		}
		if place == 0 || p < place {
			place = p
		}
	}
	return place, nil
}
