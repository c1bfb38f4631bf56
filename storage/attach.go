package storage

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
	"time"

	"inkling/crdt"
)

// A document can hold files: pictures, letters, anything. What they contain is no change of the document: it is kept
// beside the journal, named by its hash, once however many documents hold it, and never altered.
//
// A file comes in by parts, of which one at a time is in memory and in the writer's queue: so a key typed meanwhile
// waits for one part at most. Its hash is known at its end. Only then one transaction names the content, and links it to
// the document; until then nobody sees it. If the content is there already, and whole, that one is linked, and what came
// in is removed. If it is there and damaged, what came in takes its place, wherever it is held. What a cut leaves, by
// kill or power or a full disk, has no name; it is removed when the library is next swept (attach_sweep.go). Taking a
// file off a document is a mark, as the bin's is (attach_held.go).

// Limits of what documents hold.
const (
	MaxAttachment = 2 << 30 // bytes of one file
	MaxAttached   = 1000    // files of one document, those that were detached among them
	MaxFileName   = 255     // bytes of a file's name
)

// attachmentLimit is MaxAttachment, but for tests.
var attachmentLimit = int64(MaxAttachment)

// FileHash names the content of a file: its SHA-256.
type FileHash = [sha256.Size]byte

var (
	// ErrFileTooLong says that a file is longer than [MaxAttachment].
	ErrFileTooLong = fmt.Errorf("it is too long: a file may have %d MB", MaxAttachment>>20)
	// ErrTooManyFiles says that a document holds [MaxAttached] files.
	ErrTooManyFiles = fmt.Errorf("the document has %d files already, and may have no more", MaxAttached)
)

// incoming are the numbers of the contents that are coming in.
type incoming struct {
	lane sync.Mutex // held while one part is with the writer
	mu   sync.Mutex
	ids  map[int64]bool
}

func (in *incoming) set(id int64, is bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.ids == nil {
		in.ids = map[int64]bool{}
	}
	if in.ids[id] = is; !is {
		delete(in.ids, id)
	}
}

func (in *incoming) has(id int64) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.ids[id]
}

// Attach reads content to its end and makes doc hold it under name. length is how long the content is said to be, and
// only tells early whether there is room; less than 0: not known. It returns after the commit. When it fails, nothing of
// the file is seen, and doc holds what it held: [ErrNotFound] says that there is no such document, a [*FileNameError]
// that no file can have that name, a [*RoomError] that the disk is too full, [ErrFileTooLong] and [ErrTooManyFiles] what
// they say; content's own error and ctx's are returned as they are. A file that doc holds already by that name stays as
// it is, or is no longer detached. (Where the disk failed in the very last commit, the file may be there although an
// error is returned. Attaching it again does no harm.)
//
// It takes memory for one part, 256 KiB, and some ms for each.
func (l *Library) Attach(ctx context.Context, doc crdt.DocID, name string, length int64, content io.Reader, now time.Time) (Attached, error) {
	if l.queue == nil {
		return Attached{}, ErrReadOnly
	}
	if err := CheckFileName(name); err != nil {
		return Attached{}, err
	}
	if length > attachmentLimit {
		return Attached{}, ErrFileTooLong
	}
	a := &arrival{l: l, name: name, sum: sha256.New(), hadReserve: l.HasReserve()}
	if err := a.begin(doc, max(length, 0)); err != nil {
		return Attached{}, a.explain(err)
	}
	err := a.take(ctx, content)
	if err == nil {
		err = a.finish(ctx, doc, now)
	}
	l.incoming.set(a.id, false)
	if a.kept != a.id {
		_ = l.removeContent(a.id) // what is left of it goes with the next sweep
	}
	if err != nil {
		return Attached{}, a.explain(err)
	}
	return Attached{Name: name, Hash: a.hash, Length: a.length, Added: now.Truncate(time.Millisecond)}, nil
}

// arrival is one content that is coming in.
type arrival struct {
	l      *Library
	name   string
	id     int64 // its number
	parts  int64
	length int64
	sum    hash.Hash
	hash   FileHash // known at its end
	kept   int64    // the number of the content that was linked; 0: none

	hadReserve bool // when it began
}

// begin gives the content a number.
func (a *arrival) begin(doc crdt.DocID, length int64) error {
	if err := a.room(length); err != nil {
		return err
	}
	return a.l.onWriter("attach a file", func(db *sql.DB) error {
		err := transact(db, func(tx *sql.Tx) error {
			id, err := findDocument(tx, doc)
			if err != nil {
				return err
			}
			if err := checkCount(tx, id); err != nil {
				return err
			}
			r, err := tx.Exec(`INSERT INTO attachment (hash, length) VALUES (NULL, NULL)`)
			if err != nil {
				return err
			}
			a.id, err = r.LastInsertId()
			return err
		})
		if err == nil {
			a.l.incoming.set(a.id, true)
		}
		return err
	})
}

