package storage

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// The index is derived, so its damage is no damage of the library: its tables are made anew, empty, and then filled from
// the texts. A table whose pages are not what they should be can neither be emptied nor dropped in SQLite's ordinary ways, which
// walk through it. So they are struck from the schema, VACUUM writes the file without the pages that belong to nobody now,
// and then the tables are made anew. What a kill leaves undone of that is done at the next opening: state notes that pages
// belong to nobody, and that tables are missing is seen.

// An indexDamage is a reason to make the index anew, in plain words.
type indexDamage string

func (d indexDamage) Error() string { return string(d) }

// indexTables are the tables of the index: that of the texts and those of SQLite's FTS5.
var indexTables = []string{"indexed", "search", "search_data", "search_idx", "search_docsize", "search_config"}

func isIndexTable(name string) bool { return slices.Contains(indexTables, name) }

// unvacuumedKey is the state that says that the file has pages that belong to no table.
const unvacuumedKey = "unvacuumed"

// mendIndex does what is to be done about the index of the library at path, as it was found.
func mendIndex(path string, found condition) error {
	if found.index == "" && !found.unvacuumed {
		return nil
	}
	db, err := openWriter(path)
	if err != nil {
		return err
	}
	if found.index != "" {
		err = renewIndex(db, found.version)
	} else {
		_ = vacuum(db) // where there is no room for it, it remains noted and is tried again the next time
	}
	if err := errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("storage: make a damaged index anew: %w", err)
	}
	return nil
}

// renewIndex makes the index anew, empty. SQLite makes no table in a file with pages that belong to nobody, so
// the vacuum comes first.
func renewIndex(db *sql.DB, version int) error {
	want, err := written[:version].objects()
	if err != nil {
		return err
	}
	err = transact(db, func(tx *sql.Tx) error {
		return errors.Join(strikeIndex(tx), writeState(tx, unvacuumedKey, []byte{1}))
	})
	if err == nil {
		err = vacuum(db)
	}
	if err != nil {
		return err
	}
	return transact(db, func(tx *sql.Tx) error {
		for _, o := range want {
			if o.name == "indexed" || o.name == "search" { // which makes the others
				if _, err := tx.Exec(o.sql); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// strikeIndex takes the tables of the index from the schema. Their pages belong to nobody then.
func strikeIndex(tx *sql.Tx) error {
	if _, err := tx.Exec(`PRAGMA writable_schema = ON`); err != nil {
		return err
	}
	for _, table := range indexTables {
		if _, err := tx.Exec(`DELETE FROM sqlite_schema WHERE tbl_name = ?`, table); err != nil {
			return err
		}
	}
	_, err := tx.Exec(`PRAGMA writable_schema = RESET`) // and have the connection read it again
	return err
}

// vacuum writes the file anew, without pages that belong to nobody.
func vacuum(db *sql.DB) error {
	if _, err := db.Exec(`VACUUM`); err != nil {
		return &brokenError{err}
	}
	return transact(db, func(tx *sql.Tx) error {
		_, err := tx.Exec(`DELETE FROM state WHERE key = ? AND doc = zeroblob(32)`, unvacuumedKey)
		return err
	})
}

const unvacuumedSQL = `SELECT EXISTS (SELECT 1 FROM state WHERE key = ? AND doc = zeroblob(32))`

// IndexRenewed says why the index was made anew when the library was opened; "" when it was not. [Library.Lagging] has all
// documents then.
func (l *Library) IndexRenewed() string { return l.indexRenewed }

// An IndexDamageError says that the index is damaged. Nothing but the index is: [Library.DropIndex] makes it anew.
type IndexDamageError struct{ Reason error }

func (e *IndexDamageError) Error() string {
	return "what documents are found by is damaged: " + e.Reason.Error()
}
func (e *IndexDamageError) Unwrap() error { return e.Reason }

// orIndexDamage returns err of a statement on the index, as an [*IndexDamageError] if it is one.
func orIndexDamage(err error) error {
	if isCorrupt(err) {
		return &IndexDamageError{err}
	}
	return err
}

// isCorrupt says whether SQLite found something else than it can have written.
func isCorrupt(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_CORRUPT
}

// DropIndex drops all that [Library.Index] wrote. Nothing is found until it is written anew. Of a damaged index the tables
// are made anew, which takes about 8 s per GB of the library.
func (l *Library) DropIndex() error {
	return l.onWriter("drop the index", func(db *sql.DB) error {
		err := transact(db, emptyIndex)
		if isCorrupt(err) {
			err = renewIndex(db, written.version())
		}
		return err
	})
}

// emptyIndex takes everything out of the index.
func emptyIndex(tx *sql.Tx) error {
	if _, err := tx.Exec(`INSERT INTO search (search) VALUES ('delete-all')`); err != nil {
		return err
	}
	_, err := tx.Exec(`DELETE FROM indexed`)
	return err
}
