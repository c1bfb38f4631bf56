package workspace

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/storage"
)

func finds(t *testing.T, w *Workspace, typed string) (ids []crdt.DocID) {
	t.Helper()
	found, err := w.Search(context.Background(), typed)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		ids = append(ids, f.ID)
	}
	return ids
}

// awaitFound waits until typed finds want.
func awaitFound(t *testing.T, w *Workspace, typed string, want ...crdt.DocID) {
	t.Helper()
	changed := make(chan struct{}, 1)
	defer w.Observe(func(e Event) {
		if e == (IndexChanged{}) {
			select {
			case changed <- struct{}{}:
			default:
			}
		}
	})()
	timeout := time.After(30 * time.Second)
	for !slices.Equal(finds(t, w, typed), want) {
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("%q finds %v, want %v", typed, finds(t, w, typed), want)
		}
	}
}

// TestWrittenIsFound: what was written is found when it has rested, when the document is closed, and, when the program
// ended in between, after the next start; what was deleted is found no more.
func TestWrittenIsFound(t *testing.T) {
	w := openTest(t, t.TempDir())
	s := w.New()
	if _, ok := s.Replace(0, 0, 0, "Green tea\nin the garden"); !ok {
		t.Fatal("not written")
	}
	id := s.ID()
	awaitFound(t, w, "gard", id)
	var version uint64
	s.View(0, func(text Text) { version = text.Version() })
	s.Replace(version, 0, 5, "Black")
	awaitFound(t, w, "black", id)
	awaitFound(t, w, "green")
	if err := w.Delete(id); err != nil {
		t.Fatal(err)
	}
	awaitFound(t, w, "black")
	if err := w.Undelete(id); err != nil {
		t.Fatal(err)
	}
	awaitFound(t, w, "black", id)
	s.Close()
	dir := w.Dir()
	last, err := w.Import("file", []byte("the last words"))
	if err != nil {
		t.Fatal(err)
	}
	closeTest(t, w)
	w = openTest(t, dir)
	if got := finds(t, w, "last"); !slices.Equal(got, []crdt.DocID{last}) {
		t.Errorf("at the end it was not indexed: %v", got)
	}
	if err := w.lib.DropIndex(); err != nil { // as if all lagged
		t.Fatal(err)
	}
	closeTest(t, w)
	w = openTest(t, dir)
	awaitFound(t, w, "black", id)
	awaitFound(t, w, "last", last)
}

// TestRebuiltEqualsLive: what is derived anew is what was derived while people wrote (law 3), row by row: the list, its
// leads, the texts, every word of the index with its place, the forks and the ends of the blocks' chains. Documents are
// shared, compacted, forked by a computer that was set back, and in the bin.
func TestRebuiltEqualsLive(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	a, b, id := together(t)
	backup, a := backUp(t, a)
	typeAt(open(t, b, id), 0, "Ben began this.\n")
	wander(t, rng, a, id, 60)
	a.mustSync(t)
	meet(t, id, a, b)
	closeAll(t, a)
	a = setBack(t, a, backup)
	wander(t, rng, a, id, 60) // the chain forks
	a.mustSync(t)
	meet(t, id, a, b)
	var ids []crdt.DocID
	for range 4 {
		s := a.New()
		typeAt(s, 0, "x")
		s.sync()
		ids = append(ids, s.ID())
		wander(t, rng, a, s.ID(), 40)
	}
	a.mustSync(t)
	for _, one := range append(ids[:2:2], id) {
		for more := true; more; {
			var err error
			if more, err = a.lib.Compact(t.Context(), one, storage.Always); err != nil {
				t.Fatal(err)
			}
		}
	}
	wander(t, rng, a, ids[0], 20)
	wander(t, rng, a, id, 20)
	if _, err := a.lib.Compact(t.Context(), ids[2], storage.Always); err != nil { // a successor is left
		t.Fatal(err)
	}
	a.mustSync(t)
	if err := a.Delete(ids[1]); err != nil {
		t.Fatal(err)
	}
	if err := a.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	live := dump(t, a)
	if len(live) < 200 || !strings.Contains(strings.Join(live, "\n"), "\nfork ") {
		t.Fatalf("only %d rows to compare, or no fork", len(live))
	}
	closeAll(t, a)
	for _, statement := range []string{ // what a person with a SQLite shell may do
		`DELETE FROM fork WHERE doc = 1`, `INSERT INTO fork SELECT doc, replica FROM change WHERE doc = 2 ON CONFLICT DO NOTHING`,
		`UPDATE listing SET title = 'wrong'`, `UPDATE indexed SET preview = 'wrong', people = x'', place = 1`, `DELETE FROM head`,
	} {
		alter(t, a.Dir(), statement)
	}
	if slices.Equal(live, dump(t, a)) {
		t.Fatal("nothing was spoilt")
	}
	n, err := a.Rebuild(t.Context())
	if err != nil || n != len(ids)+1 {
		t.Fatalf("%d documents, %v", n, err)
	}
	if rebuilt := dump(t, a); !slices.Equal(live, rebuilt) {
		for i := range min(len(live), len(rebuilt)) {
			if live[i] != rebuilt[i] {
				t.Fatalf("row %d:\n%.300s\nrebuilt:\n%.300s", i, live[i], rebuilt[i])
			}
		}
		t.Errorf("live %d rows, rebuilt %d", len(live), len(rebuilt))
	}
	checkWhole(t, a, b)
}

