package storage

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"inkling/crdt"
)

// Destroying a document has two steps. One transaction marks its row, and from then on the library does as if it
// had none. Then its rows in the other tables go, some at a time, so that a long document holds nobody up. What a
// kill leaves of them goes when destroying is next called for ([Library.SweepDestroyed]). SQLite overwrites what
// it removes with zeros (PRAGMA secure_delete), and emptying the -wal file takes away what is written there.

// sweepRows is how many changes go in one transaction: about 5 ms.
const sweepRows = 1000

// ErrNotInBin says that only a document in the bin can be destroyed.
var ErrNotInBin = errors.New("storage: the document is not in the bin")

// Destroy removes the text of a document in the bin from the disk, and all else that the library has of it but its
// name. Nothing brings it back but [Library.Joined], or a backup. No session may use it. It returns when the bytes
// are gone: about 10 µs per change. A document that is not in the bin gives [ErrNotInBin], an unknown one
// [ErrNotFound].
func (l *Library) Destroy(id crdt.DocID, now time.Time) error {
	mark := func(tx *sql.Tx) error {
		var inBin bool
		err := tx.QueryRow(`SELECT deleted IS NOT NULL FROM doc WHERE name = ? AND destroyed IS NULL`, id[:]).Scan(&inBin)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrNotFound
		case err == nil && !inBin:
			return ErrNotInBin
		case err != nil:
			return err
		}
		return updateDocument(tx, `destroyed = ?, nonce = NULL`, id, now.UnixMilli())
	}
	err := l.onWriter("destroy document", func(db *sql.DB) error {
		err := transact(db, mark)
		l.tails.drop(id) // before the next group of changes: none of it may be of this document
		l.writer.commits.Add(1)
		return err
	})
	if err != nil {
		return err
	}
	return l.SweepDestroyed()
}

// SweepDestroyed removes what destroyed documents still have on the disk, and the attachments that no document holds any more.
func (l *Library) SweepDestroyed() error {
	rows, err := l.readers.Query(`SELECT id FROM doc WHERE destroyed IS NOT NULL AND (
		EXISTS (SELECT 1 FROM attached WHERE attached.doc = doc.id) OR
		EXISTS (SELECT 1 FROM change WHERE change.doc = doc.id) OR EXISTS (SELECT 1 FROM block WHERE block.doc = doc.id) OR
		EXISTS (SELECT 1 FROM listing WHERE listing.doc = doc.id) OR EXISTS (SELECT 1 FROM indexed WHERE indexed.doc = doc.id))`)
	if err != nil {
		return fmt.Errorf("storage: look for destroyed documents: %w", err)
	}
	list, err := collect(rows, func(scan func(...any) error) (id int64, err error) { return id, scan(&id) })
	if err != nil {
		return fmt.Errorf("storage: look for destroyed documents: %w", err)
	}
	for _, id := range list {
		for more := true; more; {
			err := l.write("destroy document", func(tx *sql.Tx) (err error) {
				more, err = sweep(tx, id, sweepRows)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	removed, err := l.sweepAttachments()
	if err != nil {
		return err
	}
	merged, err := l.mergeDestroyed()
	if err != nil || len(list) == 0 && !merged && !removed {
		return err
	}
	return l.emptyWAL()
}

// sweep removes at most n changes of a destroyed document, and all else when those are gone. A document that has
// been joined again meanwhile keeps what it has.
func sweep(tx *sql.Tx, id int64, n int) (more bool, err error) {
	result, err := tx.Exec(`DELETE FROM change WHERE id IN (SELECT change.id FROM change JOIN doc ON doc.id = change.doc
		WHERE change.doc = ? AND doc.destroyed IS NOT NULL LIMIT ?)`, id, n)
	if err != nil {
		return false, err
	}
	if removed, err := result.RowsAffected(); err != nil || removed == int64(n) {
		return err == nil, err
	}
	for _, kind := range []int{baseKind, successorKind, openKind} {
		if err := deleteBlock(tx, id, kind, "AND (SELECT destroyed IS NOT NULL FROM doc WHERE id = ?1)"); err != nil {
			return false, err
		}
	}
	for _, table := range []string{"fork", "invite", "member", "listing", "attached"} {
		if _, err := tx.Exec(`DELETE FROM `+table+` WHERE doc = (SELECT id FROM doc WHERE id = ? AND destroyed IS NOT NULL)`, id); err != nil {
			return false, err
		}
	}
	var destroyed bool
	err = tx.QueryRow(`SELECT destroyed IS NOT NULL FROM doc WHERE id = ?`, id).Scan(&destroyed)
	if err == nil && destroyed {
		err = errors.Join(unindex(tx, id), writeState(tx, unmergedKey, nil))
	}
	if err != nil {
		return false, err
	}
	_, err = tx.Exec(`DELETE FROM state WHERE doc = (SELECT name FROM doc WHERE id = ? AND destroyed IS NOT NULL)`, id)
	return false, err
}

// revive makes a document one like any other, whatever became of it.
func revive(tx *sql.Tx, id int64) error {
	for more := true; more; {
		var err error
		if more, err = sweep(tx, id, sweepRows); err != nil {
			return err
		}
	}
	_, err := tx.Exec(`UPDATE doc SET deleted = NULL, binned = NULL, destroyed = NULL WHERE id = ?`, id)
	return err
}

// emptyWAL moves all commits into library.db and cuts the -wal file to nothing, unless somebody reads just then: in
// that case the next commits write over it.
func (l *Library) emptyWAL() error { return l.onWriter("empty the -wal file", emptyWAL) }
