package storage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// errHeld is what tryLock gives while somebody else has the lock.
var errHeld = errors.New("lock is held")

// A LockedError says that another process (or another [Library] of this one) owns
// the library.
type LockedError struct {
	Dir string
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("the library in %q is open in another Inkling; use that one, or close it first", e.Dir)
}

// acquireLock takes the lock that makes this process the owner of the library in
// dir. The lock goes when the file is closed or the process ends, however it ends.
// The file itself stays: removing it would let two processes lock two files.
func acquireLock(dir string) (*os.File, error) {
	path := filepath.Join(dir, lockFile)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("storage: open %s: %w", path, err)
	}
	err = tryLock(f)
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, errHeld) {
		return nil, &LockedError{Dir: dir}
	}
	return nil, fmt.Errorf("storage: lock %s: %w", path, err)
}
