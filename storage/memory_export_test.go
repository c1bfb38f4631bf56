package storage

import (
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"inkling/storage/disktest"
)

// CreateIn makes an empty library on disk, as [Open] would but for the renaming: a
// disk in memory knows no files but SQLite's.
func CreateIn(disk *disktest.Disk) error {
	disk.Create(databaseFile)
	return makeIn(disk.Path(databaseFile))
}

// OpenIn is [Open] for a library on a disk in memory: the same checks, the same
// connections, no lock file and no permissions. Damage is told plainly; nothing is
// copied aside.
func OpenIn(disk *disktest.Disk) (*Library, error) {
	size := disk.Size(databaseFile)
	if size < 0 {
		return nil, fmt.Errorf("%s: %w", databaseFile, fs.ErrNotExist)
	}
	if _, err := inspect(disk.Folder(), disk.Path(databaseFile), size); err != nil {
		return nil, err
	}
	lock, err := os.Open(os.DevNull) // something to close
	if err != nil {
		return nil, err
	}
	l, err := begin(disk.Folder(), lock, true)
	if err != nil {
		lock.Close()
	}
	return l, err
}

// SetPragma makes connections that are opened from now on use another value of one of
// the pragmas that all or those that write have, until the returned function is called.
func SetPragma(name, value string) (restore func()) {
	base, writer := basePragmas, writerPragmas
	basePragmas, writerPragmas = slices.Clone(base), slices.Clone(writer)
	for _, list := range [][]string{basePragmas, writerPragmas} {
		at := slices.IndexFunc(list, func(p string) bool { return strings.HasPrefix(p, name+"(") })
		if at >= 0 {
			list[at] = name + "(" + value + ")"
			return func() { basePragmas, writerPragmas = base, writer }
		}
	}
	panic("storage: no connection has a pragma " + name)
}

// HoldWriteLock begins to write to the library in dir, as a foreign SQLite shell may, until
// wait returns.
func HoldWriteLock(dir string, wait func()) error {
	db, err := openWriter(filepath.Join(dir, databaseFile))
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	wait()
	return tx.Rollback()
}

// WriteAndRefuse writes a value of the library's state in a transaction that then refuses
// with err.
func WriteAndRefuse(l *Library, key string, err error) error {
	return l.write("write and refuse", func(tx *sql.Tx) error {
		if _, err := tx.Exec(`INSERT INTO state (doc, key, value) VALUES (zeroblob(32), ?, x'01')`, key); err != nil {
			return err
		}
		return err
	})
}
