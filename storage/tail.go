package storage

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"inkling/crdt"
)

// maxTails is how many documents' tails are kept in memory.
const maxTails = 1024

// tail is where the journal of a document ends, and the block that it begins with.
type tail struct {
	id    int64 // doc.id
	heads heads
	place int64 // of the last change; 0 when there is none
	base  *base // nil when there is none
}

// base is a journal's block of that kind, and where the chains in it end. It is never altered.
type base struct {
	*block
	heads heads
}

// block returns the base's block, nil when there is none.
func (t *tail) block() *block {
	if t.base == nil {
		return nil
	}
	return t.base.block
}

// baseHeads returns where the chains in the base end.
func (t *tail) baseHeads() heads {
	if t.base == nil {
		return nil
	}
	return t.base.heads
}

// heads is ends of chains, by chain. The slices in it are never altered, only replaced.
type heads map[crdt.ReplicaID][]crdt.Head

// sortHeads returns heads by chain, the greatest Seq of each first.
func sortHeads(list []crdt.Head) heads {
	sorted := heads{}
	for _, h := range list {
		sorted[h.Replica] = append(sorted[h.Replica], h)
	}
	for _, told := range sorted {
		slices.SortFunc(told, func(a, b crdt.Head) int { return cmp.Compare(b.Next, a.Next) })
	}
	return sorted
}

// list returns all heads, in no order.
func (h heads) list() []crdt.Head {
	list := make([]crdt.Head, 0, len(h))
	for _, ends := range h {
		list = append(list, ends...)
	}
	return list
}

// headOf returns the head that a chain has when c is its last change.
func headOf(c *crdt.Change) crdt.Head {
	return crdt.Head{Replica: c.Replica, Next: c.Next, Stamp: crdt.Stamp(c.Hash[:])}
}

// previousOf returns the head that c goes on from, the zero one when c is a chain's first.
func previousOf(c *crdt.Change) crdt.Head {
	if c.Seq == 0 && c.Previous == (crdt.Stamp{}) {
		return crdt.Head{}
	}
	return crdt.Head{Replica: c.Replica, Next: c.Seq, Stamp: c.Previous}
}

// previousColumn returns change.previous of c.
func previousColumn(c *crdt.Change) []byte {
	if c.Seq == 0 {
		return nil
	}
	return c.Previous[:]
}

// last returns change.id of the last change.
func (t *tail) last() int64 { return changeID(t.id, t.place) }

// first returns the least change.id of a row behind the base.
func (t *tail) first() int64 { return changeID(t.id, t.block().covers()+1) }

func (t *tail) clone() *tail {
	return &tail{id: t.id, heads: maps.Clone(t.heads), place: t.place, base: t.base}
}

// tails remembers the tails of documents in use. What it holds is committed; a
// tail in it is never altered, only replaced.
type tails struct {
	readers *sql.DB

	reading sync.Mutex // held by who reads many sums
	mu      sync.Mutex // also held while a tail is read, so that no older one replaces a newer
	byDoc   map[crdt.DocID]*tail
	sums    map[crdt.DocID][32]byte // of documents' heads, as far as they are known; see sums.go
	moved   map[crdt.DocID]bool     // which documents got other heads since somebody began to read sums; nil: nobody does
	epochs  map[crdt.DocID]int      // how often each journal got another order since the library was opened
}

func newTails(readers *sql.DB) *tails {
	return &tails{readers: readers, byDoc: map[crdt.DocID]*tail{}, epochs: map[crdt.DocID]int{},
		sums: map[crdt.DocID][32]byte{}}
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
		s.move(doc)
	}
}

// rebase makes known that a commit has given doc another base, which has no change that the journal had not.
func (s *tails) rebase(doc crdt.DocID, to *base) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.byDoc[doc]; t != nil {
		t = t.clone()
		t.base = to
		s.byDoc[doc] = t
	}
}

// renumbered makes known that a commit has given doc's journal another order.
func (s *tails) renumbered(doc crdt.DocID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epochs[doc]++
	delete(s.byDoc, doc)
	s.move(doc)
}

// epoch returns what changes when doc's journal gets another order.
func (s *tails) epoch(doc crdt.DocID) int {
	if s == nil {
		return 0 // of a library opened for reading
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.epochs[doc]
}

// drop forgets the tail of doc, so that it is read again.
func (s *tails) drop(doc crdt.DocID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byDoc, doc)
	s.move(doc)
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
	s.move(crdt.DocID{})
}

