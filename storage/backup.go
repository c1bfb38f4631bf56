package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"inkling/crdt"
)

// A backup is the whole library as one file: library.db as it was at one moment, written by VACUUM INTO while the
// library is in use. It lies in DIR/backups, named after its time in UTC (20261121T194503Z.db; and the one that is made
// before a library gets another format, migrate.go: 20261121T194503Z-before-format-2.db). It has no nonces
// and no open invites, so that however it is put back, by us or by hand, nobody writes on as a replica of which
// others know more. Neither has it the device's key, which is not in the library. The tables of the index
// are empty in it, for they are more than half of a library, and whoever opens it makes them anew.
//
// To leave them out takes two copies: VACUUM INTO copies all of a file, so the first copy, of the library, is
// emptied of what a backup does not have, and the second one, of the first, has just what is left.
//
// It comes into being under another name (….new) and gets its own when it has been read back whole and is on the
// disk: a file with the name of a backup is one. Which ones are kept says backup_keep.go.

// Names in a library's folder.
const (
	backupFolder = "backups"
	backupSuffix = ".db"
	draftSuffix  = ".new"
	backupTime   = "20060102T150405Z"
	beforeMark   = "-before-format-" // and the number
)

// ErrUnchanged says that there is nothing in the library that the newest backup does not have.
var ErrUnchanged = errors.New("nothing has changed since the newest backup")

// Back makes a backup in DIR/backups, which it makes for the owner's eyes only, and removes those that are not to be
// kept any longer. When nothing has changed it gives [ErrUnchanged], when the disk is nearly full a [*RoomError].
// It takes about 8 s per GB, on the caller's goroutine. Nobody waits for it.
func (l *Library) Back(ctx context.Context, now time.Time) (Backup, error) {
	l.backing.Lock()
	defer l.backing.Unlock()
	list, err := Backups(l.dir)
	if err != nil {
		return Backup{}, err
	}
	same, err := l.sameAs(list)
	if err == nil && same {
		err = ErrUnchanged
	}
	if err != nil {
		return Backup{}, err
	}
	return l.backIn(ctx, now, "")
}

// backIn makes a backup in DIR/backups, with a mark behind the time in its name.
func (l *Library) backIn(ctx context.Context, now time.Time, mark string) (Backup, error) {
	folder := filepath.Join(l.dir, backupFolder)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return Backup{}, fmt.Errorf("storage: make a backup: %w", err)
	}
	if err := removeDrafts(folder); err != nil {
		return Backup{}, fmt.Errorf("storage: make a backup: %w", err)
	}
	b, err := l.BackTo(ctx, freeName(folder, now, mark))
	if err != nil {
		return Backup{}, err
	}
	if err := syncDir(l.dir); err != nil { // the folder itself may be new
		return Backup{}, err
	}
	return b, prune(folder, b)
}

// BackTo is Back for a file that the caller names, which must not exist. Its folder must.
func (l *Library) BackTo(ctx context.Context, path string) (Backup, error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return Backup{}, errors.Join(fmt.Errorf("%q is there already; name another file", path), err)
	}
	draft := path + draftSuffix
	err := l.writeCopy(ctx, draft, forgetPresent)
	if err == nil {
		err = publish(draft, path)
	}
	if err != nil {
		os.Remove(draft) // it may not be there; what went wrong before is told
		return Backup{}, fmt.Errorf("storage: make a backup: %w", err)
	}
	return statBackup(path)
}

