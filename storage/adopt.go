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

// Adopt says that the device with the given key works in the library from now on.
// When that was another device so far, this is a copy: of a folder that was copied,
// or restored on another computer. Then the nonces in it belong to the other copy
// and are forgotten, so that the next edit is that of a new replica (none is ever used
// by two copies); open invites are void; and the device becomes a member of every
// document, as the other one was: it gets what the others write. To write itself it
// needs a Grant in the document. All of it in one transaction.
func (l *Library) Adopt(device [32]byte, now time.Time) error {
	last, err := l.State(crdt.DocID{}, adoptedKey)
	if err != nil || bytes.Equal(last, device[:]) {
		return err
	}
	return l.write("adopt library", func(tx *sql.Tx) error {
		var library crdt.DocID
		err1 := forgetNonces(tx)
		_, err2 := tx.Exec(`DELETE FROM invite WHERE used IS NULL`)
		_, err3 := tx.Exec(`INSERT INTO member (doc, key, added) SELECT id, ?, ? FROM doc WHERE true
			ON CONFLICT DO NOTHING`, device[:], now.UnixMilli())
		_, err4 := tx.Exec(`INSERT INTO state (doc, key, value) VALUES (?, ?, ?)
			ON CONFLICT (doc, key) DO UPDATE SET value = excluded.value`, library[:], adoptedKey, device[:])
		return errors.Join(err1, err2, err3, err4)
	})
}

// ForgetNonces makes the next edit of every document that of a new replica: for a
// library of which a newer state may have been elsewhere.
func (l *Library) ForgetNonces() error { return l.write("forget nonces", forgetNonces) }

func forgetNonces(tx *sql.Tx) error {
	_, err := tx.Exec(`UPDATE doc SET nonce = NULL`)
	return err
}
