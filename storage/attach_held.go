package storage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"inkling/crdt"
)

// Attached is a file that a document holds.
type Attached struct {
	Name   string
	Hash   FileHash // of the content
	Length int64    // of the content, in bytes
	Added  time.Time
	// Detached is when the person took it off; zero: it is attached. Left is how many more running days it then stays, 1
	// to BinDays.
	Detached time.Time
	Left     int
}

// IsDetached says whether the person took the file off.
func (a Attached) IsDetached() bool { return !a.Detached.IsZero() }

const attachedSQL = `
SELECT attached.name, attachment.hash, attachment.length, attached.added, attached.detached, coalesce(attached.binned, 0), attached.checksum
  FROM attached JOIN doc ON doc.id = attached.doc JOIN attachment ON attachment.id = attached.attachment
 WHERE doc.name = ? AND doc.destroyed IS NULL AND attachment.hash IS NOT NULL ORDER BY attached.name, attachment.hash`

// Attachments lists the files that doc holds, by name and then by hash, those that were detached among them. A document
// that is not known holds none. When a row cannot be read, the others come with the error.
func (l *Library) Attachments(doc crdt.DocID) ([]Attached, error) {
	days, _, err := l.days()
	if err != nil {
		return nil, err
	}
	rows, err := l.readers.Query(attachedSQL, doc[:])
	if err != nil {
		return nil, fmt.Errorf("storage: list the attachments: %w", err)
	}
	var broken []error
	var list []Attached
	_, err = collect(rows, func(scan func(...any) error) (struct{}, error) {
		a, err := scanAttached(scan, doc, days)
		if err != nil {
			broken = append(broken, err)
		} else {
			list = append(list, a)
		}
		return struct{}{}, nil
	})
	if err = errors.Join(append(broken, err)...); err != nil {
		err = fmt.Errorf("storage: list the attachments: %w", err)
	}
	return list, err
}

func scanAttached(scan func(...any) error, doc crdt.DocID, days uint32) (a Attached, err error) {
	var hash, sum []byte
	var added, binned int64
	var detached sql.NullInt64
	if err := scan(&a.Name, &hash, &a.Length, &added, &detached, &binned, &sum); err != nil {
		return a, err
	}
	if err := fill(a.Hash[:], hash, "hash"); err != nil {
		return a, err
	}
	if !bytes.Equal(sum, linkChecksum(doc, a.Hash, a.Name)) {
		return a, fmt.Errorf("file %q: %w", a.Name, errChecksum)
	}
	a.Added, a.Detached = time.UnixMilli(added), timeOf(detached)
	if a.IsDetached() {
		a.Left = int(max(1, BinDays-(int64(days)-binned)))
	}
	return a, nil
}

// linkChecksum is over what a row of table attached says.
func linkChecksum(doc crdt.DocID, hash FileHash, name string) []byte {
	sum := sha256.Sum256(append(append(bytes.Clone(doc[:]), hash[:]...), name...))
	return sum[:len(checksum{})]
}

// checkCount gives [ErrTooManyFiles] when the document with number doc holds too many.
func checkCount(tx *sql.Tx, doc int64) error {
	var n int
	err := tx.QueryRow(`SELECT count(*) FROM attached WHERE doc = ?`, doc).Scan(&n)
	if err == nil && n > MaxAttached {
		err = ErrTooManyFiles
	}
	return err
}

// attachTo makes doc hold the content with the number attachment.
func attachTo(tx *sql.Tx, doc crdt.DocID, name string, attachment int64, hash FileHash, now time.Time) error {
	id, err := findDocument(tx, doc)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO attached (doc, name, attachment, checksum, added) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (doc, name, attachment) DO UPDATE SET detached = NULL, binned = NULL`,
		id, name, attachment, linkChecksum(doc, hash, name), now.UnixMilli())
	if err != nil {
		return err
	}
	return checkCount(tx, id)
}

// AttachKnown is [Library.Attach] for a content that the library has. It reads all of that. [ErrNotFound] says that it is not
// there whole, or that there is no such document.
func (l *Library) AttachKnown(ctx context.Context, doc crdt.DocID, name string, hash FileHash, now time.Time) error {
	if err := CheckFileName(name); err != nil {
		return err
	}
	if !l.holdsWhole(ctx, hash) {
		return errors.Join(ctx.Err(), ErrNotFound)
	}
	return l.write("attach a file", func(tx *sql.Tx) error {
		var id int64
		err := tx.QueryRow(`SELECT id FROM attachment WHERE hash = ?`, hash[:]).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound // it was removed meanwhile
		}
		if err != nil {
			return err
		}
		return attachTo(tx, doc, name, id, hash, now)
	})
}

// Detach takes a file off doc. It stays for [BinDays] running days, in which [Library.Reattach] brings it back; then it
// is removed from the disk, unless another document holds it. Detaching it again keeps the first time. [ErrNotFound]
// says that doc does not hold it.
func (l *Library) Detach(doc crdt.DocID, name string, hash FileHash, now time.Time) error {
	return l.write("detach a file", func(tx *sql.Tx) error {
		days, _, err := readDays(tx)
		if err != nil {
			return err
		}
		return updateAttached(tx, `binned = coalesce(binned, ?), detached = coalesce(detached, ?)`, doc, name, hash, days, now.UnixMilli())
	})
}

// Reattach brings a file back that was detached. One that is attached stays as it is. [ErrNotFound] says that doc does
// not hold it.
func (l *Library) Reattach(doc crdt.DocID, name string, hash FileHash) error {
	return l.write("attach a file again", func(tx *sql.Tx) error {
		return updateAttached(tx, `detached = NULL, binned = NULL`, doc, name, hash)
	})
}

// updateAttached sets columns of a row of table attached, with the values for the question marks in set.
func updateAttached(tx *sql.Tx, set string, doc crdt.DocID, name string, hash FileHash, values ...any) error {
	r, err := tx.Exec(`UPDATE attached SET `+set+` WHERE doc = (SELECT id FROM doc WHERE name = ? AND destroyed IS NULL)
		AND name = ? AND attachment = (SELECT id FROM attachment WHERE hash = ?)`, append(values, doc[:], name, hash[:])...)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrNotFound)
	}
	return nil
}
