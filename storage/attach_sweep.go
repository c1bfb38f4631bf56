package storage

import (
	"database/sql"
	"fmt"
)

// What nobody holds any more goes from the disk, overwritten, when the bin is looked after: at start, and once an hour
// ([Library.SweepDestroyed]). In each of these steps what is left is whole:
//
//	links      those that were detached 30 running days ago, and of destroyed documents all, are removed (bin_destroy.go)
//	names      a content without a link loses its hash in one transaction, so nobody finds it from then on
//	contents   the parts of what has no hash, and is not just coming in, go some at a time, the last ones first; then their row

// partsAtOnce is how many parts go in one transaction: 1 MiB of zeros to write.
const partsAtOnce = 4

// sweepAttachments removes what nobody holds, and says whether there was any.
func (l *Library) sweepAttachments() (removed bool, err error) {
	days, _, err := l.days()
	if err != nil {
		return false, err
	}
	due, err := l.looseContents(days)
	if err != nil || len(due) == 0 {
		return false, err
	}
	err = l.write("remove attachments that nobody holds", func(tx *sql.Tx) error {
		_, err := tx.Exec(`DELETE FROM attached WHERE binned + ? <= ?`, BinDays, days)
		if err == nil {
			_, err = tx.Exec(`UPDATE attachment SET hash = NULL, length = NULL
				WHERE hash IS NOT NULL AND NOT EXISTS (SELECT 1 FROM attached WHERE attachment = attachment.id)`)
		}
		return err
	})
	if err != nil {
		return false, err
	}
	rows, err := l.readers.Query(`SELECT id FROM attachment WHERE hash IS NULL`)
	if err != nil {
		return false, fmt.Errorf("storage: look for attachments that nobody holds: %w", err)
	}
	nameless, err := collect(rows, func(scan func(...any) error) (id int64, err error) { return id, scan(&id) })
	if err != nil {
		return false, fmt.Errorf("storage: look for attachments that nobody holds: %w", err)
	}
	for _, id := range nameless {
		if err := l.removeContent(id); err != nil {
			return removed, err
		}
	}
	return true, nil
}

// looseContents returns the numbers of contents without a name, or that are held by nobody or by links that are due to go.
func (l *Library) looseContents(days uint32) ([]int64, error) {
	rows, err := l.readers.Query(`SELECT id FROM attachment WHERE hash IS NULL
		OR NOT EXISTS (SELECT 1 FROM attached WHERE attachment = attachment.id)
		UNION SELECT attachment FROM attached WHERE binned + ? <= ?`, BinDays, days)
	if err != nil {
		return nil, fmt.Errorf("storage: look for attachments that nobody holds: %w", err)
	}
	list, err := collect(rows, func(scan func(...any) error) (id int64, err error) { return id, scan(&id) })
	loose := list[:0]
	for _, id := range list {
		if !l.incoming.has(id) {
			loose = append(loose, id)
		}
	}
	if err != nil {
		err = fmt.Errorf("storage: look for attachments that nobody holds: %w", err)
	}
	return loose, err
}

// removeContent removes a content that has no name and is not coming in. Numbers are used again: each step looks anew
// whether that holds.
func (l *Library) removeContent(id int64) error {
	for more := true; more; {
		err := l.onWriter("remove an attachment", func(db *sql.DB) error {
			if more = false; l.incoming.has(id) {
				return nil
			}
			return transact(db, func(tx *sql.Tx) (err error) {
				more, err = removeParts(tx, id)
				return err
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// removeParts removes the last parts of a content without a name, and its row when no part is left.
func removeParts(tx *sql.Tx, id int64) (more bool, err error) {
	r, err := tx.Exec(`DELETE FROM attachment_part WHERE id IN (
		SELECT id FROM attachment_part WHERE id BETWEEN ?1 << 16 AND ?1 << 16 | 0xffff
		   AND EXISTS (SELECT 1 FROM attachment WHERE attachment.id = ?1 AND hash IS NULL) ORDER BY id DESC LIMIT ?2)`, id, partsAtOnce)
	if err != nil {
		return false, err
	}
	if n, err := r.RowsAffected(); err != nil || n == partsAtOnce {
		return err == nil, err
	}
	_, err = tx.Exec(`DELETE FROM attachment WHERE id = ? AND hash IS NULL`, id)
	return false, err
}
