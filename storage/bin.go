package storage

import (
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"inkling/crdt"
)

// The bin. Deleting a document is a mark; nothing is removed. A running day is a date on which a program had the
// library open. When a document has been in the bin for BinDays of them it is destroyed: its text goes from the
// disk (destroy.go), and its row of table doc stays, so that others cannot bring it back. Dates that are not
// later than all counted before do not count: a clock that jumps keeps documents in the bin, it never empties it.

// BinDays is how many running days a document stays in the bin.
const BinDays = 30

// daysKey is the state that counts the running days: their number (4 bytes, big endian), then the last of them as
// 2026-11-21.
const daysKey = "days"

// Binned is a document in the bin.
type Binned struct {
	Document
	At   time.Time // when it went there
	Left int       // how many more running days it stays; 1 to BinDays
}

// Bin lists the documents in the bin, the last deleted first.
func (l *Library) Bin() ([]Binned, error) {
	days, _, err := l.days()
	if err != nil {
		return nil, err
	}
	documents, err := l.documents(`AND doc.deleted IS NOT NULL ORDER BY doc.deleted DESC, doc.name`)
	if err != nil {
		return nil, err
	}
	list := make([]Binned, 0, len(documents))
	for _, d := range documents {
		var at, binned int64
		err := l.readers.QueryRow(`SELECT deleted, binned FROM doc WHERE name = ? AND deleted IS NOT NULL`, d.ID[:]).Scan(&at, &binned)
		if errors.Is(err, sql.ErrNoRows) {
			continue // it was taken out meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("storage: list the bin: %w", err)
		}
		left := max(1, BinDays-(int64(days)-binned))
		list = append(list, Binned{Document: d, At: time.UnixMilli(at), Left: int(left)})
	}
	return list, nil
}

// Delete puts a document into the bin. Deleting it again keeps the first time. Unknown
// documents give [ErrNotFound].
func (l *Library) Delete(id crdt.DocID, now time.Time) error {
	return l.write("delete document", func(tx *sql.Tx) error {
		days, _, err := readDays(tx)
		if err != nil {
			return err
		}
		return updateDocument(tx, `binned = coalesce(binned, ?), deleted = coalesce(deleted, ?)`, id, days, now.UnixMilli())
	})
}

// Undelete takes a document out of the bin. One that is not there stays as it is; unknown and
// destroyed ones give [ErrNotFound].
func (l *Library) Undelete(id crdt.DocID) error {
	return l.write("take document out of the bin", func(tx *sql.Tx) error {
		return updateDocument(tx, `deleted = NULL, binned = NULL`, id)
	})
}

// CountDay counts the date of now, in its time zone, as a running day, unless it was counted before, and returns
// the documents whose time in the bin is over. It writes once a day.
func (l *Library) CountDay(now time.Time) (over []crdt.DocID, err error) {
	_, last, err := l.days()
	if date := now.Format(time.DateOnly); err == nil && date > last {
		err = l.write("count the day", func(tx *sql.Tx) error {
			days, _, err := readDays(tx)
			if err != nil {
				return err
			}
			return writeState(tx, daysKey, append(binary.BigEndian.AppendUint32(nil, days+1), date...))
		})
	}
	if err != nil {
		return nil, err
	}
	days, _, err := l.days()
	if err != nil {
		return nil, err
	}
	documents, err := l.documents(`AND doc.deleted IS NOT NULL AND doc.binned + ? <= ? ORDER BY doc.name`, BinDays, days)
	for _, d := range documents {
		over = append(over, d.ID)
	}
	return over, err
}

// days returns how many running days were counted, and the last.
func (l *Library) days() (n uint32, last string, err error) { return readDays(l.readers) }

func readDays(db interface {
	QueryRow(query string, args ...any) *sql.Row
}) (n uint32, last string, err error) {
	var library crdt.DocID
	var value []byte
	err = db.QueryRow(`SELECT value FROM state WHERE doc = ? AND key = ?`, library[:], daysKey).Scan(&value)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, "", nil
	case err != nil:
		return 0, "", fmt.Errorf("storage: read the running days: %w", err)
	case len(value) != 4+len(time.DateOnly):
		return 0, "", fmt.Errorf("storage: the running days are %d bytes, want %d", len(value), 4+len(time.DateOnly))
	}
	return binary.BigEndian.Uint32(value), string(value[4:]), nil
}
