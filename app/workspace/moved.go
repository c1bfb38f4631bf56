package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"inkling/crdt"
)

// folderKey is the library's key for the folder in which it was opened last, with no
// symbolic links in it.
const folderKey = "folder"

// followFolder gives a library that was moved on this computer its device key back,
// which is kept by the name of the folder: else its owner could only read it. Where a
// library is still in the old folder this is a copy, and a device of its own. Whether it is the
// state that was there last says the token (token.go), which comes along.
func (w *Workspace) followFolder() error {
	last, err := w.lib.State(crdt.DocID{}, folderKey)
	here := realDir(w.dir)
	if err != nil || string(last) == here {
		return err
	}
	if len(last) > 0 && wasMoved(string(last), here) {
		if err := moveKey(string(last), here); err != nil {
			return err
		}
	}
	return w.lib.SetState(crdt.DocID{}, folderKey, []byte(here))
}

// wasMoved says whether the folder to has no device key, but from, where no folder is
// any more, had one.
func wasMoved(from, to string) bool {
	old, err1 := KeyPath(from)
	now, err2 := KeyPath(to)
	return err1 == nil && err2 == nil && isAbsent(from) && isAbsent(now) && !isAbsent(old)
}

// isAbsent says whether there is surely nothing at path.
func isAbsent(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// moveKey renames the device key of the library that was in one folder for another, and before it the token: a crash
// between the two leaves the key where it is looked for at the next start.
func moveKey(from, to string) error {
	for _, pathOf := range []func(string) (string, error){tokenPath, KeyPath} {
		old, err1 := pathOf(from)
		now, err2 := pathOf(to)
		err := errors.Join(err1, err2)
		if err == nil && !isAbsent(old) {
			err = os.Rename(old, now)
		}
		if err != nil {
			return fmt.Errorf("take the device key along to %s: %w", to, err)
		}
	}
	return nil
}

// realDir returns dir without symbolic links, as far as it can be had.
func realDir(dir string) string {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real
	}
	return dir
}
