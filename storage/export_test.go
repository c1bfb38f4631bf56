package storage

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/storage/disktest"
)

// LimitPages makes the writer's present connection refuse to grow the database
// beyond n pages, as a full disk does. The next connection has no limit.
func LimitPages(l *Library, n int) error {
	return l.write("limit pages", func(tx *sql.Tx) error {
		_, err := tx.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", n))
		return err
	})
}

var (
	DiskRoom   = diskRoom
	CheckTight = checkTight
)

// SpendReserve takes the reserve away, as after a disk that was full.
func SpendReserve(l *Library) { l.reserve.release() }

// Alter runs a statement on the database of a library that nobody has open, as a
// foreign SQLite shell may.
func Alter(dir, statement string, args ...any) error {
	db, err := openWriter(filepath.Join(dir, databaseFile))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec(statement, args...)
	return err
}

// Checksum returns the checksum of c's row.
func Checksum(c *crdt.Change) []byte {
	sum := checksumOf(c)
	return sum[:]
}

// Plan returns how SQLite would run a query on l.
func Plan(l *Library, query string, args ...any) (string, error) {
	rows, err := l.readers.Query("EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		return "", err
	}
	steps, err := collect(rows, func(scan func(...any) error) (s string, err error) {
		var id, parent, unused int
		return s, scan(&id, &parent, &unused, &s)
	})
	return fmt.Sprintf("%q", steps), err
}

// Setting returns what a pragma answers on the writer's connection.
func Setting(l *Library, pragma string) (value int, err error) {
	err = l.write("read setting", func(tx *sql.Tx) error { return tx.QueryRow("PRAGMA " + pragma).Scan(&value) })
	return value, err
}

// CheckSampleOnly makes opening treat every library as too great to be checked in
// full, until the returned function is called.
func CheckSampleOnly() (restore func()) {
	saved := fullCheckBytes
	fullCheckBytes = 0
	return func() { fullCheckBytes = saved }
}

const (
	PageSQL       = pageSQL
	HeadsSQL      = headsSQL
	NextRowSQL    = nextRowSQL
	FamilySQL     = familySQL
	KnowsSQL      = knowsSQL
	HasEndSQL     = hasEndSQL
	ForksSQL      = forksSQL
	BlocksSQL     = blocksSQL
	PartsSQL      = partsSQL
	FreshSQL      = freshSQL
	OldestSQL     = oldestSQL
	SweepSQL      = sweepSQL
	BlockHeadsSQL = blockHeadsSQL
	MaxQueued     = maxQueued
	PartBytes     = partBytes

	AttachedSQL       = attachedSQL
	AttachmentPartSQL = attachmentPartSQL
	PartRowsSQL       = partRowsSQL
)

// Hurry makes the writer begin the next group now.
func Hurry(l *Library) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	l.queue.nextAt = time.Time{}
	l.queue.wakeWriter()
}

// SmallSteps makes compaction delete few rows at a time and keep an open-block of everything, and any free page is
// worth giving back, few at a time, until the returned function is called.
func SmallSteps() (restore func()) {
	rows, from := coveredRows, openBlockFrom
	coveredRows, openBlockFrom = 7, 1
	bytes, share, pages := freeBytes, freeShare, shrinkPages
	freeBytes, freeShare, shrinkPages = 1, 1<<40, 5
	return func() {
		coveredRows, openBlockFrom = rows, from
		freeBytes, freeShare, shrinkPages = bytes, share, pages
	}
}

// EmptyWAL moves all commits into library.db.
func EmptyWAL(l *Library) error { return l.emptyWAL() }

// DropArchives makes l forget what it has unpacked.
func DropArchives(l *Library) { l.archives.drop() }

// Hold keeps the writer of l busy until wait returns.
func Hold(l *Library, wait func()) error {
	return l.write("wait", func(*sql.Tx) error {
		wait()
		return nil
	})
}

// Waiting returns how many jobs wait for the writer of l.
func Waiting(l *Library) int {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	return len(l.queue.jobs)
}

// AlterOpen runs a statement through the writer of l.
func AlterOpen(l *Library, statement string) error {
	return l.write("alter", func(tx *sql.Tx) error {
		_, err := tx.Exec(statement)
		return err
	})
}

// PlantSuccessor stores bytes as the successor of doc's base, as a program with a defect may.
func PlantSuccessor(l *Library, doc crdt.DocID, body []byte, upto int64, ends []crdt.Head) error {
	t, err := l.tail(doc)
	if err != nil {
		return err
	}
	return l.write("plant a block", func(tx *sql.Tx) error {
		return insertBlock(tx, t.id, &block{kind: successorKind, upto: upto, weight: 1}, body, ends)
	})
}

