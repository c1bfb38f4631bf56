package storage_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"inkling/crdt"
	"inkling/storage"
	"inkling/storage/storagetest"
)

// needle fills the body of the document "Broken", so that it can be found in the
// file. It is longer than a page.
var needle = strings.Repeat("needle in a haystack. ", 1000)

// threeDocuments makes a closed library with the documents Whole, Broken and
// Deleted, the last one in the bin.
func threeDocuments(t *testing.T) (dir string) {
	t.Helper()
	l := storagetest.Open(t)
	for i, title := range []string{"Whole", "Broken", "Deleted"} {
		doc := add(t, l, i)
		text := "nothing to find"
		if title == "Broken" {
			text = needle
		}
		if err := save(l, doc, []*crdt.Change{newHand(i, 1).insert(0, text)}, title, day); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Delete(genesis(2).DocID(), day); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	copied := t.TempDir() // storagetest checks the one it opened
	if err := os.CopyFS(copied, os.DirFS(l.Dir())); err != nil {
		t.Fatal(err)
	}
	return copied
}

// rewrite puts what f makes of library.db in its place.
func rewrite(t *testing.T, dir string, f func([]byte) []byte) {
	t.Helper()
	path := filepath.Join(dir, "library.db")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, f(b), 0o600); err != nil {
		t.Fatal(err)
	}
}

// sums returns the hashes of the files that hold a library.
func sums(t *testing.T, dir string) string {
	t.Helper()
	var text string
	for _, name := range []string{"library.db", "library.db-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		text += fmt.Sprintf("%x ", sha256.Sum256(b))
	}
	return text
}

func zero(b []byte, from, to int) []byte {
	clear(b[from:to])
	return b
}

func TestDamagedLibraryIsCopiedAsideAndLeftAlone(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func([]byte) []byte
		reason string
		intact int
	}{
		{"zeroed header", func(b []byte) []byte { return zero(b, 0, 100) }, "not a database", 0},
		{"zeroed first page", func(b []byte) []byte { return zero(b, 0, 4096) }, "not a database", 0},
		{"truncated to a page", func(b []byte) []byte { return b[:4096] }, "not what was written", 0},
		{"truncated within its last page", func(b []byte) []byte { return b[:len(b)-5000] }, "not what was written", 1},
		{"empty", func([]byte) []byte { return nil }, "is empty", 0},
		{"garbage", func(b []byte) []byte { return bytes.Repeat([]byte("garbage "), 4000) }, "not a database", 0},
		{"zeroed page of a body", func(b []byte) []byte {
			at := bytes.Index(b, []byte(needle[:3000]))/4096*4096 + 4096
			return zero(b, at, at+4096)
		}, "not what was written", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := threeDocuments(t)
			rewrite(t, dir, c.damage)
			e := checkDamaged(t, dir, c.reason)
			if len(e.Intact) != c.intact {
				t.Fatalf("%d documents intact, want %d: %v", len(e.Intact), c.intact, e)
			}
			if c.intact == 0 {
				return
			}
			if e.Intact[0].Title != "Whole" || len(e.Lost) != 1 || e.Lost[0] != "Broken" {
				t.Errorf("intact %v, lost %v", e.Intact, e.Lost)
			}
			l, err := storage.OpenReadOnly(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			if got := frames(t, l, e.Intact[0].ID); len(got) != 1 {
				t.Errorf("%d changes read from the intact document, want 1", len(got))
			}
		})
	}
}

