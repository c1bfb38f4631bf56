package storage

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// wreck is a library's file, damaged or not, that is read page by page.
type wreck struct {
	path  string
	db    *sql.DB
	pages *pages
	copy  string // a folder with a copy that has another first page; "" when there is none
}

// openWreck opens the file at path. One that SQLite does not take for a database, because of what stands on its first
// page, is copied into a new folder in scratch, and there the first page of an empty library takes its place: what it holds is
// known, but for the sizes, which follow from the file. Nobody may have the file open.
func openWreck(path, scratch string) (*wreck, error) {
	w := &wreck{path: path}
	err := w.open(path)
	if err == nil {
		return w, nil
	}
	w.close()
	if errors.As(err, new(*NewerError)) || isDatabaseError(err) && !errors.As(orDamage(err), new(damage)) {
		return nil, err
	}
	if err := w.graft(scratch); err == nil {
		err = w.open(filepath.Join(w.copy, databaseFile))
		if err == nil {
			return w, nil
		}
	}
	return nil, errors.Join(err, w.close())
}

// open begins to read the file at path; the error is a [damage] where the first page is not to be relied on.
func (w *wreck) open(path string) error {
	size, err := sizeOf(path)
	if err != nil {
		return err
	}
	if size < dbPageBytes {
		return damage("library.db is missing or empty")
	}
	if w.db, err = openLenient(path); err != nil {
		return orDamage(err)
	}
	if _, err := checkIdentity(w.db, filepath.Dir(w.path)); err != nil {
		return orDamage(err)
	}
	var pageSize int
	if err := w.db.QueryRow(`PRAGMA page_size`).Scan(&pageSize); err != nil {
		return orDamage(err)
	}
	if w.pages, err = openPages(w.db); err != nil {
		return orDamage(err)
	}
	n, err := w.pages.count()
	if err == nil {
		_, err = w.pages.page(n)
	}
	if err != nil {
		return orDamage(err)
	}
	if pageSize != dbPageBytes || n*dbPageBytes < size {
		return damage("the first page of library.db is not what was written")
	}
	return nil
}

// graft makes w.copy.
func (w *wreck) graft(scratch string) (err error) {
	if err := os.MkdirAll(scratch, 0o700); err != nil {
		return err
	}
	if w.copy, err = os.MkdirTemp(scratch, "copy-*"); err != nil {
		return err
	}
	target := filepath.Join(w.copy, databaseFile)
	for _, suffix := range []string{"", walSuffix} {
		if err := copyFile(w.path+suffix, target+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	empty := filepath.Join(w.copy, "empty.db")
	if err := writeEmpty(empty); err != nil {
		return err
	}
	whole, err := os.ReadFile(empty)
	if err != nil {
		return err
	}
	first := whole[:dbPageBytes]
	first[27], first[95] = 1, 2 // the number of pages that it says is not of this file
	f, err := os.OpenFile(target, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(first, 0)
	return errors.Join(err, f.Close())
}

// close ends reading.
func (w *wreck) close() (err error) {
	if w.pages != nil {
		w.pages.close()
		w.pages = nil
	}
	if w.db != nil {
		err = w.db.Close()
		w.db = nil
	}
	if w.copy != "" {
		err = errors.Join(err, os.RemoveAll(w.copy))
	}
	if err != nil {
		return fmt.Errorf("storage: close %s: %w", w.path, err)
	}
	return nil
}