// publish gives a whole and durable draft its name.
func publish(draft, path string) error {
	if err := os.Rename(draft, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// sameAs says whether the newest backup was made of the library as it is.
func (l *Library) sameAs(list []Backup) (bool, error) {
	token, err := l.Token()
	if err != nil || token == (Token{}) || l.Written() || len(list) == 0 {
		return false, err
	}
	newest, err := OpenBackup(list[0].Path)
	if err != nil {
		return false, nil // a backup that cannot be read is a reason to make another one
	}
	defer newest.Close()
	had, err := newest.Token()
	return err == nil && had == token, nil
}

// writeCopy makes a whole, checked and durable copy of the library without its index: a new file, which alter has gone
// over in one transaction. After an error it leaves what there is of it.
func (l *Library) writeCopy(ctx context.Context, path string, alter func(*sql.Tx) error) error {
	if err := checkRoom(filepath.Dir(path), 2*l.size()); err != nil {
		return err
	}
	full := path + fullSuffix
	defer os.Remove(full) // it may not be there
	if err := vacuumInto(ctx, filepath.Join(l.dir, l.file()), full); err != nil {
		return err
	}
	err := alterCopy(full, func(tx *sql.Tx) error { return errors.Join(emptyIndex(tx), alter(tx)) })
	if err != nil {
		return err
	}
	if err := vacuumInto(ctx, full, path); err != nil {
		return err
	}
	if err := checkCopy(ctx, path, l); err != nil {
		return fmt.Errorf("the copy is not what the library holds, and was thrown away: %w", err)
	}
	return syncFile(path)
}

// fullSuffix is behind the name of a copy that is not yet without the index.
const fullSuffix = "-full"

// size returns how many bytes a copy of the library has at most.
func (l *Library) size() (n int64) {
	for _, suffix := range []string{"", walSuffix} {
		if info, err := os.Stat(filepath.Join(l.dir, l.file()+suffix)); err == nil {
			n += info.Size()
		}
	}
	return n
}

// vacuumInto copies what is in the library source to the new file path, by a connection of its own: a reader, for
// which the writer does not wait.
func vacuumInto(ctx context.Context, source, path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // VACUUM INTO takes an empty file
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	db, err := openPool(source, dsn(source, "ro", basePragmas), 1)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, path)
	return errors.Join(err, db.Close())
}

// draftPragmas are for a file that is thrown away whatever happens.
var draftPragmas = []string{"synchronous(off)", "journal_mode(memory)"}

// alterCopy runs alter on a copy that nobody else knows, and that is copied again.
func alterCopy(path string, alter func(*sql.Tx) error) error {
	db, err := openPool(path, dsn(path, "rw", basePragmas, draftPragmas), 1)
	if err != nil {
		return err
	}
	return errors.Join(transact(db, alter), db.Close())
}

// checkCopy reads a copy whole: its tables, its structure, the checksum of every change, and every attached file. It
// is a copy of the library of.
func checkCopy(ctx context.Context, path string, of *Library) error {
	b, err := OpenBackup(path)
	if err != nil {
		return err
	}
	defer b.Close()
	version, err := checkIdentity(b.readers, path)
	if err != nil {
		return err
	}
	if err := checkSchema(b.readers, version); err != nil {
		return err
	}
	if err := checkStructure(ctx, b.readers, "PRAGMA quick_check(1)"); err != nil {
		return err
	}
	documents, err := b.documents(``)
	if err != nil {
		return err
	}
	for _, d := range documents {
		if err := b.checkRows(ctx, d.ID); err != nil {
			return fmt.Errorf("document %q: %w", d.name(), err)
		}
	}
	return b.checkCopiedFiles(ctx, of)
}

// checkCopiedFiles reads all attached files of a copy. One that cannot be read in the original either does not stand in
// the way of a backup of the rest.
func (l *Library) checkCopiedFiles(ctx context.Context, of *Library) error {
	list, err := contents(ctx, l.readers)
	for _, c := range list {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if bad := l.checkContent(ctx, c); bad != nil && of.holdsWhole(ctx, c.hash) {
			return bad
		}
	}
	return err
}

// checkRows checks each row of doc's journal by itself, and that none is missing.
func (l *Library) checkRows(ctx context.Context, doc crdt.DocID) error {
	place := int64(0)
	for s, err := range l.journal(ctx, doc, 0) {
		if err != nil {
			return err
		}
		if err := s.check(); err != nil {
			return fmt.Errorf("change %d: %w", s.place, err)
		}
		if place++; s.place != place {
			return fmt.Errorf("change %d is missing", place)
		}
	}
	return nil
}

// removeDrafts removes what backups that were cut short have left in folder.
func removeDrafts(folder string) error {
	drafts, err := filepath.Glob(filepath.Join(folder, "*"+backupSuffix+draftSuffix+"*")) // with -journal, -wal, -shm
	for _, path := range drafts {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// syncFile makes what is written to a file durable.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
