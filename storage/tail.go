package storage

import (
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"inkling/crdt"
)

// maxTails is how many documents' tails are kept in memory.
const maxTails = 1024

// tail is where the journal of a document ends.
type tail struct {
	id      int64 // doc.id
	version crdt.VersionVector
	place   int64 // of the last change; 0 when there is none
}

func (t *tail) clone() *tail {
	return &tail{id: t.id, version: t.version.Clone(), place: t.place}
}

// extend moves t past those changes that the journal lacks and returns them. When one
// does not join on, t stays as it is and all are refused with a [*SeqError].
func (t *tail) extend(changes []*crdt.Change) (fresh []*crdt.Change, err error) {
	version := t.version.Clone()
	for _, c := range changes {
		switch want := version[c.Replica]; {
		case c.Next <= want:
		case c.Seq == want:
			version[c.Replica] = c.Next
			fresh = append(fresh, c)
		default:
			return nil, &SeqError{Replica: c.Replica, Seq: c.Seq, WantSeq: want}
		}
	}
	t.version, t.place = version, t.place+int64(len(fresh))
	return fresh, nil
}

// tails remembers the tails of documents in use. What it holds is committed; a
// tail in it is never altered, only replaced.
type tails struct {
	readers *sql.DB

	mu    sync.Mutex // also held while a tail is read, so that no older one replaces a newer
	byDoc map[crdt.DocID]*tail
}

func newTails(readers *sql.DB) *tails {
	return &tails{readers: readers, byDoc: map[crdt.DocID]*tail{}}
}

// get returns doc's tail, and reads it when it is not remembered. It must not be
// altered. Unknown documents give [ErrNotFound].
func (s *tails) get(doc crdt.DocID) (*tail, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.byDoc[doc]; t != nil {
		return t, nil
	}
	t, err := readTail(s.readers, doc)
	if err != nil {
		return nil, err
	}
	s.put(doc, t)
	return t, nil
}

// publish makes tails known that a commit has moved.
func (s *tails) publish(grown map[crdt.DocID]*tail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for doc, t := range grown {
		s.put(doc, t)
	}
}

func (s *tails) put(doc crdt.DocID, t *tail) {
	if s.byDoc[doc] == nil && len(s.byDoc) >= maxTails {
		for other := range s.byDoc { // any one: it is read again when needed
			delete(s.byDoc, other)
			break
		}
	}
	s.byDoc[doc] = t
}

// forget drops all, so that it is read again.
func (s *tails) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.byDoc)
}

// lastPlaceSQL gives doc.id and the place of a document's last change.
const lastPlaceSQL = `
SELECT id, (SELECT coalesce(max(change.id), 0) & 0xffffffff FROM change
             WHERE change.id BETWEEN doc.id << 32 AND doc.id << 32 | 0xffffffff)
  FROM doc WHERE name = ?`

// versionSQL finds each replica of a document and the end of its chain by stepping
// through the unique index: two look-ups per replica, however long the journal is.
const versionSQL = `
WITH RECURSIVE replicas (replica) AS (
    SELECT (SELECT min(replica) FROM change WHERE doc = ?1)
    UNION ALL
    SELECT (SELECT min(replica) FROM change WHERE doc = ?1 AND replica > replicas.replica)
      FROM replicas WHERE replicas.replica IS NOT NULL
)
SELECT replica,
       (SELECT next_seq FROM change WHERE doc = ?1 AND replica = replicas.replica ORDER BY seq DESC LIMIT 1)
  FROM replicas WHERE replica IS NOT NULL`

func readTail(db *sql.DB, doc crdt.DocID) (*tail, error) {
	t := &tail{version: crdt.VersionVector{}}
	err := db.QueryRow(lastPlaceSQL, doc[:]).Scan(&t.id, &t.place)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("storage: read the version of %s: %w", doc, err)
	}
	rows, err := db.Query(versionSQL, t.id)
	if err != nil {
		return nil, fmt.Errorf("storage: read the version of %s: %w", doc, err)
	}
	_, err = collect(rows, func(scan func(...any) error) (_ struct{}, err error) {
		var replica []byte
		var next uint32
		var r crdt.ReplicaID
		if err = scan(&replica, &next); err == nil {
			err = fill(r[:], replica, "replica")
		}
		t.version[r] = next
		return struct{}{}, err
	})
	if err != nil {
		return nil, fmt.Errorf("storage: read the version of %s: %w", doc, err)
	}
	return t, nil
}

// Version returns what the committed changes of doc cover. It is quick: the answer
// is in memory for documents in use. Unknown documents give [ErrNotFound].
func (l *Library) Version(doc crdt.DocID) (crdt.VersionVector, error) {
	t, err := l.tail(doc)
	if err != nil {
		return nil, err
	}
	return t.version.Clone(), nil
}

// tail returns doc's tail; it must not be altered. A library opened for reading
// remembers none: its owner may be writing.
func (l *Library) tail(doc crdt.DocID) (*tail, error) {
	if l.queue == nil {
		return readTail(l.readers, doc)
	}
	return l.tails.get(doc)
}
