package workspace

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"inkling/crdt"
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

// TestRebuiltEqualsLive: what is derived anew is what was derived while people wrote (law 3): texts, places and every
// word of the index with its place.
func TestRebuiltEqualsLive(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	w := openTest(t, t.TempDir())
	ctx := context.Background()
	var sessions []*Session
	for range 5 {
		sessions = append(sessions, w.New())
	}
	for range 400 {
		s := sessions[rng.IntN(len(sessions))]
		var version uint64
		var from int
		s.View(0, func(text Text) { version, from = text.Version(), rng.IntN(text.Len()+1) })
		s.Replace(version, from, from+rng.IntN(9), fmt.Sprintf("w%d 字%c\n", rng.IntN(50), rune(0x4e00+rng.IntN(9))))
		if rng.IntN(20) == 0 {
			if err := w.index(s.ID()); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, s := range sessions[:3] {
		s.Close()
	}
	for _, s := range sessions {
		s.sync()
	}
	if err := w.CatchUp(ctx); err != nil {
		t.Fatal(err)
	}
	live := dump(t, w)
	if len(live) < 200 {
		t.Fatalf("only %d rows to compare", len(live))
	}
	for _, s := range sessions { // from the changes, not from a session
		w.mu.Lock()
		delete(w.sessions, s.ID())
		w.mu.Unlock()
		defer s.close()
	}
	n, err := w.Rebuild(ctx)
	if err != nil || n != len(sessions) {
		t.Fatalf("%d documents, %v", n, err)
	}
	if rebuilt := dump(t, w); !slices.Equal(live, rebuilt) {
		t.Errorf("live %d rows, rebuilt %d:\n%.2000v\n%.2000v", len(live), len(rebuilt), live, rebuilt)
	}
}

// dump returns all that documents are found by.
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
	rows, err := db.Query(`SELECT doc || ' ' || place || ' ' || title || ' ' || body FROM indexed UNION ALL
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
