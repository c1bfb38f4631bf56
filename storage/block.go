package storage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"inkling/crdt"
)

// Behind the rows of a journal stands, for the changes that are no longer fresh, one block of them all
// (crdt/FORMAT-BLOCKS.md). sql/README.md says how it is kept. These are its kinds:
//
//	base       what the journal begins with: the rows go on behind it, those that it covers count as
//	           not there and are being deleted
//	successor  a base to be. It covers the base and some of the rows, and none of these is deleted before the
//	           successor has been read from the disk and compared with them; until then it is only a quicker way to open
//	open       the document of one of the two as it is in memory, quicker to open still; derived
const (
	baseKind      = 1
	successorKind = 2
	openKind      = 3
)

// partBytes is the length of the parts in which a block is kept, because SQLite reads and writes a value as a whole.
const partBytes = 256 << 10

// A BlockError names the first changes of a document, which are kept as one block, and says why they cannot be read.
type BlockError struct {
	Doc     crdt.DocID
	Title   string // of the document, as last listed
	Changes int64  // how many
	Reason  error
}

func (e *BlockError) Error() string {
	return fmt.Sprintf("storage: document %q (%s): its first %d changes, which are kept as one block, cannot be read: %v",
		e.Title, e.Doc, e.Changes, e.Reason)
}

func (e *BlockError) Unwrap() error { return e.Reason }

// block is a row of table block.
type block struct {
	id     int64
	kind   int
	upto   int64 // place of the last change that it covers
	weight int64 // of these changes, see weightOf
	length int64 // in bytes
	hash   [32]byte
	of     [32]byte // openKind: the hash of the block with the same changes
}

// covers returns the place of the last change that b covers, 0 when there is no block.
func (b *block) covers() int64 {
	if b == nil {
		return 0
	}
	return b.upto
}

// same says whether both are the same block, or neither is one.
func (b *block) same(other *block) bool {
	if b == nil || other == nil {
		return b == other
	}
	return b.id == other.id && b.hash == other.hash
}

// querier is a database, or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

const blocksSQL = `SELECT id, kind, upto, weight, length, hash, coalesce(of, zeroblob(32)) FROM block WHERE doc = ?`

// readBlocks returns the blocks of the document with number doc, by kind.
func readBlocks(ctx context.Context, db querier, doc int64) (map[int]*block, error) {
	rows, err := db.QueryContext(ctx, blocksSQL, doc)
	if err != nil {
		return nil, err
	}
	list, err := collect(rows, func(scan func(...any) error) (*block, error) {
		var b block
		var hash, of []byte
		if err := scan(&b.id, &b.kind, &b.upto, &b.weight, &b.length, &hash, &of); err != nil {
			return nil, err
		}
		return &b, errors.Join(fill(b.hash[:], hash, "hash"), fill(b.of[:], of, "hash"))
	})
	blocks := map[int]*block{}
	for _, b := range list {
		blocks[b.kind] = b
	}
	return blocks, err
}

const partsSQL = `SELECT id & 0xffff, checksum, body FROM block_part WHERE id BETWEEN ?1 << 16 AND ?1 << 16 | 0xffff ORDER BY id`

// errGone says that a block is no longer there: another one has taken its place.
var errGone = errors.New("its parts are missing")

// body reads the bytes of b, and compares their hashes with what was written.
func (b *block) body(ctx context.Context, db querier) ([]byte, error) {
	rows, err := db.QueryContext(ctx, partsSQL, b.id)
	if err != nil {
		return nil, err
	}
	var whole bytes.Buffer
	count := 0
	_, err = collect(rows, func(scan func(...any) error) (_ struct{}, err error) {
		var part int
		var sum, body []byte
		if err := scan(&part, &sum, &body); err != nil {
			return struct{}{}, err
		}
		if want := sha256.Sum256(body); !bytes.Equal(sum, want[:len(checksum{})]) || part != count {
			return struct{}{}, fmt.Errorf("part %d, found in place %d: %w", part, count, errChecksum)
		}
		count++
		whole.Write(body)
		return struct{}{}, nil
	})
	switch {
	case err != nil:
		return nil, err
	case count == 0:
		return nil, errGone
	case int64(whole.Len()) != b.length || sha256.Sum256(whole.Bytes()) != b.hash:
		return nil, errChecksum
	}
	return whole.Bytes(), nil
}

// insertBlock writes bytes as a new block of the document with number doc, and where the chains in it end. The id and
// what follows from the bytes are set in b.
func insertBlock(tx *sql.Tx, doc int64, b *block, body []byte, ends []crdt.Head) error {
	b.length, b.hash = int64(len(body)), sha256.Sum256(body)
	var of []byte
	if b.kind == openKind {
		of = b.of[:]
	}
	r, err := tx.Exec(`INSERT INTO block (doc, kind, upto, weight, length, hash, of) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		doc, b.kind, b.upto, b.weight, b.length, b.hash[:], of)
	if err != nil {
		return err
	}
	if b.id, err = r.LastInsertId(); err != nil {
		return err
	}
	for part := 0; len(body) > 0; part++ {
		n := min(partBytes, len(body))
		sum := sha256.Sum256(body[:n])
		_, err := tx.Exec(`INSERT INTO block_part (id, checksum, body) VALUES (?, ?, ?)`, b.id<<16|int64(part), sum[:len(checksum{})], body[:n])
		if err != nil {
			return err
		}
		body = body[n:]
	}
	return insertHeads(tx, b, ends)
}

// insertHeads writes where the chains in b end.
func insertHeads(tx *sql.Tx, b *block, ends []crdt.Head) error {
	for _, h := range ends {
		if _, err := tx.Exec(`INSERT INTO head (block, replica, next_seq, stamp) VALUES (?, ?, ?, ?)`, b.id, h.Replica[:], h.Next, h.Stamp[:]); err != nil {
			return err
		}
	}
	return nil
}

// deleteBlock deletes the document's block of a kind, if there is one, and if what else is said holds.
func deleteBlock(tx *sql.Tx, doc int64, kind int, also ...string) error {
	where := strings.Join(append([]string{`doc = ?1 AND kind = ?2`}, also...), " ")
	which := `(SELECT id FROM block WHERE ` + where + `)`
	for _, statement := range []string{
		`DELETE FROM head WHERE block = ` + which,
		`DELETE FROM block_part WHERE id BETWEEN ` + which + ` << 16 AND ` + which + ` << 16 | 0xffff`,
		`DELETE FROM block WHERE ` + where,
	} {
		if _, err := tx.Exec(statement, doc, kind); err != nil {
			return err
		}
	}
	return nil
}

const blockHeadsSQL = `SELECT replica, next_seq, stamp FROM head WHERE block = ?`

// readBlockHeads returns where the chains in b end.
func readBlockHeads(ctx context.Context, db querier, b *block) ([]crdt.Head, error) {
	rows, err := db.QueryContext(ctx, blockHeadsSQL, b.id)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanHead)
}

func scanHead(scan func(...any) error) (h crdt.Head, err error) {
	var replica, stamp []byte
	if err = scan(&replica, &h.Next, &stamp); err == nil {
		err = errors.Join(fill(h.Replica[:], replica, "replica"), fill(h.Stamp[:], stamp, "stamp"))
	}
	return h, err
}