// lastPlaceSQL gives doc.id and the place of a document's last row.
const lastPlaceSQL = `
SELECT id, (SELECT coalesce(max(change.id), 0) & 0xffffffff FROM change
             WHERE change.id BETWEEN doc.id << 32 AND doc.id << 32 | 0xffffffff)
  FROM doc WHERE name = ? AND destroyed IS NULL`

// headsSQL finds each replica of a document that has rows and the end of its chain by stepping
// through the index: two look-ups per replica, however long the journal is. Of a chain
// that forked it gives one end. Rows with a lesser id than ?2 or a greater than ?3 count as not there.
const headsSQL = `
WITH RECURSIVE replicas (replica) AS (
    SELECT (SELECT min(replica) FROM change WHERE doc = ?1)
    UNION ALL
    SELECT (SELECT min(replica) FROM change WHERE doc = ?1 AND replica > replicas.replica)
      FROM replicas WHERE replicas.replica IS NOT NULL
)
SELECT change.replica, change.next_seq, substr(change.hash, 1, 8)
  FROM replicas CROSS JOIN change
    ON change.id = (SELECT id FROM change WHERE doc = ?1 AND replica = replicas.replica AND id BETWEEN ?2 AND ?3 ORDER BY seq DESC LIMIT 1)`

const forksSQL = `SELECT replica FROM fork WHERE doc = ?`

// readTail reads where the journal of doc ends, all in one state of the database. A chain that forked costs a look at
// all its rows.
func readTail(db *sql.DB, doc crdt.DocID) (*tail, error) {
	t := &tail{}
	tx, err := db.BeginTx(context.Background(), &sql.TxOptions{ReadOnly: true})
	if err == nil {
		defer tx.Rollback() // nothing was written
		err = tx.QueryRow(lastPlaceSQL, doc[:]).Scan(&t.id, &t.place)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err == nil {
		err = t.readBase(tx)
	}
	if err == nil {
		err = t.readHeads(tx)
	}
	if err != nil {
		return nil, fmt.Errorf("storage: read the heads of %s: %w", doc, err)
	}
	return t, nil
}

// readBase reads t.base, and moves t.place behind it.
func (t *tail) readBase(tx *sql.Tx) error {
	blocks, err := readBlocks(context.Background(), tx, t.id)
	if err != nil || blocks[baseKind] == nil {
		return err
	}
	t.base, err = newBase(tx, blocks[baseKind])
	t.place = max(t.place, t.base.upto)
	return err
}

// newBase returns b as a base.
func newBase(db querier, b *block) (*base, error) {
	ends, err := readBlockHeads(context.Background(), db, b)
	return &base{b, sortHeads(ends)}, err
}

// readHeads reads t.heads, up to t.place: where rows go on with a chain, it ends with them, else as in the base.
func (t *tail) readHeads(tx *sql.Tx) error {
	t.heads = heads{}
	maps.Copy(t.heads, t.baseHeads())
	rows, err := tx.Query(headsSQL, t.id, t.first(), t.last())
	if err != nil {
		return err
	}
	ends, err := collect(rows, scanHead)
	if err != nil {
		return err
	}
	for _, h := range ends {
		t.heads[h.Replica] = []crdt.Head{h}
	}
	forked, err := readForks(tx, t.id)
	if err != nil {
		return err
	}
	for _, r := range forked {
		f, err := readFamily(tx, t, r)
		if err != nil {
			return err
		}
		t.heads[r] = f.heads(t.baseHeads()[r])
	}
	return nil
}

// Heads returns where the committed changes of doc end, in no order. It is quick: the
// answer is in memory for documents in use. Unknown documents give [ErrNotFound].
func (l *Library) Heads(doc crdt.DocID) ([]crdt.Head, error) {
	t, err := l.tail(doc)
	if err != nil {
		return nil, err
	}
	return t.heads.list(), nil
}

// tail returns doc's tail; it must not be altered. A library opened for reading
// remembers none: its owner may be writing.
func (l *Library) tail(doc crdt.DocID) (*tail, error) {
	if l.queue == nil {
		return readTail(l.readers, doc)
	}
	return l.tails.get(doc)
}