// take reads content to its end and stores it.
func (a *arrival) take(ctx context.Context, content io.Reader) error {
	buffer := make([]byte, partBytes)
	for {
		n, readErr := fillPart(ctx, content, buffer)
		if readErr != nil && !errors.Is(readErr, errEnd) {
			return readErr
		}
		if n > 0 {
			if err := a.put(buffer[:n]); err != nil {
				return err
			}
		}
		if readErr != nil {
			a.sum.Sum(a.hash[:0])
			return nil
		}
	}
}

// errEnd says that a content has ended. (io.ReadFull does not tell an end from a reader that fails with io.ErrUnexpectedEOF.)
var errEnd = errors.New("the end")

// fillPart reads until buffer is full, r ends ([errEnd]), or something goes wrong.
func fillPart(ctx context.Context, r io.Reader, buffer []byte) (n int, err error) {
	for n < len(buffer) {
		if ctx.Err() != nil {
			return n, ctx.Err()
		}
		more, err := r.Read(buffer[n:])
		n += more
		if err == io.EOF {
			return n, errEnd
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// put stores the next part.
func (a *arrival) put(body []byte) error {
	if a.length+int64(len(body)) > attachmentLimit {
		return ErrFileTooLong
	}
	if err := a.room(0); err != nil {
		return err
	}
	a.sum.Write(body)
	sum := sha256.Sum256(body)
	a.l.incoming.lane.Lock()
	defer a.l.incoming.lane.Unlock()
	err := a.l.writeAside("attach a file", func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO attachment_part (id, checksum, body) VALUES (?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET checksum = excluded.checksum, body = excluded.body`, a.id<<16|a.parts, sum[:len(checksum{})], body)
		return err
	})
	a.parts++
	a.length += int64(len(body))
	return err
}

// finish names the content and links it to doc, in one transaction.
func (a *arrival) finish(ctx context.Context, doc crdt.DocID, now time.Time) error {
	whole := a.l.holdsWhole(ctx, a.hash) // before it is the writer's turn: it may take long
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var kept int64
	err := a.l.onWriter("attach a file", func(db *sql.DB) error {
		err := transact(db, func(tx *sql.Tx) (err error) {
			if kept, err = a.settle(tx, whole); err != nil {
				return err
			}
			return attachTo(tx, doc, a.name, kept, a.hash, now)
		})
		if err == nil {
			a.l.writer.commits.Add(1)
		}
		return err
	})
	if err == nil {
		a.kept = kept
	}
	return err
}

// settle returns the number of the content with the arrival's hash: the one that is there, if it is whole, or the
// arrival's own.
func (a *arrival) settle(tx *sql.Tx, whole bool) (id int64, err error) {
	err = tx.QueryRow(`SELECT id FROM attachment WHERE hash = ?`, a.hash[:]).Scan(&id)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil || id == a.id || whole:
		return id, err
	default:
		if err := replaceContent(tx, id, a.id); err != nil {
			return 0, err
		}
	}
	var parts, length int64
	err = tx.QueryRow(`SELECT count(*), coalesce(sum(length(body)), 0) FROM attachment_part WHERE id BETWEEN ?1 << 16 AND ?1 << 16 | 0xffff`, a.id).
		Scan(&parts, &length)
	if err == nil && (parts != a.parts || length != a.length) {
		err = fmt.Errorf("%d parts of %d bytes were stored, and %d parts of %d bytes are there", a.parts, a.length, parts, length)
	}
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec(`UPDATE attachment SET hash = ?, length = ? WHERE id = ?`, a.hash[:], a.length, a.id)
	return a.id, err
}

// replaceContent takes the name from a damaged content, and links who holds it to another one.
func replaceContent(tx *sql.Tx, damaged, by int64) error {
	_, err := tx.Exec(`UPDATE attachment SET hash = NULL, length = NULL WHERE id = ?`, damaged)
	if err == nil {
		_, err = tx.Exec(`UPDATE attached SET attachment = ? WHERE attachment = ?`, by, damaged)
	}
	return err
}

// room says whether the disk has room for n more bytes and some to spare for what is typed: nil, or a [*RoomError].
func (a *arrival) room(n int64) error {
	var full *RoomError
	if err := checkTight(a.l.dir, n); errors.As(err, &full) {
		return &RoomError{Dir: full.Dir, Free: full.Free, Want: full.Want, File: a.name}
	}
	if a.hadReserve && !a.l.HasReserve() { // a disk that tells more room than there is for this person
		return a.full()
	}
	return nil
}

// full is the error for a disk that refused the next part.
func (a *arrival) full() error {
	return &RoomError{Dir: a.l.dir, Want: a.length + partBytes, File: a.name}
}

// explain says in the words of a full disk what went wrong, if that is it.
func (a *arrival) explain(err error) error {
	var told *RoomError
	if !errors.As(err, &told) && (errors.Is(err, errDiskFull) || wantsRoom(err, a.l.dir)) {
		return a.full()
	}
	return err
}
