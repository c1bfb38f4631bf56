package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// fullCheckBytes is the size of a library up to which opening checks the structure
// of all of it (about 1.2 ms per MB) and that every document can be listed. Beyond, nobody should wait for that each
// time: opening checks the structure of the small tables, and the newest changes of the newest documents.
// [Library.Check] checks all. A variable for tests.
var fullCheckBytes = int64(4 << 20)

// What opening a great library checks of the changes.
const (
	sampleDocuments = 8
	sampleChanges   = 10 // of each
)

// damage is a reason to call a library damaged, in plain words.
type damage string

func (d damage) Error() string { return string(d) }

// condition is how a library was found.
type condition struct {
	version int
	index   indexDamage // "" when the index is what it should be, as far as that was looked at
	// unvacuumed: the file has pages that belong to no table, since an index was made anew.
	unvacuumed bool
}

// ensureSound makes an empty library at path if there is none, and otherwise checks
// what is there, through a connection that cannot alter it.
func ensureSound(dir, path string) (c condition, err error) {
	size, err := sizeOf(path)
	if err != nil {
		return c, err
	}
	if size < 0 {
		if wal, err := sizeOf(path + walSuffix); err != nil || wal > 0 {
			return c, errors.Join(err, describe(dir, damage("library.db is missing, and library.db-wal with the newest changes is there")))
		}
		return condition{version: written.version()}, create(path)
	}
	c, err = inspect(dir, path, size)
	var d damage
	if errors.As(err, &d) {
		return c, describe(dir, d)
	}
	return c, err
}

// sizeOf returns the size of a file in bytes, -1 when there is none.
func sizeOf(path string) (int64, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return -1, nil
	case err != nil:
		return 0, fmt.Errorf("storage: open library: %w", err)
	}
	return info.Size(), nil
}

// inspect says what is wrong with the library at path: a [damage], a [*NewerError],
// or that it cannot be read now.
func inspect(dir, path string, size int64) (c condition, err error) {
	if size == 0 {
		return c, damage("library.db is empty")
	}
	db, err := openReaders(path, "ro")
	if err != nil {
		return c, orDamage(err)
	}
	defer db.Close()
	if c.version, err = checkIdentity(db, dir); err != nil {
		return c, orDamage(err)
	}
	err = checkSchema(db, c.version)
	if err != nil && !errors.As(err, &c.index) {
		return c, orDamage(fmt.Errorf("storage: check the tables: %w", err))
	}
	if size > fullCheckBytes {
		err = checkSample(db)
	} else {
		err = checkTables(db)
	}
	if err != nil && !errors.As(err, &c.index) {
		return c, orDamage(err)
	}
	if err := db.QueryRow(unvacuumedSQL, unvacuumedKey).Scan(&c.unvacuumed); err != nil {
		return c, orDamage(err)
	}
	if size > fullCheckBytes { // the sample has looked at some of the list
		return c, nil
	}
	return c, checkList(db)
}

// checkTables checks each table by itself: all of them at once would have FTS5 compare every word of its index, which
// takes a second for 3 million. Its tables are checked like others. Those of attached files, which may be great, are
// left to [Library.Check]: damage in one is no reason to keep a person from writing. When only those of the
// index are damaged, the error is an [indexDamage].
func checkTables(db *sql.DB) error {
	rows, err := db.Query(`SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name <> 'attachment_part'`)
	if err != nil {
		return err
	}
	tables, err := collect(rows, func(scan func(...any) error) (s string, err error) { return s, scan(&s) })
	if err != nil {
		return err
	}
	var index error
	for _, table := range append(tables, "sqlite_schema") {
		err := checkStructure(context.Background(), db, `PRAGMA quick_check("`+table+`")`)
		var d damage
		switch {
		case isIndexTable(table) && errors.As(orDamage(err), &d):
			index = indexDamage(table + ": " + string(d))
		case err != nil:
			return err
		}
	}
	return index
}

// checkList says whether every document can be listed.
func checkList(db *sql.DB) error {
	l := &Library{readers: db, archives: newArchives(db)}
	_, err := l.documents("")
	return unlisted(err)
}