// TestLostListing: a document whose row in the list was lost is listed again, with the time that its text was written.
func TestLostListing(t *testing.T) {
	w := openTest(t, t.TempDir())
	id, err := w.Import("tea.md", []byte("Tea\nGreen."))
	if err != nil {
		t.Fatal(err)
	}
	alter(t, w.Dir(), `DELETE FROM listing`)
	alter(t, w.Dir(), `UPDATE doc SET created = 0`)
	if _, err := w.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	docs, err := w.Documents()
	if err != nil || len(docs) != 1 || docs[0].ID != id || docs[0].Title != "Tea" {
		t.Fatalf("%+v, %v", docs, err)
	}
	if age := time.Since(docs[0].Modified); age < -time.Minute || age > 10*time.Minute {
		t.Errorf("modified %v", docs[0].Modified)
	}
}

func TestPreview(t *testing.T) {
	long := strings.Repeat("long words ", 30)
	for text, want := range map[string][2]string{
		"":    {"", ""},
		"Tea": {"Tea", ""},
		"# Tea\n\n  Green,\n\tand\u00a0black. \n":   {"Tea", "Green, and black."},
		"\n---\nTea\n---\nGreen":                    {"Tea", "--- Green"},
		"---\n***\n":                                {"", "--- ***"},
		"茶\n緑茶と\u0007紅茶":                            {"茶", "緑茶と 紅茶"},
		long:                                        {strings.TrimSpace(long[:77]) + "…", shorten(strings.TrimSpace(long[77:]), 160)},
		"  ## " + long + "\nmore":                   {strings.TrimSpace(long[:77]) + "…", shorten(strings.TrimSpace(long[77:]), 160)},
		"Tea\n" + strings.Repeat("x", 200):          {"Tea", strings.Repeat("x", 159) + "…"},
		"Tea\n" + strings.Repeat(" ", 2000) + "far": {"Tea", ""},
	} {
		d := crdt.New(crdt.Genesis{})
		if err := d.Attach(crdt.Author{Nonce: [16]byte{1}}); err != nil {
			t.Fatal(err)
		}
		d.Insert(0, text, time.Now())
		if got := [2]string{titleOf(d), previewOf(d)}; got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestListedPeople: the list names whose words a text has, in the order of the text, and no one whose words are gone.
func TestListedPeople(t *testing.T) {
	a, b, id := together(t)
	if err := a.lib.SetPeer(storage.Peer{Key: b.device, Name: "Ben"}); err != nil {
		t.Fatal(err)
	}
	s := open(t, b, id)
	typeAt(s, 0, "Ben's words\n")
	meet(t, id, a, b)
	listed := func(w *Workspace) (Document, Names) {
		t.Helper()
		if err := w.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		docs, err := w.Documents()
		names, err2 := w.Names()
		if err != nil || err2 != nil || len(docs) != 1 {
			t.Fatal(docs, err, err2)
		}
		if place, err := w.lib.Place(id); err != nil || docs[0].Upto != place {
			t.Errorf("current to %d of %d, %v", docs[0].Upto, place, err)
		}
		return docs[0], names
	}
	d, names := listed(a)
	if want := []crdt.DeviceKey{crdt.DeviceKey(b.device), crdt.DeviceKey(a.device)}; !slices.Equal(d.People, want) || d.Preview != "start" {
		t.Errorf("%x, %q", d.People, d.Preview)
	}
	if got := names.Of(d.People); !slices.Equal(got, []string{"Ben", You}) {
		t.Errorf("%v", got)
	}
	if got := names.Others(d.People); !slices.Equal(got, []string{"Ben"}) {
		t.Errorf("%v", got)
	}
	var version uint64
	s.View(0, func(text Text) { version = text.Version() })
	s.Replace(version, 0, 12, "")
	s.sync()
	if d, _ := listed(b); !slices.Equal(d.People, []crdt.DeviceKey{crdt.DeviceKey(a.device)}) {
		t.Errorf("%x", d.People)
	}
}

// TestDamagedIndexIsRenewed: a program that finds the index damaged makes it anew by itself, and says so.
func TestDamagedIndexIsRenewed(t *testing.T) {
	w := openTest(t, t.TempDir())
	if _, err := w.Import("tea.md", []byte("Tea\nGreen.")); err != nil {
		t.Fatal(err)
	}
	if err := w.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	closeTest(t, w)
	alter(t, w.Dir(), `UPDATE search_data SET block = x'0001' WHERE id > 10`)
	w, err := Open(Config{Dir: w.Dir(), Name: "Ana", Offline: true, Logger: slog.New(slog.NewTextHandler(&said, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Search(t.Context(), "green"); !errors.Is(err, errIndexAnew) {
		t.Errorf("search: %v", err)
	}
	docs, err := w.Documents()
	if err != nil || len(docs) != 1 {
		t.Fatal(docs, err)
	}
	awaitFound(t, w, "green", docs[0].ID)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said.String(), "damaged and is made anew") {
		t.Errorf("said %q", said.String())
	}
}

// wander edits a document n times, anywhere.
func wander(t *testing.T, rng *rand.Rand, w *Workspace, id crdt.DocID, n int) {
	t.Helper()
	s := open(t, w, id)
	for range n {
		var version uint64
		var from int
		s.View(0, func(text Text) { version, from = text.Version(), rng.IntN(text.Len()+1) })
		s.Replace(version, from, from+rng.IntN(9), fmt.Sprintf("w%d 字%c\n", rng.IntN(50), rune(0x4e00+rng.IntN(9))))
		if rng.IntN(20) == 0 {
			if err := w.index(id); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// mustSync has all edits on the disk.
func (w *Workspace) mustSync(t *testing.T) {
	t.Helper()
	for _, s := range w.loaded() {
		s.sync()
	}
}

// closeAll drops the sessions of w, so that all is read from the library.
func closeAll(t *testing.T, w *Workspace) {
	t.Helper()
	for _, s := range w.loaded() {
		s.sync()
		w.mu.Lock()
		delete(w.sessions, s.id)
		w.mu.Unlock()
		s.close()
	}
}

// alter runs a statement on the database of an open library, as a foreign SQLite shell may.
func alter(t *testing.T, dir, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "library.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// dump returns all rows that are derived, but for open-blocks.
func dump(t *testing.T, w *Workspace) (list []string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(w.Dir(), "library.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, search, instance)`); err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query(`SELECT 'indexed ' || doc || ' ' || place || ' ' || title || ' ' || preview || ' ' || hex(people) || ' ' || body FROM indexed UNION ALL
		SELECT 'listing ' || doc || ' ' || title || ' ' || modified FROM listing UNION ALL
		SELECT 'fork ' || doc || ' ' || hex(replica) FROM fork UNION ALL
		SELECT 'head ' || block || ' ' || hex(replica) || ' ' || next_seq || ' ' || hex(stamp) FROM head UNION ALL
		SELECT * FROM (SELECT term || ' ' || doc || ' ' || col || ' ' || offset FROM temp.words ORDER BY 1)`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}
