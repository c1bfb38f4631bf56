package storage_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/storage"
	"inkling/storage/disktest"
	"inkling/storage/storagetest"
)

// nextSchema is a schema file of a newer Inkling, statement by statement: a column more, a new table with rows that
// are derived, and a table that is made anew, to which others refer.
var nextSchema = []string{
	`ALTER TABLE peer ADD COLUMN note TEXT`,
	`CREATE TABLE shelf (doc INTEGER PRIMARY KEY REFERENCES doc (id), name TEXT NOT NULL) STRICT`,
	`INSERT INTO shelf SELECT id, 'all' FROM doc`,
	`CREATE TABLE fork_new (doc INTEGER NOT NULL REFERENCES doc (id), replica BLOB NOT NULL, seen INTEGER, PRIMARY KEY (doc, replica)) STRICT, WITHOUT ROWID`,
	`INSERT INTO fork_new SELECT doc, replica, 0 FROM fork`,
	`DROP TABLE fork`,
	`ALTER TABLE fork_new RENAME TO fork`,
	`CREATE INDEX shelf_name ON shelf (name)`,
}

// newerInkling makes this program a newer one until the test ends.
func newerInkling(t *testing.T, statements ...string) {
	t.Helper()
	t.Cleanup(storage.NewerInkling(strings.Join(statements, ";\n")))
}

