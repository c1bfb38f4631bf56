package storage

import (
	"database/sql"
	"fmt"
	"io/fs"
	"os"
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
	if err := inspect(disk.Folder(), disk.Path(databaseFile), size); err != nil {
		return nil, err
	}
	lock, err := os.Open(os.DevNull) // something to close
	if err != nil {
		return nil, err
	}
	l, err := begin(disk.Folder(), lock)
	if err != nil {
		lock.Close()
	}
	return l, err
}

// SetPragma makes connections that are opened from now on use another value of one of
// the writer's pragmas, until the returned function is called.
func SetPragma(name, value string) (restore func()) {
	saved := writerPragmas
	changed := []string{name + "(" + value + ")"}
	for _, p := range saved {
		if !strings.HasPrefix(p, name+"(") {
			changed = append(changed, p)
		}
	}
	if len(changed) != len(saved) {
		panic("storage: the writer has no pragma " + name)
	}
	writerPragmas = changed
	return func() { writerPragmas = saved }
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