// unlisted tells what the file is to blame for when documents cannot be listed.
func unlisted(err error) error {
	if err != nil && !isDatabaseError(err) {
		return damage(err.Error())
	}
	return orDamage(err)
}

// orDamage tells what the file itself is to blame for from what is not: a missing
// permission, a full table of open files, a disk that does not answer. It is for errors of our own statements that read: that
// SQLite does not understand one of them says that the tables are no longer what they were.
func orDamage(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_NOTADB:
		return damage("library.db is not a database")
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR:
		return damage("parts of library.db are not what was written (" + e.Error() + ")")
	}
	return err
}

// checkIdentity says whether db is a library, and one that this program knows, and of which version.
func checkIdentity(db *sql.DB, dir string) (version int, err error) {
	var id int
	if err := db.QueryRow("PRAGMA application_id").Scan(&id); err != nil {
		return 0, err
	}
	if err := db.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		return 0, err
	}
	switch {
	case id != applicationID:
		return 0, damage("library.db is a database, but not an Inkling library")
	case version > written.version():
		return version, &NewerError{Dir: dir, Version: version, Known: written.version()}
	case version < 1:
		return 0, damage(fmt.Sprintf("library.db has format %d, which never was", version))
	}
	return version, nil
}

// checkStructure runs a pragma of SQLite that answers "ok" or with problems.
func checkStructure(ctx context.Context, db *sql.DB, pragma string) error {
	problems, err := structureProblems(ctx, db, pragma)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return damage("parts of library.db are not what was written (" + problems[0] + ")")
	}
	return nil
}

// structureProblems returns what such a pragma complains of. SQLite complains of a page
// that it cannot read as if it had read something wrong; so where there are complaints all
// pages are read, which tells a disk that does not answer, and then it is asked again.
func structureProblems(ctx context.Context, db *sql.DB, pragma string) ([]string, error) {
	problems, err := complaints(ctx, db, pragma)
	if err != nil || len(problems) == 0 {
		return nil, err
	}
	var bytes int64
	if err := db.QueryRowContext(ctx, "SELECT sum(length(data)) FROM sqlite_dbpage").Scan(&bytes); err != nil {
		return nil, err
	}
	return complaints(ctx, db, pragma)
}

func complaints(ctx context.Context, db *sql.DB, pragma string) ([]string, error) {
	rows, err := db.QueryContext(ctx, pragma)
	if err != nil {
		return nil, err
	}
	lines, err := collect(rows, func(scan func(...any) error) (s string, err error) { return s, scan(&s) })
	if len(lines) == 1 && lines[0] == "ok" {
		lines = nil
	}
	return lines, err
}

// checkSample checks all small tables, and the newest changes of the documents changed
// last.
func checkSample(db *sql.DB) error {
	for _, table := range []string{"doc", "block", "head", "fork", "listing", "attachment", "attached", "peer", "member", "invite", "state"} {
		if err := checkStructure(context.Background(), db, "PRAGMA quick_check("+table+")"); err != nil {
			return err
		}
	}
	l := &Library{readers: db, archives: newArchives(db)}
	documents, err := l.Newest(sampleDocuments)
	if err != nil {
		return unlisted(err)
	}
	for _, d := range documents {
		if err := l.checkNewest(d); err != nil {
			return err
		}
	}
	return nil
}

// checkNewest checks the checksums of d's newest rows, and of the block in front of them.
func (l *Library) checkNewest(d Document) error {
	t, err := l.tail(d.ID)
	if err != nil {
		return err
	}
	if b := t.block(); b != nil {
		if _, err := b.body(context.Background(), l.readers); err != nil {
			return damage(blockError(l.readers, d.ID, b, err).Error())
		}
	}
	for s, err := range l.journal(context.Background(), d.ID, max(t.block().covers(), t.place-sampleChanges)) {
		if err != nil {
			return err
		}
		if err := s.check(); err != nil {
			return damage(fmt.Sprintf("change %d of document %q cannot be read: %v", s.place, d.name(), err))
		}
	}
	return nil
}