// checkDamaged opens dir twice and checks what must hold of any damaged library.
func checkDamaged(t *testing.T, dir, reason string) *storage.DamagedError {
	t.Helper()
	before := sums(t, dir)
	var first, second *storage.DamagedError
	if _, err := storage.Open(dir); !errors.As(err, &first) {
		t.Fatalf("open: %v, want a DamagedError", err)
	}
	if _, err := storage.Open(dir); !errors.As(err, &second) {
		t.Fatalf("open again: %v, want a DamagedError", err)
	}
	if sums(t, dir) != before {
		t.Error("the library was altered")
	}
	if first.CopyErr != nil || sums(t, first.Copy) != before {
		t.Errorf("the copy in %q is not equal: %v", first.Copy, first.CopyErr)
	}
	if copies, err := filepath.Glob(filepath.Join(dir, "damaged-*")); len(copies) != 1 || first.Copy != second.Copy {
		t.Errorf("copies %v, %v, of one content", copies, err)
	}
	for _, want := range []string{reason, dir, first.Copy, "--data"} {
		if !strings.Contains(first.Error(), want) {
			t.Errorf("the message does not say %q:\n%v", want, first)
		}
	}
	return first
}

func TestOtherDatabasesAreNotTakenForLibraries(t *testing.T) {
	for name, c := range map[string]struct{ statement, reason string }{
		"another application": {"PRAGMA application_id = 7", "not an Inkling library"},
		"no version":          {"PRAGMA user_version = 0", "format 0"},
		"unreadable row":      {"UPDATE doc SET genesis = zeroblob(49) WHERE id = 3", "document "},
		"foreign genesis":     {"UPDATE doc SET genesis = (SELECT genesis FROM doc WHERE id = 1) WHERE id = 3", "does not start from its genesis"},
		"table gone":          {"DROP TABLE member", "member"},
		"index gone":          {"DROP INDEX member_key", "index member_key"},
		"table of other kind": {"ALTER TABLE invite RENAME COLUMN used TO gone", "table invite"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := threeDocuments(t)
			if err := storage.Alter(dir, c.statement); err != nil {
				t.Fatal(err)
			}
			if e := checkDamaged(t, dir, c.reason); len(e.Intact) != 2 {
				t.Errorf("%d documents intact, want 2: %v", len(e.Intact), e)
			}
		})
	}
}

func TestMissingDatabaseBesideItsWALIsDamage(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "library.db-wal"), []byte("the newest changes"), 0o600); err != nil {
		t.Fatal(err)
	}
	checkDamaged(t, dir, "library.db is missing")
}

// The -wal file that a killed process left is neither emptied nor removed when the
// database beside it turns out to be damaged.
func TestDamagedLibraryKeepsItsWAL(t *testing.T) {
	dir := threeDocuments(t)
	l, err := storage.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	ana := newHand(0, 1)
	ana.insert(0, "nothing to find") // is there
	mustSave(t, l, genesis(0).DocID(), ana.insert(15, "only in the WAL"))
	killed := t.TempDir() // as the files are at this moment, a kill would leave them
	for _, name := range []string{"library.db", "library.db-wal"} {
		copyWithCat(t, filepath.Join(dir, name), filepath.Join(killed, name))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	rewrite(t, killed, func(b []byte) []byte {
		at := bytes.Index(b, []byte(needle[:3000]))/4096*4096 + 4096
		return zero(b, at, at+4096)
	})
	e := checkDamaged(t, killed, "not what was written")
	if info, err := os.Stat(filepath.Join(e.Copy, "library.db-wal")); err != nil || info.Size() == 0 {
		t.Errorf("-wal file in the copy: %v, %v", info, err)
	}
	readOnly, err := storage.OpenReadOnly(killed)
	if err != nil {
		t.Fatal(err)
	}
	defer readOnly.Close()
	if got := frames(t, readOnly, genesis(0).DocID()); len(got) != 2 {
		t.Errorf("%d changes, want also the one in the WAL", len(got))
	}
}

// A bit flipped inside a row goes unnoticed by SQLite; its checksum tells.
func TestFlippedBitIsFound(t *testing.T) {
	c := newHand(1, 1).insert(0, needle)
	for name, place := range map[string][]byte{"body": []byte(needle[:3000]), "hash": c.Hash[:], "signature": c.Signature, "checksum": storage.Checksum(c)} {
		t.Run(name, func(t *testing.T) {
			dir := threeDocuments(t)
			rewrite(t, dir, func(b []byte) []byte {
				b[bytes.Index(b, place)+len(place)/2] ^= 0x10
				return b
			})
			checkBroken(t, dir)
		})
	}
}

// A letter of a table's name that the disk altered keeps the library shut, and the check and the scrub tell of it.
func TestDamagedTableNameIsFound(t *testing.T) {
	names := []string{"doc", "change", "block", "block_part", "head", "fork", "listing", "attachment", "attachment_part", "attached", "peer", "member", "invite", "state"}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			dir := threeDocuments(t)
			rewrite(t, dir, func(b []byte) []byte {
				b[bytes.Index(b, []byte("CREATE TABLE "+name+" "))+len("CREATE TABLE ")] ^= 0x04
				return b
			})
			var damaged *storage.DamagedError
			if _, err := storage.Open(dir); !errors.As(err, &damaged) {
				t.Errorf("Open: %v", err)
			}
			l, err := storage.OpenReadOnly(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			if r, err := l.Check(t.Context()); err != nil || len(r.Problems) == 0 || r.Intact() {
				t.Errorf("Check: %v, %v", r, err)
			}
			if found, _ := scrubAll(t, l, 1<<20); len(found) == 0 {
				t.Error("the scrub finds nothing")
			}
		})
	}
}