// FullDisk makes every disk too full for a copy, until the returned function is called.
func FullDisk() (restore func()) {
	bytes, share := spareBytes, spareShare
	spareBytes, spareShare = 1<<62, 1
	return func() { spareBytes, spareShare = bytes, share }
}

// LimitAttachments lets files have at most n bytes, until the returned function is called.
func LimitAttachments(n int64) (restore func()) {
	attachmentLimit = n
	return func() { attachmentLimit = MaxAttachment }
}

// RemoveContent removes the content with a number, as a sweep does that saw it when it had no name.
func RemoveContent(l *Library, id int64) error { return l.removeContent(id) }

// PartRows returns the ids of all parts of attachments, with the lengths of their bodies.
func PartRows(l *Library) (map[int64]int64, error) {
	rows := map[int64]int64{}
	for p, err := range partRows(context.Background(), l.readers) {
		if err != nil {
			return rows, err
		}
		rows[p.id] = p.length
	}
	return rows, nil
}

// Count runs a query that gives a number.
func Count(l *Library, query string) (n int, err error) {
	err = l.readers.QueryRow(query).Scan(&n)
	return n, err
}

// Strings runs a query that gives strings.
func Strings(l *Library, query string) ([]string, error) {
	rows, err := l.readers.Query(query)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(scan func(...any) error) (s string, err error) { return s, scan(&s) })
}

// ReadPage reads all rows on a page of a library's file, as a salvage does.
func ReadPage(page []byte, number int64) (rows int) {
	for c := range cells(page, number) {
		columns := columnsOf(c.local, c.length)
		if c.overflow == 0 && columns != nil {
			v := row{c.local, columns}
			for i, column := range columns {
				switch column.kind {
				case 'i':
					v.int(i)
				case 'b', 't':
					v.bytes(i)
				}
			}
			rows++
		}
	}
	return rows
}

// ByteAt returns a byte of a column, counted from 1.
func ByteAt(l *Library, table, column, where string, at int) (b byte, err error) {
	var one []byte
	err = l.readers.QueryRow(fmt.Sprintf(`SELECT substr(CAST(%s AS BLOB), %d, 1) FROM %s WHERE %s`, column, at, table, where)).Scan(&one)
	if err == nil && len(one) == 1 {
		b = one[0]
	}
	return b, err
}

// Strike takes a table out of the schema of a library that nobody has open.
func Strike(dir, table string) error {
	db, err := openWriter(filepath.Join(dir, databaseFile))
	if err != nil {
		return err
	}
	defer db.Close()
	return transact(db, func(tx *sql.Tx) error {
		_, err := tx.Exec(`PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE tbl_name = ?; PRAGMA writable_schema = RESET`, table)
		return err
	})
}

// RenewIndexHalf makes the index anew as far as the transaction goes.
func RenewIndexHalf(dir string) error {
	db, err := openWriter(filepath.Join(dir, databaseFile))
	if err != nil {
		return err
	}
	defer db.Close()
	return transact(db, strikeIndex)
}

// NewerInkling makes this program one that has some more schema files, until the returned function is called.
func NewerInkling(files ...string) (restore func()) {
	saved := written
	written = append(slices.Clip(saved), files...)
	return func() { written = saved }
}

// MigrateIn runs the schema files that the library on a disk in memory has not run.
func MigrateIn(disk *disktest.Disk, from int) error {
	return migrateFile(disk.Path(databaseFile), from)
}

// VersionIn says which version the library on a disk in memory has, if it is sound.
func VersionIn(disk *disktest.Disk) (int, error) {
	c, err := inspect(disk.Folder(), disk.Path(databaseFile), disk.Size(databaseFile))
	if err == nil && c.index != "" {
		err = c.index
	}
	return c.version, err
}

// PagesOf returns the numbers of the pages of a table in a library that nobody has open.
func PagesOf(t testing.TB, dir, table string) (pages []int) {
	t.Helper()
	l, err := OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	rows, err := l.readers.Query(`SELECT pageno FROM dbstat WHERE name = ?`, table)
	if err == nil {
		pages, err = collect(rows, func(scan func(...any) error) (n int, err error) { return n, scan(&n) })
	}
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// ForgetSums forgets the sums of all documents, so that they are read again.
func ForgetSums(l *Library) {
	l.tails.mu.Lock()
	defer l.tails.mu.Unlock()
	clear(l.tails.sums)
}