// version1 is a library with rows, blocks, a fork and an index, closed, and what it says.
func version1(t *testing.T) (dir string, say func(*storage.Library) string) {
	t.Helper()
	l := storagetest.Open(t)
	doc, other := add(t, l, 1), add(t, l, 2)
	mustSave(t, l, doc, forking(seeded(t), 60, 3)...)
	mustSave(t, l, other, newHand(2, 1).insert(0, "green tea"))
	compactAll(t, l, other)
	if err := l.Index(other, 1, storage.Content{Title: "Tea", Preview: "in the garden", Text: "green tea in the garden"}); err != nil {
		t.Fatal(err)
	}
	invite(t, l, doc, 3)
	say = func(l *storage.Library) string {
		list, err := l.Documents()
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(list, func(a, b storage.Document) int { return slices.Compare(a.ID[:], b.ID[:]) })
		text := fmt.Sprintf("%+v\n%x\n%x\n", list, frames(t, l, doc), frames(t, l, other))
		heads, err := l.Heads(doc)
		if err != nil {
			t.Fatal(err)
		}
		return text + fmt.Sprint(len(heads), finds(t, l, "gard"))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Dir(), say
}

func TestMigration(t *testing.T) {
	dir, say := version1(t)
	l := storagetest.OpenDir(t, dir)
	want := say(l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	newerInkling(t, nextSchema...)
	l = storagetest.OpenDir(t, dir)
	if got := say(l); got != want {
		t.Errorf("it says\n%s\nand said\n%s", got, want)
	}
	for query, want := range map[string]int{`PRAGMA user_version`: 2, `SELECT count(*) FROM shelf`: 2, `SELECT count(*) > 0 FROM fork WHERE seen = 0`: 1} {
		if n, err := storage.Count(l, query); n != want || err != nil {
			t.Errorf("%s: %d, %v", query, n, err)
		}
	}
	if n, err := storage.Setting(l, "foreign_keys"); n != 1 || err != nil {
		t.Errorf("foreign keys: %d, %v", n, err)
	}
	list := mustList(t, l)
	if len(list) != 1 || list[0].Before != 2 || !strings.HasSuffix(list[0].Name, "-before-format-2") || time.Since(list[0].At) > time.Hour {
		t.Fatalf("backups %+v", list)
	}
	before := wholeBackup(t, list[0].Path)
	if n, err := storage.Count(before, `PRAGMA user_version`); n != 1 || err != nil {
		t.Errorf("the backup has version %d, %v", n, err)
	}
	l = storagetest.Reopen(t, l)
	if list := mustList(t, l); len(list) != 1 {
		t.Errorf("another backup: %+v", list)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := storage.Restore(t.Context(), dir, list[0].Path); err != nil { // and back it comes, and is migrated again
		t.Fatal(err)
	}
	l = storagetest.OpenDir(t, dir)
	if n, err := storage.Count(l, `SELECT count(*) FROM shelf`); n != 2 || err != nil {
		t.Errorf("restored: %d rows, %v", n, err)
	}
}

// TestMigrationOfWhatAKillLeft: a library with its newest changes in the -wal file only.
func TestMigrationOfWhatAKillLeft(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	changes := typing(seeded(t), 30, 2)
	mustSave(t, l, doc, changes...)
	dir := t.TempDir()
	for _, name := range []string{"library.db", "library.db-wal"} {
		copyWithCat(t, filepath.Join(l.Dir(), name), filepath.Join(dir, name))
	}
	newerInkling(t, nextSchema...)
	l = storagetest.OpenDir(t, dir)
	if !equalFrames(frames(t, l, doc), encoded(changes)) {
		t.Error("changes are missing after the migration")
	}
	if b := wholeBackup(t, mustList(t, l)[0].Path); !equalFrames(frames(t, b, doc), encoded(changes)) {
		t.Error("changes are missing in the backup")
	}
}

// TestFailedMigrationChangesNothing: whichever statement fails, the library is as it was, the error says so, and it can be read.
func TestFailedMigrationChangesNothing(t *testing.T) {
	dir, say := version1(t)
	l := storagetest.OpenDir(t, dir)
	want := say(l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	before := fileOf(t, dir)
	fails := func(what string, statements ...string) error {
		t.Helper()
		defer storage.NewerInkling(strings.Join(statements, ";\n"))()
		_, err := storage.Open(dir)
		var failed *storage.MigrationError
		if !errors.As(err, &failed) || failed.From != 1 || failed.To != 2 || !strings.Contains(err.Error(), "Nothing in it was changed") {
			t.Fatalf("%s: %v", what, err)
		}
		looked, err := storage.OpenReadOnly(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer looked.Close()
		if got := say(looked); got != want {
			t.Errorf("%s: it says\n%s\nand said\n%s", what, got, want)
		}
		if list := mustList(t, looked); len(list) != 0 {
			t.Errorf("%s: a backup is left: %v", what, list)
		}
		return failed
	}
	for n := range len(nextSchema) + 1 {
		fails(fmt.Sprint("statement ", n), slices.Insert(slices.Clone(nextSchema), n, `INSERT INTO nothing VALUES (1)`)...)
	}
	fails("references", append(slices.Clone(nextSchema), `DELETE FROM doc WHERE id = 1`)...)
	undo := storage.FullDisk()
	if err := fails("no room for the backup", nextSchema...); !errors.As(err, new(*storage.RoomError)) {
		t.Error(err)
	}
	undo()
	if after := fileOf(t, dir); after != before {
		t.Error("library.db is another one")
	}
	l = storagetest.OpenDir(t, dir)
	if got := say(l); got != want {
		t.Error("it does not say what it said")
	}
}

// fileOf returns the bytes of a library that nobody has open.
func fileOf(t *testing.T, dir string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "library.db"))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestCrashInAMigration: whenever the power fails, the library has the one format or the other, whole, and all changes.
func TestCrashInAMigration(t *testing.T) {
	rng := crashSeed(t)
	disk := disktest.New()
	defer disk.Close()
	if err := storage.CreateIn(disk); err != nil {
		t.Fatal(err)
	}
	l, err := storage.OpenIn(disk)
	if err != nil {
		t.Fatal(err)
	}
	changes := forking(rng, 40, 3)
	doc := add(t, l, 1)
	mustSave(t, l, doc, changes...)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	newerInkling(t, nextSchema...)
	disk.Record()
	if err := storage.MigrateIn(disk, 1); err != nil {
		t.Fatal(err)
	}
	done := disk.Position()
	found := map[int]int{}
	for r := disk.Replay(rng); r.Next(); {
		for range 3 {
			image := r.Image(rng)
			version, err := storage.VersionIn(image)
			if err != nil || r.Position() >= done && version != 2 {
				t.Fatalf("event %d of %d: version %d, %v", r.Position(), done, version, err)
			}
			found[version]++
			if version == 1 {
				if err := storage.MigrateIn(image, 1); err != nil {
					t.Fatal(err)
				}
			}
			checkImage(t, image, doc, changes)
			image.Close()
		}
	}
	if found[1] == 0 || found[2] == 0 {
		t.Errorf("images by version: %v", found)
	}
	t.Logf("images by version: %v", found)
}

func checkImage(t *testing.T, image *disktest.Disk, doc crdt.DocID, changes []*crdt.Change) {
	t.Helper()
	l, err := storage.OpenIn(image)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if !equalFrames(frames(t, l, doc), encoded(changes)) {
		t.Fatal("changes are missing")
	}
	if r, err := l.Check(t.Context()); err != nil || !r.Intact() {
		t.Fatalf("%v, %v", r, err)
	}
}
