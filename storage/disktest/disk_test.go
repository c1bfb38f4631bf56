package disktest_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"inkling/storage/disktest"
)

func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func newDisk(t *testing.T) *disktest.Disk {
	t.Helper()
	disk := disktest.New()
	t.Cleanup(disk.Close)
	return disk
}

// open opens a database with one connection, in WAL mode unless pragmas says otherwise.
func open(t *testing.T, path, pragmas string) *sql.DB {
	t.Helper()
	if !strings.Contains(pragmas, "journal_mode") {
		pragmas += "&_pragma=journal_mode(wal)"
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate"+pragmas)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

func run(t *testing.T, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.Exec(statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// dump returns all rows of the table that scribble makes.
func dump(t *testing.T, db *sql.DB) string {
	t.Helper()
	rows, err := db.Query("SELECT k, hex(v) FROM t ORDER BY k")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var b strings.Builder
	for rows.Next() {
		var k, v string
		if err := rows.Scan(&k, &v); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, k, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// scribble returns statements, the same for the same seed.
func scribble(rng *rand.Rand, n int) (list []func(t *testing.T, db *sql.DB)) {
	for range n {
		k, v := rng.IntN(50), bytes.Repeat([]byte{byte(rng.IntN(256))}, rng.IntN(9000))
		switch rng.IntN(8) {
		case 0:
			list = append(list, func(t *testing.T, db *sql.DB) { run(t, db, "DELETE FROM t WHERE k > ?", k) })
		case 1:
			list = append(list, func(t *testing.T, db *sql.DB) { run(t, db, "VACUUM") })
		case 2:
			list = append(list, func(t *testing.T, db *sql.DB) { run(t, db, "PRAGMA wal_checkpoint(TRUNCATE)") })
		default:
			list = append(list, func(t *testing.T, db *sql.DB) { run(t, db, "INSERT OR REPLACE INTO t VALUES (?, ?)", k, v) })
		}
	}
	return list
}

// SQLite does the same in memory as with files.
func TestADiskInMemoryIsADisk(t *testing.T) {
	rng := seeded(t)
	disk := newDisk(t)
	pragmas := "&_pragma=wal_autocheckpoint(20)"
	paths := []string{filepath.ToSlash(filepath.Join(t.TempDir(), "a.db")), disk.Path("a.db")}
	databases := []*sql.DB{open(t, paths[0], pragmas), open(t, paths[1], pragmas)}
	for _, db := range databases {
		run(t, db, "CREATE TABLE t (k INTEGER PRIMARY KEY, v BLOB)")
	}
	for i, step := range scribble(rng, 200) {
		for j, db := range databases {
			step(t, db)
			if i%40 == 39 { // as after a restart
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
				databases[j] = open(t, paths[j], pragmas)
			}
		}
	}
	if dump(t, databases[0]) != dump(t, databases[1]) {
		t.Error("the two databases differ")
	}
	for _, db := range databases {
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if disk.Size("a.db") <= 0 || disk.Size("a.db-wal") != -1 {
		t.Errorf("after closing the files have %d and %d bytes", disk.Size("a.db"), disk.Size("a.db-wal"))
	}
}

func TestConnectionsKeepEachOtherOut(t *testing.T) {
	disk := newDisk(t)
	for _, mode := range []string{"", "&_pragma=journal_mode(delete)"} {
		disk.Create("a.db")
		one, other := open(t, disk.Path("a.db"), mode), open(t, disk.Path("a.db"), mode)
		run(t, one, "CREATE TABLE t (k INTEGER PRIMARY KEY, v BLOB)")
		tx, err := one.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.Exec("INSERT INTO t VALUES (1, 'x')"); err == nil || !strings.Contains(err.Error(), "locked") {
			t.Errorf("%q: two write at once: %v", mode, err)
		}
		if _, err := tx.Exec("INSERT INTO t VALUES (2, 'y')"); err != nil {
			t.Fatal(err)
		}
		if got := dump(t, other); got != "" {
			t.Errorf("%q: the other reads %q before the commit", mode, got)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if got := dump(t, other); got != "2 79\n" {
			t.Errorf("%q: the other reads %q after the commit", mode, got)
		}
		one.Close()
		other.Close()
	}
}

// Of a transaction that was synced every image has all; of one that was not, some
// have it and some do not.
func TestImagesHaveWhatWasSynced(t *testing.T) {
	rng := seeded(t)
	disk := newDisk(t)
	db := open(t, disk.Path("a.db"), "&_pragma=synchronous(normal)")
	run(t, db, "CREATE TABLE t (k INTEGER PRIMARY KEY, v BLOB)")
	disk.Record()
	run(t, db, "PRAGMA synchronous=FULL")
	run(t, db, "INSERT INTO t VALUES (1, zeroblob(100))")
	synced := disk.Position()
	run(t, db, "PRAGMA synchronous=NORMAL")
	run(t, db, "INSERT INTO t VALUES (2, zeroblob(100))")
	end := disk.Position()
	counts := map[int]int{}
	for r := disk.Replay(rng); r.Next(); {
		if r.Position() == synced && !r.Settled() {
			t.Error("something is left to be synced after a commit with FULL")
		}
		for range 50 {
			image := r.Image(rng)
			rows := strings.Count(dump(t, open(t, image.Path("a.db"), "")), "\n")
			if r.Position() >= synced && rows < 1 || r.Position() < end && rows > 1 {
				t.Fatalf("%d rows at position %d; the first was synced at %d, the second written by %d", rows, r.Position(), synced, end)
			}
			if r.Position() == end {
				counts[rows]++
			}
		}
	}
	if counts[1] == 0 || counts[2] == 0 {
		t.Errorf("images after a commit that was not synced, by rows: %v", counts)
	}
}

func TestAReplayIsTheSameForTheSameSeed(t *testing.T) {
	disk := newDisk(t)
	disk.Record()
	db := open(t, disk.Path("a.db"), "&_pragma=wal_autocheckpoint(5)")
	run(t, db, "CREATE TABLE t (k INTEGER PRIMARY KEY, v BLOB)")
	for _, step := range scribble(seeded(t), 20) {
		step(t, db)
	}
	sums := func() (list []string) {
		rng := rand.New(rand.NewPCG(1, 2))
		for r := disk.Replay(rng); r.Next(); {
			image := r.Image(rng)
			list = append(list, fmt.Sprint(image.Size("a.db"), image.Size("a.db-wal"), image.Size("a.db-journal")))
			image.Close()
		}
		return list
	}
	if first := sums(); !slices.Equal(first, sums()) || len(first) != disk.Position()+1 {
		t.Errorf("%d positions, and they differ from time to time", len(first))
	}
}

func TestFaults(t *testing.T) {
	for _, f := range []disktest.Fault{
		{Kind: disktest.FullWrite, Nth: 1}, {Kind: disktest.FullWrite, Nth: 1, Lasting: true},
		{Kind: disktest.FailedSync, Nth: 1}, {Kind: disktest.FailedSync, Nth: 1, Lasting: true},
	} {
		disk := newDisk(t)
		db := open(t, disk.Path("a.db"), "&_pragma=synchronous(full)")
		run(t, db, "CREATE TABLE t (k INTEGER PRIMARY KEY, v BLOB)")
		disk.Break(f)
		_, first := db.Exec("INSERT INTO t VALUES (1, 'x')")
		_, second := db.Exec("INSERT INTO t VALUES (2, 'y')")
		if first == nil || (second == nil) == f.Lasting {
			t.Errorf("%+v: %v, then %v", f, first, second)
		}
		if n := disk.Refusals(); n == 0 || !f.Lasting && n != 1 {
			t.Errorf("%+v: %d refusals", f, n)
		}
		disk.Heal()
		run(t, db, "INSERT INTO t VALUES (3, 'z')")
	}
}
