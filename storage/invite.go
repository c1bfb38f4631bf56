package storage

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"inkling/crdt"
)

var (
	// ErrInviteUsed says that an invite has admitted another device before.
	ErrInviteUsed = errors.New("storage: the invite was used by another device")
	// ErrInviteExists says that an invite with this id was issued before.
	ErrInviteExists = errors.New("storage: an invite with this id exists")
)

// Invite is an invitation to one document for one device. Whether it has expired is
// for the one who presents it to judge; the library only keeps the times.
type Invite struct {
	ID     [8]byte
	Secret [16]byte
	Doc    crdt.DocID

	Created, Expires time.Time

	UsedBy [32]byte  // device key
	Used   time.Time // zero: open
}

// AddInvite stores an invite and returns after the commit. An id that was used
// before gives [ErrInviteExists], an unknown document [ErrNotFound].
func (l *Library) AddInvite(i Invite) error {
	var usedBy []byte
	if !i.Used.IsZero() {
		usedBy = i.UsedBy[:]
	}
	return l.write("store invite", func(tx *sql.Tx) error {
		doc, err := findDocument(tx, i.Doc)
		if err != nil {
			return err
		}
		result, err := tx.Exec(`INSERT INTO invite (id, secret, doc, created, expires, used_by, used) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO NOTHING`,
			i.ID[:], i.Secret[:], doc, i.Created.UnixMilli(), i.Expires.UnixMilli(), usedBy, optionalTime(i.Used))
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrInviteExists)
		}
		return nil
	})
}

const inviteSQL = `
SELECT invite.id, invite.secret, doc.name, invite.created, invite.expires, invite.used_by, invite.used
  FROM invite JOIN doc ON doc.id = invite.doc WHERE invite.id = ? AND doc.deleted IS NULL`

// Invite returns an invite, used or not, or [ErrNotFound]; so also while its document is in the bin.
func (l *Library) Invite(id [8]byte) (Invite, error) {
	return scanInvite(l.readers.QueryRow(inviteSQL, id[:]))
}

func scanInvite(r *sql.Row) (i Invite, err error) {
	var id, secret, doc, usedBy []byte
	var created, expires int64
	var used sql.NullInt64
	err = r.Scan(&id, &secret, &doc, &created, &expires, &usedBy, &used)
	if errors.Is(err, sql.ErrNoRows) {
		return i, ErrNotFound
	}
	if err != nil {
		return i, fmt.Errorf("storage: read invite: %w", err)
	}
	i.Created, i.Expires, i.Used = time.UnixMilli(created), time.UnixMilli(expires), timeOf(used)
	if usedBy != nil {
		err = fill(i.UsedBy[:], usedBy, "device key")
	}
	return i, errors.Join(err, fill(i.ID[:], id, "invite id"), fill(i.Secret[:], secret, "secret"), fill(i.Doc[:], doc, "document id"))
}

// Admit marks an invite as used by p, trusts p, and makes it a member of the
// invite's document, all or nothing. It may be called again for the same device;
// for another it gives [ErrInviteUsed]. An unknown invite gives [ErrNotFound].
func (l *Library) Admit(inviteID [8]byte, p Peer, now time.Time) error {
	if err := p.check(); err != nil {
		return err
	}
	return l.write("admit a device", func(tx *sql.Tx) error {
		invite, err := scanInvite(tx.QueryRow(inviteSQL, inviteID[:]))
		switch {
		case err != nil:
			return err
		case !invite.Used.IsZero() && invite.UsedBy != p.Key:
			return ErrInviteUsed
		}
		_, err = tx.Exec(`UPDATE invite SET used_by = ?, used = coalesce(used, ?) WHERE id = ?`, p.Key[:], now.UnixMilli(), inviteID[:])
		if err != nil {
			return err
		}
		doc, err := findDocument(tx, invite.Doc)
		if err != nil {
			return err
		}
		if err := pin(tx, p, now); err != nil {
			return err
		}
		return addMember(tx, doc, p.Key, now)
	})
}

// Let trusts p and makes it a member of doc, all or nothing. It may be called again for the same device. An unknown
// document gives [ErrNotFound].
func (l *Library) Let(doc crdt.DocID, p Peer, now time.Time) error {
	if err := p.check(); err != nil {
		return err
	}
	return l.write("let a device in", func(tx *sql.Tx) error {
		id, err := findDocument(tx, doc)
		if err != nil {
			return err
		}
		if err := pin(tx, p, now); err != nil {
			return err
		}
		return addMember(tx, id, p.Key, now)
	})
}

// Pair trusts p, which gets into no document by that.
func (l *Library) Pair(p Peer, now time.Time) error {
	if err := p.check(); err != nil {
		return err
	}
	return l.write("pair a device", func(tx *sql.Tx) error { return pin(tx, p, now) })
}

// Joined is the other side of [Library.Admit]: it adds the document that starts
// from g, trusts the issuer of the invite, and makes it a member, all or nothing. A
// document that was in the bin comes back, and one that was destroyed begins anew: the person opened
// an invite to it.
func (l *Library) Joined(g crdt.Genesis, issuer Peer, now time.Time) error {
	if err := issuer.check(); err != nil {
		return err
	}
	return l.write("join a document", func(tx *sql.Tx) error {
		doc, err := welcome(tx, g, now)
		if err != nil {
			return err
		}
		if err := pin(tx, issuer, now); err != nil {
			return err
		}
		return addMember(tx, doc, issuer.Key, now)
	})
}
