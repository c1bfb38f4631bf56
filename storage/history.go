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

// maxStretch is how many bytes of frames [Library.Since] gives beyond what it was
// asked for, so as to end at a signature.
const maxStretch = 4 << 20

// errChecksum is the reason of a [*LostError] when a row is not what was written.
var errChecksum = errors.New("its bytes are not those that were written")

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
	crdt.Change
	place    int64
	codec    int
	checksum checksum
}

// checksum finds a damaged row by itself: sql/README.md says of what it is made.
type checksum [8]byte

func checksumOf(c *crdt.Change) (sum checksum) {
	h := sha256.New()
	head := append(make([]byte, 0, 64), c.Replica[:]...)
	head = binary.BigEndian.AppendUint32(head, c.Seq)
	head = binary.BigEndian.AppendUint32(head, c.Next)
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
	case s.codec != codecChange:
		return fmt.Errorf("it is in encoding %d, which needs a newer Inkling", s.codec)
	case checksumOf(&s.Change) != s.checksum:
		return errChecksum
	}
	return nil
}

// change returns the change that s holds.
func (s *stored) change() (*crdt.Change, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	c, err := crdt.NewChange(s.Replica, s.Seq, s.Body, s.Hash, s.Signature)
	if err != nil {
		return nil, err
	}
	if c.Next != s.Next {
		return nil, fmt.Errorf("its ops end at %d", c.Next)
	}
	return c, nil
}

func (s *stored) lost(doc crdt.DocID, title string, reason error) *LostError {
	return &LostError{Doc: doc, Title: title, Replica: s.Replica, Seq: s.Seq, Next: s.Next, Reason: reason}
}

// Changes gives the committed changes of doc in apply order, hashed, those included
// that are committed meanwhile. A change that cannot be read gives a [*LostError] in its
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
SELECT change.id & 0xffffffff, change.replica, change.seq, change.next_seq, change.hash, change.signature,
       change.checksum, change.codec, change.body
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
		bytes += len(s.Body)
	}
	return page, rows.Err()
}

func scanStored(rows *sql.Rows) (*stored, error) {
	var s stored
	var replica, hash, sum []byte
	if err := rows.Scan(&s.place, &replica, &s.Seq, &s.Next, &hash, &s.Signature, &sum, &s.codec, &s.Body); err != nil {
		return nil, err
	}
	return &s, errors.Join(fill(s.Replica[:], replica, "replica"), fill(s.Hash[:], hash, "hash"),
		fill(s.checksum[:], sum, "checksum"))
}

// Since returns the frames (crdt/FORMAT.md) of committed changes of doc that a copy
// with version have lacks, in apply order: none when it lacks nothing, else at least
// one, and about maxBytes at most; ask again with the version they lead to for the
// rest. They end where signatures cover all of them, because nobody can apply
// others, and for that go up to 4 MiB beyond maxBytes. A row that is not what was
// written gives a [*LostError], so that it is not passed on.
func (l *Library) Since(doc crdt.DocID, have crdt.VersionVector, maxBytes int) ([][]byte, error) {
	t, err := l.tail(doc)
	if err != nil {
		return nil, err
	}
	start, err := l.firstLacking(doc, t, have)
	if err != nil || start == 0 {
		return nil, err
	}
	var lacking delta
	for s, err := range l.journal(context.Background(), doc, start-1) {
		switch {
		case err != nil:
			return nil, err
		case s.Next <= have[s.Replica]:
			continue
		}
		if err := s.check(); err != nil {
			d, _ := l.Document(doc) // for its title only
			return nil, s.lost(doc, d.Title, err)
		}
		if !lacking.add(&s.Change, maxBytes) {
			break
		}
	}
	return lacking.frames, nil
}

// delta gathers frames for a copy that lacks them.
type delta struct {
	frames   [][]byte
	bytes    int
	unsigned map[crdt.ReplicaID]bool // chains whose last frame no signature covers yet
}

// add appends c, unless there is enough.
func (d *delta) add(c *crdt.Change, maxBytes int) bool {
	if len(d.unsigned) > 0 {
		maxBytes += maxStretch
	}
	frame := c.AppendFrame(nil)
	if len(d.frames) > 0 && d.bytes+len(frame) > maxBytes {
		return false
	}
	d.frames = append(d.frames, frame)
	d.bytes += len(frame)
	if c.Signature != nil {
		delete(d.unsigned, c.Replica)
		return true
	}
	if d.unsigned == nil {
		d.unsigned = map[crdt.ReplicaID]bool{}
	}
	d.unsigned[c.Replica] = true
	return true
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
