package storage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
)

// An AttachmentError names the content of a file, and says why it cannot be read.
type AttachmentError struct {
	Hash   FileHash
	Names  []string // by which documents hold it, with their titles, the first of them; filled in by [Library.Check]
	Reason error
}

func (e *AttachmentError) Error() string {
	who := fmt.Sprintf("%x", e.Hash[:6])
	if len(e.Names) > 0 {
		who = naming(e.Names) + " (" + who + ")"
	}
	return fmt.Sprintf("storage: the attached file %s cannot be read: %v", who, e.Reason)
}

func (e *AttachmentError) Unwrap() error { return e.Reason }

// Attachment is the content of a file, to be read: an [io.ReadSeeker] and an [io.WriterTo]. Each part is compared with
// its checksum before a byte of it is given out, and who reads from the beginning to the end is told by the hash, before
// the last part is given out, whether all is what was attached: if not, an [*AttachmentError] comes. It keeps one part
// in memory, and no transaction open. It is not safe for concurrent use.
type Attachment struct {
	Hash   FileHash
	Length int64

	l      *Library
	ctx    context.Context
	id     int64
	at     int64 // where the next byte is read
	part   []byte
	number int64 // of part; -1: none
	sum    hash.Hash
	summed int64 // how many parts went into sum, from the first on
}

// Attachment opens the content with the given hash. [ErrNotFound] says that there is none. What is read later ends with
// ctx. It need not be closed.
func (l *Library) Attachment(ctx context.Context, hash FileHash) (*Attachment, error) {
	a := &Attachment{Hash: hash, l: l, ctx: ctx, number: -1, sum: sha256.New()}
	err := l.readers.QueryRowContext(ctx, `SELECT id, length FROM attachment WHERE hash = ?`, hash[:]).Scan(&a.id, &a.Length)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("storage: open an attachment: %w", err)
	}
	return a, nil
}

// Read reads on.
func (a *Attachment) Read(b []byte) (int, error) {
	rest, err := a.rest()
	if err != nil {
		return 0, err
	}
	n := copy(b, rest)
	a.at += int64(n)
	return n, nil
}

// WriteTo writes all from where a was read to.
func (a *Attachment) WriteTo(w io.Writer) (written int64, err error) {
	for {
		rest, err := a.rest()
		if errors.Is(err, io.EOF) {
			return written, nil
		}
		if err != nil {
			return written, err
		}
		n, err := w.Write(rest)
		a.at += int64(n)
		written += int64(n)
		if err != nil {
			return written, err
		}
	}
}

// Seek goes to another place, which may be behind the end.
func (a *Attachment) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += a.at
	case io.SeekEnd:
		offset += a.Length
	}
	if offset < 0 || whence < io.SeekStart || whence > io.SeekEnd {
		return a.at, errors.New("storage: seek in an attachment: no such place")
	}
	a.at = offset
	return offset, nil
}

// rest returns what is left of the part at hand, the next part when nothing is, and io.EOF at the end.
func (a *Attachment) rest() ([]byte, error) {
	number := a.at / partBytes
	if a.at >= a.Length {
		if a.Length == 0 && sha256.Sum256(nil) != a.Hash {
			return nil, &AttachmentError{Hash: a.Hash, Reason: errChecksum}
		}
		return nil, io.EOF
	}
	if number != a.number {
		if err := a.load(number); err != nil {
			a.number = -1
			if a.ctx.Err() == nil {
				err = &AttachmentError{Hash: a.Hash, Reason: err}
			}
			return nil, err
		}
	}
	return a.part[a.at%partBytes:], nil
}