// checkBroken checks that just the change of the document "Broken" is found damaged.
func checkBroken(t *testing.T, dir string) {
	t.Helper()
	l, err := storage.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	broken, whole := genesis(1).DocID(), genesis(0).DocID()

	var lost *storage.LostError
	for c, err := range l.Changes(broken) {
		if c != nil || !errors.As(err, &lost) || lost.Doc != broken || !strings.Contains(err.Error(), `"Broken"`) {
			t.Errorf("Changes: %v, %v", c, err)
		}
	}
	if lost == nil {
		t.Error("Changes gives nothing for the damaged change")
	}
	if got, _, err := l.Since(broken, nil, 1000); !errors.As(err, &lost) {
		t.Errorf("Since passes on %d damaged bodies, %v", len(got), err)
	}
	r, err := l.Check(context.Background())
	if err != nil || r.Intact() || len(r.Problems) > 0 || !strings.Contains(r.String(), `"Broken"`) {
		t.Errorf("Check: %v, %v", r, err)
	}
	for _, d := range r.Documents {
		if d.Intact() != (d.ID != broken) {
			t.Errorf("Check of %q: %+v", d.Title, d)
		}
	}
	if got := frames(t, l, whole); len(got) != 1 {
		t.Errorf("the other document has %d changes, want 1", len(got))
	}
}

// Of a very large library opening checks the small tables and the newest changes.
func TestGreatLibraryIsSampled(t *testing.T) {
	defer storage.CheckSampleOnly()()
	dir := threeDocuments(t)
	l, err := storage.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	rewrite(t, dir, func(b []byte) []byte {
		b[bytes.Index(b, []byte(needle[:3000]))+1234] ^= 0x10
		return b
	})
	if e := checkDamaged(t, dir, `"Broken"`); len(e.Intact) != 1 {
		t.Errorf("%d documents intact, want 1", len(e.Intact))
	}
}

