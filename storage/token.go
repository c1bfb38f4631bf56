package storage

import (
	"database/sql"
	"errors"

	"inkling/crdt"
)

// A Token names a state of a library. It is drawn anew when the library has been written to, and kept in two
// places: in the library, and by the owner of the device outside of it (package workspace). Where the two differ,
// this is not the library that was here last: a backup was put back, or a copy.
type Token [16]byte

// tokenKey is the state that holds the token.
const tokenKey = "token"

// Token returns the token of the library; the zero one when it has none yet.
func (l *Library) Token() (t Token, err error) {
	value, err := l.State(crdt.DocID{}, tokenKey)
	if err != nil || value == nil {
		return t, err
	}
	return t, fill(t[:], value, "token")
}

// SetToken gives the library another token, and returns after the commit.
func (l *Library) SetToken(t Token) error {
	if l.queue == nil {
		return ErrReadOnly
	}
	commits := l.writer.commits.Load() // what is committed from here on may not be under t
	err := l.SetState(crdt.DocID{}, tokenKey, t[:])
	if err == nil {
		l.named.Store(commits)
	}
	return err
}

// Written says whether the library has been written to since it got its token, as far as that matters to others or
// to a backup: not what [Library.SetState] remembers. After a kill it says yes at first.
func (l *Library) Written() bool {
	return l.writer != nil && l.writer.commits.Load() != l.named.Load()
}

// SetBack says that a newer state of the library was here, of which others may have changes: the nonces in it are
// forgotten, so that the next edit of every document is that of a new replica. Where the state is surely an older
// one, its open invites are void, too: they may have been used.
func (l *Library) SetBack(surely bool) error {
	return l.write("note that the library was set back", func(tx *sql.Tx) error {
		if !surely {
			return forgetNonces(tx)
		}
		return forgetPresent(tx)
	})
}

// forgetPresent takes out of a copy what only one copy may go on with: the nonces and the open invites.
func forgetPresent(tx *sql.Tx) error {
	_, err := tx.Exec(`DELETE FROM invite WHERE used IS NULL`)
	return errors.Join(forgetNonces(tx), err)
}

func forgetNonces(tx *sql.Tx) error {
	_, err := tx.Exec(`UPDATE doc SET nonce = NULL WHERE nonce IS NOT NULL`)
	return err
}