// load takes a part into memory.
func (a *Attachment) load(number int64) (err error) {
	if a.part, err = readPart(a.ctx, a.l.readers, a.id<<16|number, a.Hash); err != nil {
		return fmt.Errorf("part %d: %w", number, err)
	}
	a.number = number
	if want := min(partBytes, a.Length-number*partBytes); int64(len(a.part)) != want {
		return fmt.Errorf("part %d has %d bytes, want %d", number, len(a.part), want)
	}
	if number != a.summed {
		return nil
	}
	a.sum.Write(a.part)
	if a.summed++; a.summed*partBytes >= a.Length && !bytes.Equal(a.sum.Sum(nil), a.Hash[:]) {
		return fmt.Errorf("all of it: %w", errChecksum)
	}
	return nil
}

// holdsWhole says whether the content with the given hash is there, and undamaged. It reads all of it.
func (l *Library) holdsWhole(ctx context.Context, hash FileHash) bool {
	a, err := l.Attachment(ctx, hash)
	if err == nil {
		_, err = a.WriteTo(io.Discard)
	}
	return err == nil
}

const attachmentPartSQL = `SELECT p.checksum, p.body FROM attachment_part AS p JOIN attachment AS a ON a.id = p.id >> 16 WHERE p.id = ? AND a.hash = ?`

// readPart returns the bytes of a part of the content with the given hash, compared with their checksum.
func readPart(ctx context.Context, db querier, id int64, hash FileHash) ([]byte, error) {
	rows, err := db.QueryContext(ctx, attachmentPartSQL, id, hash[:])
	if err != nil {
		return nil, err
	}
	list, err := collect(rows, func(scan func(...any) error) (body []byte, err error) {
		var sum []byte
		if err := scan(&sum, &body); err != nil {
			return nil, err
		}
		if want := sha256.Sum256(body); !bytes.Equal(sum, want[:len(checksum{})]) {
			return nil, errChecksum
		}
		return body, nil
	})
	if err == nil && len(list) == 0 {
		err = errGone
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// content is a row of table attachment. Its parts have the ids from id<<16 on, one for each 256 KiB of length.
type content struct {
	id     int64
	hash   FileHash
	length int64
}

const contentsSQL = `SELECT id, hash, length FROM attachment WHERE hash IS NOT NULL ORDER BY id`

// contents lists what is in table attachment by its hash.
func contents(ctx context.Context, db querier) ([]content, error) {
	rows, err := db.QueryContext(ctx, contentsSQL)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(scan func(...any) error) (c content, err error) {
		var hash []byte
		if err = scan(&c.id, &hash, &c.length); err == nil {
			err = fill(c.hash[:], hash, "hash")
		}
		return c, err
	})
}

// storedPart is a row of table attachment_part, without its body.
type storedPart struct {
	id       int64 // that of the content times 2^16, plus the part's number from 0
	checksum checksum
	length   int64 // of the body, in bytes
}

const partRowsSQL = `SELECT id, checksum, length(body) FROM attachment_part WHERE id > ? ORDER BY id LIMIT 1`

// partRows goes through all parts of all contents, by their ids, those of contents that are coming in or are being
// removed among them. Each row is a look-up of its own: no transaction stays open, and bodies are not read. It ends with
// the first error.
func partRows(ctx context.Context, db querier) iter.Seq2[storedPart, error] {
	return func(yield func(storedPart, error) bool) {
		for last := int64(0); ; {
			rows, err := db.QueryContext(ctx, partRowsSQL, last)
			if err != nil {
				yield(storedPart{}, err)
				return
			}
			list, err := collect(rows, func(scan func(...any) error) (p storedPart, err error) {
				var sum []byte
				if err = scan(&p.id, &sum, &p.length); err == nil {
					err = fill(p.checksum[:], sum, "checksum")
				}
				return p, err
			})
			if err == nil && len(list) == 0 {
				return
			}
			if err == nil && list[0].id <= last { // or else it might go round for ever
				err = errDisorder
			}
			if err != nil || !yield(list[0], nil) {
				if err != nil {
					yield(storedPart{}, err)
				}
				return
			}
			last = list[0].id
		}
	}
}
