package storage

import (
	"context"
	"database/sql"
	"fmt"

	"inkling/crdt"
)

// Where the chains of a document end says whether two devices have the same of it. Two that share thousands of
// documents compare all of them whenever they meet; so a library remembers a sum of the heads of each, 64 bytes, as
// long as no commit moves them, and reads many at once where it remembers none.

// DocSum is a document and the [crdt.SumHeads] of where its committed changes end.
type DocSum struct {
	Doc crdt.DocID
	Sum [32]byte
}

// fewSums is up to how many documents are read one by one: all at once costs 30 µs for each that there is.
const fewSums = 64

// SumsWith returns the documents that [Library.SharedWith] does, with their sums.
func (l *Library) SumsWith(key [32]byte) ([]DocSum, error) {
	docs, err := l.SharedWith(key)
	if err != nil {
		return nil, err
	}
	l.tails.reading.Lock()
	defer l.tails.reading.Unlock()
	known, missing := l.tails.knownSums(docs)
	if len(missing) > fewSums {
		if err := l.readSums(key); err != nil {
			return nil, err
		}
		known, missing = l.tails.knownSums(docs)
	}
	for _, doc := range missing {
		if known[doc], err = l.tails.sum(doc); err != nil {
			return nil, err
		}
	}
	sums := make([]DocSum, len(docs))
	for i, doc := range docs {
		sums[i] = DocSum{doc, known[doc]}
	}
	return sums, nil
}

// knownSums returns the sums that are remembered, and the documents of which none is.
func (s *tails) knownSums(docs []crdt.DocID) (known map[crdt.DocID][32]byte, missing []crdt.DocID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known = make(map[crdt.DocID][32]byte, len(docs))
	for _, doc := range docs {
		if sum, ok := s.sums[doc]; ok {
			known[doc] = sum
		} else {
			missing = append(missing, doc)
		}
	}
	return known, missing
}

// sum returns the sum of doc's heads, and remembers it.
func (s *tails) sum(doc crdt.DocID) ([32]byte, error) {
	t, err := s.get(doc)
	if err != nil {
		return [32]byte{}, err
	}
	sum := crdt.SumHeads(t.heads.list())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byDoc[doc] == t { // no commit has moved it meanwhile
		s.sums[doc] = sum
	}
	return sum, nil
}

// move forgets the sum of a document that has got other heads; the zero DocID: those of all. The caller holds s.mu.
func (s *tails) move(doc crdt.DocID) {
	delete(s.sums, doc)
	if doc == (crdt.DocID{}) {
		clear(s.sums)
	}
	if s.moved != nil {
		s.moved[doc] = true
	}
}

// sharedSQL is the documents shared with ?1, and up to which place a block covers each.
const sharedSQL = `
shared (doc, name, upto) AS (
    SELECT doc.id, doc.name, coalesce((SELECT upto FROM block WHERE block.doc = doc.id AND kind = 1), 0)
      FROM member JOIN doc ON doc.id = member.doc WHERE member.key = ?1 AND doc.deleted IS NULL
)`

// The documents, the ends of the chains in their blocks, those of the rows behind these (see headsSQL), and those that
// forked.
const (
	sharedDocsSQL  = `WITH ` + sharedSQL + ` SELECT doc, name FROM shared`
	sharedBasesSQL = `WITH ` + sharedSQL + `
SELECT shared.doc, replica, next_seq, stamp FROM shared CROSS JOIN block ON block.doc = shared.doc AND kind = 1 CROSS JOIN head ON head.block = block.id`
	sharedRowsSQL = `WITH RECURSIVE ` + sharedSQL + `,
chains (doc, upto, replica) AS (
    SELECT doc, upto, (SELECT min(replica) FROM change WHERE change.doc = shared.doc) FROM shared
    UNION ALL
    SELECT doc, upto, (SELECT min(replica) FROM change WHERE change.doc = chains.doc AND replica > chains.replica)
      FROM chains WHERE chains.replica IS NOT NULL
)
SELECT chains.doc, change.replica, change.next_seq, substr(change.hash, 1, 8)
  FROM chains CROSS JOIN change ON change.id = (
       SELECT id FROM change WHERE doc = chains.doc AND replica = chains.replica AND id > chains.doc << 32 | chains.upto ORDER BY seq DESC LIMIT 1)`
	sharedForksSQL = `WITH ` + sharedSQL + ` SELECT DISTINCT shared.doc FROM shared JOIN fork ON fork.doc = shared.doc`
)

// readSums reads and remembers the sums of all documents shared with key, but of those that have forked chains.
func (l *Library) readSums(key [32]byte) error {
	s := l.tails
	s.mu.Lock()
	s.moved = map[crdt.DocID]bool{}
	s.mu.Unlock()
	sums, err := readSums(l.readers, key)
	s.mu.Lock()
	defer s.mu.Unlock()
	for doc, sum := range sums {
		if !s.moved[doc] && !s.moved[crdt.DocID{}] {
			s.sums[doc] = sum
		}
	}
	s.moved = nil
	if err != nil {
		return fmt.Errorf("storage: read the heads of all that is shared: %w", err)
	}
	return nil
}

// readSums reads in one state of the database.
func readSums(db *sql.DB, key [32]byte) (map[crdt.DocID][32]byte, error) {
	tx, err := db.BeginTx(context.Background(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() // nothing was written
	names := map[int64]crdt.DocID{}
	ends := map[int64]heads{}
	each := func(query string, read func(scan func(...any) error) error) {
		var rows *sql.Rows
		if err != nil {
			return
		}
		if rows, err = tx.Query(query, key[:]); err == nil {
			_, err = collect(rows, func(scan func(...any) error) (struct{}, error) { return struct{}{}, read(scan) })
		}
	}
	each(sharedDocsSQL, func(scan func(...any) error) error {
		var id int64
		var column []byte
		if err := scan(&id, &column); err != nil {
			return err
		}
		name := crdt.DocID{}
		err := fill(name[:], column, "document id")
		names[id], ends[id] = name, heads{}
		return err
	})
	head := func(add func(of heads, h crdt.Head)) func(func(...any) error) error {
		return func(scan func(...any) error) error {
			var id int64
			h, err := scanHead(func(columns ...any) error { return scan(append([]any{&id}, columns...)...) })
			if err == nil {
				add(ends[id], h)
			}
			return err
		}
	}
	each(sharedBasesSQL, head(func(of heads, h crdt.Head) { of[h.Replica] = append(of[h.Replica], h) }))
	each(sharedRowsSQL, head(func(of heads, h crdt.Head) { of[h.Replica] = []crdt.Head{h} }))
	each(sharedForksSQL, func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		delete(names, id)
		return err
	})
	sums := make(map[crdt.DocID][32]byte, len(names))
	for id, name := range names {
		sums[name] = crdt.SumHeads(ends[id].list())
	}
	return sums, err
}
