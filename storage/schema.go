package storage

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// applicationID is what PRAGMA application_id says of a library: "INKL".
const applicationID = 0x494e4b4c

//go:embed sql/*.sql
var schemaFiles embed.FS

// schema is the schema files in the order of their numbers, which count from 1: a library of version n has run the
// first n of them.
type schema []string

// written is the schema of the libraries that this program writes. A variable for tests.
var written = readSchema(schemaFiles)

func readSchema(files embed.FS) (s schema) {
	names, err := fs.Glob(files, "sql/*.sql")
	if err != nil {
		panic("storage: " + err.Error())
	}
	slices.Sort(names)
	for i, name := range names {
		text, err := files.ReadFile(name)
		if err != nil || !strings.HasPrefix(name, fmt.Sprintf("sql/%04d-", i+1)) {
			panic("storage: schema files are not numbered without gaps: " + name)
		}
		s = append(s, string(text))
	}
	return s
}

// version is the user_version of the libraries that this schema makes.
func (s schema) version() int { return len(s) }

// run runs the files behind the first from ones, and says so in user_version.
func (s schema) run(tx *sql.Tx, from int) error {
	for i, text := range s[from:] {
		if _, err := tx.Exec(text); err != nil {
			return fmt.Errorf("schema file %d: %w", from+i+1, err)
		}
	}
	_, err := tx.Exec(fmt.Sprintf("PRAGMA user_version = %d", s.version()))
	return err
}

// A NewerError says that a newer Inkling wrote the library. Nothing was touched. What can be read of it all the same,
// can be listed and exported through [OpenReadOnly].
type NewerError struct {
	Dir            string
	Version, Known int // of the library; the greatest this program writes
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("the library in %q was written by a newer Inkling (format %d, this one knows up to %d). Nothing in it was changed.\n"+
		"Update Inkling to write on in it. To see its documents until then run `inkling list` or `inkling search`, to save them `inkling export` (with --data %q).\n"+
		"To write elsewhere meanwhile start with another folder: `inkling --data FOLDER`", e.Dir, e.Version, e.Known, e.Dir)
}

// create makes an empty library at path. It comes into being by a rename, so that
// a library.db that exists was once whole, whenever the power went.
func create(path string) error {
	draft := path + ".new"
	if err := writeEmpty(draft); err != nil {
		return fmt.Errorf("storage: create %s: %w", path, err)
	}
	if err := os.Rename(draft, path); err != nil {
		return fmt.Errorf("storage: create %s: %w", path, err)
	}
	return syncDirs(filepath.Dir(path))
}

// syncDirs makes a folder and what is in it durable. A folder above it that may not
// be read was not made by us.
func syncDirs(dir string) error {
	if err := syncDir(filepath.Dir(dir)); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return syncDir(dir)
}

// writeEmpty makes draft, and replaces what a start that was cut short left there.
func writeEmpty(draft string) error {
	for _, suffix := range []string{"", walSuffix, shmSuffix} {
		if err := os.Remove(draft + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	f, err := os.OpenFile(draft, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return makeIn(draft)
}

// makeIn makes a library of the empty file draft. When it succeeds, all is in that one
// file, and safe.
func makeIn(draft string) error {
	db, err := openWriter(draft)
	if err != nil {
		return err
	}
	err = furnish(db, written)
	if err == nil {
		err = emptyWAL(db) // closing would do it too, but tells no error
	}
	return errors.Join(err, db.Close())
}

// emptyWAL moves the newest commits from the -wal file into the database, and cuts that to nothing. While others
// read, it may leave some where they are.
func emptyWAL(db *sql.DB) error {
	var busy, pages, moved int
	if err := db.QueryRow("PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved); err != nil {
		return &brokenError{err}
	}
	return nil
}

// furnish gives the empty database db its lasting settings and its tables.
func furnish(db *sql.DB, s schema) error {
	settings := fmt.Sprintf("PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA application_id = %d", applicationID)
	if _, err := db.Exec(settings); err != nil {
		return err
	}
	return transact(db, func(tx *sql.Tx) error { return s.run(tx, 0) })
}

// object is a table or index as SQLite remembers it.
type object struct{ kind, name, table, sql string }

// objectsOf returns the tables and indices of db.
func objectsOf(db querier) ([]object, error) {
	rows, err := db.QueryContext(context.Background(), `SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema ORDER BY name`)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(scan func(...any) error) (o object, err error) {
		return o, scan(&o.kind, &o.name, &o.table, &o.sql)
	})
}

// objects returns the tables and indices that the schema files make.
func (s schema) objects() ([]object, error) {
	key := strings.Join(s, "\x00")
	if known, ok := objectsMade.Load(key); ok {
		return known.([]object), nil
	}
	list, err := s.makeObjects()
	if err == nil {
		objectsMade.Store(key, list)
	}
	return list, err
}

// objectsMade has what makeObjects returned, by the schema's text.
var objectsMade sync.Map

func (s schema) makeObjects() ([]object, error) {
	fresh, err := sql.Open("sqlite", "file::memory:")
	if err != nil {
		return nil, err
	}
	defer fresh.Close()
	fresh.SetMaxOpenConns(1) // every connection would be a database of its own
	if err := furnish(fresh, s); err != nil {
		return nil, err
	}
	return objectsOf(fresh)
}

// checkSchema compares db's tables with those that the schema files of its version make. Tables
// that SQLite or a person added (sqlite_stat1, a view) do no harm. Where only tables of the index are not what they
// should be, the error is an [indexDamage].
func checkSchema(db querier, version int) error {
	want, err := written[:version].objects()
	if err != nil {
		return err
	}
	have, err := objectsOf(db)
	if err != nil {
		return err
	}
	var index error
	for _, o := range want {
		if slices.Contains(have, o) {
			continue
		}
		reason := o.kind + " " + o.name + " is missing or is not what it should be"
		if !isIndexTable(o.table) {
			return damage(reason)
		}
		index = indexDamage(reason)
	}
	return index
}

// checkSchema compares the library's tables with what they should be. Those of a library that a newer Inkling wrote are not
// known, and those of the index, which opening makes anew, do not count.
func (l *Library) checkSchema() error {
	version, err := checkIdentity(l.readers, l.dir)
	if err == nil {
		err = checkSchema(l.readers, version)
	}
	if errors.As(err, new(*NewerError)) || errors.As(err, new(indexDamage)) {
		return nil
	}
	return orDamage(err)
}
