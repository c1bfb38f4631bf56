package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
)

// Files in a library's folder.
const (
	databaseFile = "library.db"
	walSuffix    = "-wal"
	shmSuffix    = "-shm"
	lockFile     = "lock"
)

// maxReaders is how many connections read at the same time. More would not be
// faster on the two to eight cores of a desktop, and each costs a page cache.
const maxReaders = 4

// basePragmas hold for every connection. SQLite forgets them at close.
//
//   - trusted_schema, cell_size_check: a damaged or forged file gives an error
//     instead of running what its schema says.
//   - busy_timeout: only a foreign SQLite shell can hold a lock against us.
//   - mmap_size 0: a read error in mapped memory is a signal, not an error.
var basePragmas = []string{
	"busy_timeout(5000)",
	"trusted_schema(off)",
	"cell_size_check(on)",
	"mmap_size(0)",
}

// writerPragmas make a commit durable when it returns (on macOS only fullfsync
// does), keep the -wal file short: what is behind a bad page in it is lost; and
// overwrite what is deleted (bin_destroy.go).
var writerPragmas = []string{
	"foreign_keys(on)",
	"synchronous(full)",
	"fullfsync(on)",
	"checkpoint_fullfsync(on)",
	"wal_autocheckpoint(256)", // pages of 4 KiB: 1 MiB
	"secure_delete(on)",
}

// lenientPragmas are for reading what is left of a damaged library. With
// writable_schema SQLite reads a file that is shorter than its header says; the
// connection cannot write.
var lenientPragmas = []string{"writable_schema(on)"}

// dsn names path for the driver. mode is SQLite's: "ro", "rw" or "rwc".
func dsn(path, mode string, pragmas ...[]string) string {
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // C:/… becomes file:///C:/…
	}
	q := url.Values{"mode": {mode}, "_txlock": {"immediate"}}
	for _, list := range pragmas {
		for _, p := range list {
			q.Add("_pragma", p)
		}
	}
	u := url.URL{Scheme: "file", Path: slashed, RawQuery: q.Encode()}
	return "file://" + u.EscapedPath() + "?" + u.RawQuery
}

// openWriter opens the one connection that writes. The file must exist.
func openWriter(path string) (*sql.DB, error) {
	return openPool(path, dsn(path, "rw", basePragmas, writerPragmas), 1)
}

// openReaders opens the pool that reads. With "ro" the file itself is opened for
// reading only; with "rw" only statements are kept from writing, which lets
// SQLite use a -wal file that this process has just made.
func openReaders(path, mode string) (*sql.DB, error) {
	return openPool(path, dsn(path, mode, basePragmas, []string{"query_only(on)"}), maxReaders)
}

// openLenient opens a pool that reads what it can of a library, damaged or not.
func openLenient(path string) (*sql.DB, error) {
	return openPool(path, dsn(path, "ro", basePragmas, lenientPragmas, []string{"query_only(on)"}), maxReaders)
}

func openPool(path, dsn string, connections int) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("storage: open %s: %w", path, err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	if err := db.Ping(); err != nil {
		db.Close()
		return nil, fmt.Errorf("storage: open %s: %w", path, err)
	}
	return db, nil
}

// A brokenError says that a transaction failed for a reason of the database's own:
// full disk, failed sync, damaged page. What it left in memory is not to be relied
// on, so the connection must be closed.
type brokenError struct{ err error }

func (e *brokenError) Error() string { return e.err.Error() }
func (e *brokenError) Unwrap() error { return e.err }

// transact runs f in one transaction of db and commits it. When f refuses, the
// transaction is rolled back and f's error returned as it is; any other failure is
// a [*brokenError].
func transact(db *sql.DB, f func(*sql.Tx) error) error {
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		return &brokenError{err}
	}
	if err := f(tx); err != nil {
		if rollbackErr := tx.Rollback(); rollbackErr != nil || isDatabaseError(err) {
			return &brokenError{err}
		}
		return err
	}
	if err := tx.Commit(); err != nil {
		return &brokenError{err}
	}
	return nil
}

// isDatabaseError says whether err came from SQLite and not from our own checks.
func isDatabaseError(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e)
}

// collect reads and closes rows. read gets the Scan of each row. What was read
// before an error is returned with it.
func collect[T any](rows *sql.Rows, read func(scan func(...any) error) (T, error)) ([]T, error) {
	defer rows.Close()
	var list []T
	for rows.Next() {
		v, err := read(rows.Scan)
		if err != nil {
			return list, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}
