package storage

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"inkling/crdt"
)

// Backup is a file from which a library can be restored.
type Backup struct {
	Name  string // by which a person calls it
	Path  string
	At    time.Time // when it was made, to the second
	Bytes int64
	// Before is the format that the library was brought to when this was made; 0 for one that was made as usual.
	Before int
	// Replaced: it is no backup, but what the library held when another backup was put in its place.
	Replaced bool
}

// Backups lists the backups of the library in dir, the newest first, then what was replaced. It reads no file.
func Backups(dir string) ([]Backup, error) {
	made, err := filepath.Glob(filepath.Join(dir, backupFolder, "*"+backupSuffix))
	replaced, err2 := filepath.Glob(filepath.Join(dir, replacedPrefix+"*", databaseFile))
	if err := errors.Join(err, err2); err != nil {
		return nil, fmt.Errorf("storage: list the backups: %w", err)
	}
	var list []Backup
	for _, path := range append(made, replaced...) {
		b, err := statBackup(path)
		if errors.Is(err, fs.ErrNotExist) || b.At.IsZero() {
			continue // another one's file, or one that was removed just now
		}
		if err != nil {
			return nil, fmt.Errorf("storage: list the backups: %w", err)
		}
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b Backup) int {
		if a.Replaced != b.Replaced {
			return map[bool]int{false: -1, true: 1}[a.Replaced]
		}
		return cmp.Or(b.At.Compare(a.At), strings.Compare(b.Name, a.Name))
	})
	return list, nil
}

// statBackup describes the file at path. At is zero when its name tells no time.
func statBackup(path string) (Backup, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Backup{}, err
	}
	b := Backup{Name: strings.TrimSuffix(filepath.Base(path), backupSuffix), Path: path, Bytes: info.Size()}
	if filepath.Base(path) == databaseFile {
		b.Name, b.Replaced = filepath.Base(filepath.Dir(path)), true
	}
	at, before, marked := strings.Cut(strings.TrimPrefix(b.Name, replacedPrefix), beforeMark)
	if marked {
		if b.Before, err = strconv.Atoi(before); err != nil || b.Before < 1 {
			return b, nil // At is zero
		}
	}
	b.At, _ = time.Parse(backupTime, at) // the zero time is the answer
	return b, nil
}

// freeName returns the path of a backup made now in folder, with a mark behind the time: a second later for each one that
// is there already.
func freeName(folder string, now time.Time, mark string) string {
	for at := now.UTC(); ; at = at.Add(time.Second) {
		path := filepath.Join(folder, at.Format(backupTime))
		taken, err := filepath.Glob(path + "*")
		if err == nil && len(taken) == 0 {
			return path + mark + backupSuffix
		}
	}
}

// OpenBackup opens a backup, or any other library file that nobody writes to, to look at it. It gives a
// [*NewerError] for that of a newer Inkling.
func OpenBackup(path string) (*Library, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("storage: open a backup: %w", err)
	}
	readers, err := openReaders(path, "ro")
	if err == nil {
		if _, err = checkIdentity(readers, path); err != nil {
			readers.Close()
		}
	}
	if err = orDamage(err); err != nil {
		return nil, fmt.Errorf("storage: open %q: %w", path, err)
	}
	return &Library{dir: filepath.Dir(path), name: filepath.Base(path), readers: readers, archives: newArchives(readers)}, nil
}

// Holding returns those of list that hold a document, whether or not it is in the bin there. One that cannot be
// read counts: it may.
func Holding(list []Backup, doc crdt.DocID) (holding []Backup) {
	for _, b := range list {
		l, err := OpenBackup(b.Path)
		if err == nil {
			_, err = l.Document(doc)
			l.Close()
		}
		if !errors.Is(err, ErrNotFound) {
			holding = append(holding, b)
		}
	}
	return holding
}
