package storage

import (
	"bytes"
	"database/sql"
	"errors"
	"time"

	"inkling/crdt"
)

// adoptedKey is the state that names the device which works in the library.
const adoptedKey = "device"

// Adopt says that the device with the given key works in the library from now on, and whether that was another
// device so far. In that case this is a copy: of a folder that was copied, or restored on another computer. Then
// the nonces in it belong to the other copy and are forgotten, so that the next edit is that of a new replica
// (none is ever used by two copies); open invites are void; and the device becomes a member of every
// document, as the other one was: it gets what the others write. To write itself it
// needs a Grant in the document. All of it in one transaction.
func (l *Library) Adopt(device [32]byte, now time.Time) (foreign bool, err error) {
	last, err := l.State(crdt.DocID{}, adoptedKey)
	if err != nil || bytes.Equal(last, device[:]) {
		return false, err
	}
	return last != nil, l.write("adopt library", func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO member (doc, key, added) SELECT id, ?, ? FROM doc WHERE destroyed IS NULL
			ON CONFLICT DO NOTHING`, device[:], now.UnixMilli())
		return errors.Join(forgetPresent(tx), err, writeState(tx, adoptedKey, device[:]))
	})
}
