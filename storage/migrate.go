package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A library of an older format is brought to that of this program when it is opened: the schema files behind its version
// are run, in one transaction with the new user_version. So it has the one format or the other, whenever the power went.
// Before that a backup is made and read back, as each backup is; its name says what it is for. Without it nothing is
// altered. Bodies of changes and blocks have versions of their own and are not touched.
//
// For who writes a schema file: what reads and copies a library reads those of older formats, too (backups, [Restore]), and the
// tables of the index are emptied in copies and made anew when damaged (indexTables).

// A MigrationError says that a library of an older format could not be brought to this program's. It is as it was.
type MigrationError struct {
	Dir       string
	From, To  int
	Unchanged error // why
}

func (e *MigrationError) Error() string {
	return fmt.Sprintf("the library in %q has format %d, and could not be brought to format %d, which this Inkling needs: %v.\n"+
		"Nothing in it was changed. The Inkling that you used before opens it as it always did. To see its documents run `inkling list`, to save "+
		"them `inkling export` (with --data %q).\nStart Inkling again to try once more.", e.Dir, e.From, e.To, e.Unchanged, e.Dir)
}

func (e *MigrationError) Unwrap() error { return e.Unchanged }

// migrate brings the library in dir, which is sound and nobody has open, to the format of this program. The error is a
// [*MigrationError].
func migrate(dir string, from int) error {
	backup, err := backBefore(dir, time.Now())
	if err == nil {
		if err = migrateFile(filepath.Join(dir, databaseFile), from); err != nil {
			err = errors.Join(err, os.Remove(backup.Path)) // of what is there unchanged; each try would leave one
		}
	}
	if err != nil {
		return &MigrationError{Dir: dir, From: from, To: written.version(), Unchanged: err}
	}
	return nil
}

// backBefore makes the backup before a migration.
func backBefore(dir string, now time.Time) (Backup, error) {
	l, err := OpenBackup(filepath.Join(dir, databaseFile))
	if err != nil {
		return Backup{}, err
	}
	b, err := l.backIn(context.Background(), now, fmt.Sprint(beforeMark, written.version()))
	return b, errors.Join(err, l.Close())
}

// migrateFile runs the schema files that the library at path has not run yet. After an error none of them was.
func migrateFile(path string, from int) error {
	pragmas := append(slices.Clip(writerPragmas), "foreign_keys(off)") // else a table that is replaced takes others' rows along
	db, err := openPool(path, dsn(path, "rw", basePragmas, pragmas), 1)
	if err != nil {
		return err
	}
	err = transact(db, func(tx *sql.Tx) error {
		if err := written.run(tx, from); err != nil {
			return err
		}
		if err := checkReferences(tx); err != nil {
			return err
		}
		return checkSchema(tx, written.version())
	})
	return errors.Join(err, db.Close())
}

// checkReferences says whether every row that another one refers to is there.
func checkReferences(tx *sql.Tx) error {
	rows, err := tx.Query(`SELECT "table" FROM pragma_foreign_key_check`)
	if err != nil {
		return err
	}
	tables, err := collect(rows, func(scan func(...any) error) (s string, err error) { return s, scan(&s) })
	if err == nil && len(tables) > 0 {
		err = fmt.Errorf("%s of table %s would refer to what is not there", plural(len(tables), "row"), tables[0])
	}
	return err
}
