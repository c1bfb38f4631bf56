package storage

import (
	"database/sql"
	"errors"
	"fmt"

	"inkling/crdt"
)

// Limits of what is remembered.
const (
	maxStateKey   = 256
	maxStateValue = 256 << 10
)

// State returns what [Library.SetState] remembered for doc (the zero DocID: for the
// library itself) under key; nil when it never did.
func (l *Library) State(doc crdt.DocID, key string) ([]byte, error) {
	value := []byte{}
	err := l.readers.QueryRow(`SELECT value FROM state WHERE doc = ? AND key = ?`, doc[:], key).Scan(&value)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("storage: recall %q: %w", key, err)
	case value == nil:
		return []byte{}, nil // the driver gives nil for an empty BLOB
	}
	return value, nil
}

// SetState remembers value, at most 256 KiB, for doc under key, at most 256 bytes.
// The document need not be known to the library.
func (l *Library) SetState(doc crdt.DocID, key string, value []byte) error {
	if len(key) > maxStateKey || len(value) > maxStateValue {
		return fmt.Errorf("storage: remember %.40q: key of %d and value of %d bytes, at most %d and %d are allowed",
			key, len(key), len(value), maxStateKey, maxStateValue)
	}
	if value == nil {
		value = []byte{}
	}
	return l.writeAside("remember "+key, func(tx *sql.Tx) error {
		_, err := tx.Exec(setStateSQL, doc[:], key, value)
		return err
	})
}

const setStateSQL = `
INSERT INTO state (doc, key, value) VALUES (?, ?, ?)
    ON CONFLICT (doc, key) DO UPDATE SET value = excluded.value`

// writeState is SetState for the library itself, as a part of a transaction.
func writeState(tx *sql.Tx, key string, value []byte) error {
	var library crdt.DocID
	_, err := tx.Exec(setStateSQL, library[:], key, value)
	return err
}