// Rows that are whole each by itself, and yet not what the device wrote.
func TestCheckFindsForgedRows(t *testing.T) {
	ana := newHand(1, 1)
	first, last := ana.insert(0, "abc"), ana.insert(3, "def")
	other := *last
	other.Body = slices.Clone(last.Body)
	other.Body[len(other.Body)-1] = 'F' // with the hash and signature of what was written
	unsigned := *last
	unsigned.Signature = nil
	elsewhere := newHand(2, 1).insert(0, "abc")
	for name, changes := range map[string][]*crdt.Change{
		"another text":        {first, &other},
		"no signature":        {first, &unsigned},
		"of another document": {elsewhere},
	} {
		dir := t.TempDir()
		l, err := storage.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		mustSave(t, l, add(t, l, 1), changes...)
		if r, err := l.Check(context.Background()); err != nil || r.Intact() || r.Documents[0].Forged == nil || !strings.Contains(r.String(), `"title"`) {
			t.Errorf("%s: %v, %v", name, r, err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCheckFindsMissingAndForeignRows(t *testing.T) {
	for name, statement := range map[string]string{
		"row missing":                   "DELETE FROM change WHERE seq = 3",
		"row missing, places closed up": "DELETE FROM change WHERE seq = 3; UPDATE change SET id = id - 1 WHERE seq = 6",
		"seq moved":                     "UPDATE change SET seq = 4 WHERE seq = 3",
		"another's body":                "UPDATE change SET (hash, signature, checksum, body) = (SELECT hash, signature, checksum, body FROM change WHERE seq = 0) WHERE seq = 3",
		"newer encoding":                "UPDATE change SET codec = 2 WHERE seq = 3",
	} {
		l := storagetest.Open(t)
		doc := add(t, l, 1)
		ana := newHand(1, 1)
		mustSave(t, l, doc, ana.insert(0, "abc"), ana.insert(3, "def"), ana.insert(6, "ghi"))
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(l.Dir())); err != nil {
			t.Fatal(err)
		}
		if err := storage.Alter(dir, statement); err != nil {
			t.Fatal(err)
		}
		altered, err := storage.OpenReadOnly(dir)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := altered.Check(context.Background()); err != nil || r.Intact() || !strings.Contains(r.String(), `"title"`) {
			t.Errorf("%s: %v, %v", name, r, err)
		}
		altered.Close()
	}
}

func TestNewerLibraryIsLeftAlone(t *testing.T) {
	dir := threeDocuments(t)
	if err := storage.Alter(dir, "PRAGMA user_version = 1000"); err != nil {
		t.Fatal(err)
	}
	before := sums(t, dir)
	var newer *storage.NewerError
	if _, err := storage.Open(dir); !errors.As(err, &newer) || newer.Version != 1000 || newer.Dir != dir {
		t.Errorf("%v, want a NewerError", err)
	}
	if sums(t, dir) != before {
		t.Error("the library was altered")
	}
}

func TestWhatIsNoFaultOfTheFileIsNotDamage(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "library.db"), 0o700); err != nil {
		t.Fatal(err)
	}
	var damaged *storage.DamagedError
	if _, err := storage.Open(dir); err == nil || errors.As(err, &damaged) {
		t.Errorf("a folder in the place of the file: %v", err)
	}
	if _, err := storage.OpenReadOnly(t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no library: %v", err)
	}
}

// The file is an ordinary SQLite database; a stranger can read it as README says.
func TestFilesAreWhatTheyShouldBe(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "library ?#%ä")
	l := storagetest.OpenDir(t, dir)
	doc := add(t, l, 1)
	mustSave(t, l, doc, newHand(1, 1).insert(0, "x"))
	checkModes(t, dir)
	for pragma, want := range map[string]int{
		"application_id": 0x494e4b4c, "user_version": 1, "page_size": 4096, "synchronous": 2, "trusted_schema": 0,
		"cell_size_check": 1, "wal_autocheckpoint": 256, "foreign_keys": 1, "fullfsync": 1, "mmap_size": 0,
	} {
		if got, err := storage.Setting(l, pragma); err != nil && !errors.Is(err, sql.ErrNoRows) || got != want {
			t.Errorf("%s is %d, %v, want %d", pragma, got, err, want)
		}
	}
}

// sql/README.md explains every table that there is.
func TestReadmeNamesEveryTable(t *testing.T) {
	schema, err := os.ReadFile("sql/0001-library.sql")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("sql/README.md")
	if err != nil {
		t.Fatal(err)
	}
	tables := regexp.MustCompile(`CREATE TABLE (\w+)`).FindAllSubmatch(schema, -1)
	if len(tables) == 0 {
		t.Fatal("no table found in the schema")
	}
	for _, table := range tables {
		if !bytes.Contains(readme, []byte("| `"+string(table[1])+"` |")) {
			t.Errorf("README.md does not explain the table %s", table[1])
		}
	}
}
