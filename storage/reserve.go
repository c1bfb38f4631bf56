package storage

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// The reserve is a file in the library's folder that holds nothing and takes real room on the disk. When the disk is
// full it is removed, and what was typed is committed in its room: at some 3 KB for each group, an hour of writing. By
// then the person knows ([Library.HasReserve]), and what can wait has stopped ([Library.DiskTight]). When there is room
// again, [Library.TakeReserve] makes it anew.

const (
	reserveFile  = "reserve"
	reserveBytes = 4 << 20
	// tightBytes is how much free room less is tight, or, on a small disk, the part 1/tightShare of it.
	tightBytes = 64 << 20
	tightShare = 20
)

// errDiskFull is what a full disk is called, instead of by SQLite's words.
var errDiskFull = errors.New("the disk is full")

// reserve is the reserve of one library.
type reserve struct {
	path string

	mu   sync.Mutex
	held bool // the file is there
}

func newReserve(dir string) *reserve { return &reserve{path: filepath.Join(dir, reserveFile)} }

// take makes the file unless it is there. It gives a [*RoomError] when the disk would be tight with it.
func (r *reserve) take() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held {
		return nil
	}
	if err := r.make(); err != nil {
		return fmt.Errorf("storage: keep a reserve: %w", err)
	}
	r.held = true
	return nil
}

func (r *reserve) make() error {
	info, err := os.Lstat(r.path)
	if whole := err == nil && info.Size() == reserveBytes; !whole {
		if err := checkTight(filepath.Dir(r.path), reserveBytes); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(r.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(allocate(f, reserveBytes), f.Close()); err != nil {
		return errors.Join(err, os.Remove(r.path)) // a part of it is of no use
	}
	return nil
}

// release removes the file, and says whether there was one.
func (r *reserve) release() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = false
	return os.Remove(r.path) == nil
}

// HasReserve says whether the library has its reserve. While it has none, the disk is full or nearly so, and what is
// typed may soon find no room. A library opened for reading needs none.
func (l *Library) HasReserve() bool {
	if l.reserve == nil {
		return true
	}
	l.reserve.mu.Lock()
	defer l.reserve.mu.Unlock()
	return l.reserve.held
}

// TakeReserve makes the reserve anew after it was used up: 4 MB. It gives a [*RoomError] while there is not enough room
// for it. It takes some milliseconds, and nobody waits for it.
func (l *Library) TakeReserve() error {
	if l.reserve == nil {
		return ErrReadOnly
	}
	return l.reserve.take()
}

// DiskTight says whether the room on the disk is to be left to what people write: work that can wait (backups,
// compaction, indices) asks before it begins, and leaves off. A disk that does not tell its room counts as roomy.
func (l *Library) DiskTight() bool {
	var tight *RoomError
	return !l.HasReserve() || errors.As(checkTight(l.dir, 0), &tight)
}

// checkTight says whether the disk of dir has room for n more bytes and is not tight then: nil, or a [*RoomError].
func checkTight(dir string, n int64) error {
	free, all, err := diskRoom(dir)
	if err != nil {
		return fmt.Errorf("ask for the room on the disk with %q: %w", dir, err)
	}
	if want := n + min(tightBytes, all/tightShare); free < want {
		return &RoomError{Dir: dir, Free: free, Want: want}
	}
	return nil
}

// wantsRoom says whether err is SQLite's way to say that there is no room: the disk is full, or what this person may
// use of it is used up (a failed write), or there is none for a new file.
func wantsRoom(err error, dir string) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE:
		return true
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return true
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
		free, _, err := diskRoom(dir)
		return err == nil && free < 1<<20
	}
	return false
}

// saysFull says whether err is that the disk is full.
func saysFull(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_FULL
}

// writeNoise fills f with n bytes that no file system can pack.
func writeNoise(f *os.File, n int64) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.CopyN(f, rand.Reader, n)
	return err
}
