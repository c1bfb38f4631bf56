package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A library lies on a disk of this computer, in a folder that no other program copies. SQLite's -wal file needs memory
// and locks that all who have it open share, which a folder on another computer does not give. A program that keeps
// folders of several computers in step copies library.db and its -wal at different moments, and puts back what it takes
// for newer; either spoils a library. So such a place is refused for writing, before anything is made in it. Looking
// and exporting ([OpenReadOnly]) is allowed: it is the way out.
//
// What is refused is what is known by its marks (place_synced.go, and place_linux.go and its like); of the rest nobody can tell.

// A PlaceError says that a library must not lie in Dir. Nothing was made or altered there.
type PlaceError struct {
	Dir    string
	Remote string // the kind of the file system when it is on another computer, as people call it; else ""
	Synced string // the program that keeps the folder in step with other computers; else ""
	Used   bool   // there is a library in it
}

func (e *PlaceError) Error() string {
	why := fmt.Sprintf("that folder is on another computer (%s), where what you write can be damaged", e.Remote)
	if e.Synced != "" {
		why = fmt.Sprintf("%s copies what is there to other computers, also in the middle of writing, which can damage what you write", e.Synced)
	}
	if !e.Used {
		return fmt.Sprintf("the library cannot be in %q: %s.\nName a folder on a disk of this computer, outside of it: `inkling --data FOLDER`", e.Dir, why)
	}
	return fmt.Sprintf("the library in %q cannot be written in: %s.\nNothing in it was changed. Move it to a disk of this computer, outside of that folder, when "+
		"no Inkling has it open, and name the new place: `inkling --data FOLDER`.\nTo see its documents here run `inkling list`, to save them `inkling export` (with --data %q)",
		e.Dir, why, e.Dir)
}

// checkPlace says whether a library may lie in dir, an absolute path, which need not exist yet: nil, a [*PlaceError],
// or that this could not be found out.
func checkPlace(dir string) error {
	real, there, err := realPath(dir)
	if err != nil {
		return fmt.Errorf("storage: look where %q is: %w", dir, err)
	}
	e := &PlaceError{Dir: dir, Synced: syncedBy(real)}
	if e.Synced == "" {
		if e.Remote, err = remoteKind(there); err != nil {
			return fmt.Errorf("storage: ask for the file system of %q: %w", there, err)
		}
	}
	if e.Synced == "" && e.Remote == "" {
		return nil
	}
	_, missing := os.Stat(filepath.Join(dir, databaseFile))
	e.Used = missing == nil
	return e
}

// realPath returns dir with no symbolic link in it, and the lowest folder on the way to it that exists.
func realPath(dir string) (real, there string, err error) {
	rest := ""
	for at := dir; ; at = filepath.Dir(at) {
		there, err = filepath.EvalSymlinks(at)
		if !errors.Is(err, fs.ErrNotExist) || at == filepath.Dir(at) {
			return filepath.Join(there, rest), there, err
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}
