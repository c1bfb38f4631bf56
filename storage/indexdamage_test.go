package storage_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"inkling/crdt"
	"inkling/storage"
	"inkling/storage/storagetest"
)

// indexedLibrary is a library with some pages of index, closed.
func indexedLibrary(t *testing.T) (dir string, docs []crdt.DocID) {
	t.Helper()
	l := storagetest.Open(t)
	rng := seeded(t)
	for n := range 8 {
		doc := index(t, l, n+1, "Tea", "tea "+prose(rng, vocabulary(rng, 2000), 1500))
		mustSave(t, l, doc, newHand(n+1, 1).insert(0, "green tea"))
		docs = append(docs, doc)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Dir(), docs
}

// spoilt returns a copy of a library with a table that is spoilt.
func spoilt(t *testing.T, dir, table string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if table != "" {
		spoil(t, to, table)
	}
	return to
}

// spoil overwrites the first page of a table.
func spoil(t *testing.T, dir, table string) {
	t.Helper()
	l, err := storage.OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	page, err := storage.Count(l, `SELECT rootpage FROM sqlite_schema WHERE name = '`+table+`'`)
	l.Close()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "library.db"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte(strings.Repeat("spoilt! ", 512)), int64(page-1)*4096); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedIndexIsNoDamage: whichever table of the index is damaged or missing, the library opens, says so, has all
// documents to be indexed, and is whole afterwards. The same damage in another table is one of the library.
func TestDamagedIndexIsNoDamage(t *testing.T) {
	whole, docs := indexedLibrary(t)
	for _, table := range []string{"indexed", "search_data", "search_idx", "search_docsize", "search_config"} {
		for _, how := range []string{"spoilt", "struck"} {
			t.Run(table+" "+how, func(t *testing.T) {
				dir := spoilt(t, whole, map[string]string{"spoilt": table}[how])
				if how == "struck" {
					if err := storage.Strike(dir, table); err != nil {
						t.Fatal(err)
					}
				}
				looked, err := storage.OpenReadOnly(dir)
				if err != nil {
					t.Fatal(err)
				}
				if list, err := looked.Documents(); err != nil || len(list) != len(docs) {
					t.Errorf("%d documents are listed, %v", len(list), err)
				}
				looked.Close()
				l := storagetest.OpenDir(t, dir)
				if !strings.Contains(l.IndexRenewed(), table) {
					t.Errorf("renewed: %q", l.IndexRenewed())
				}
				checkRenewed(t, l, docs)
			})
		}
	}
	for _, table := range []string{"doc", "change", "listing", "state"} {
		if _, err := storage.Open(spoilt(t, whole, table)); !errors.As(err, new(*storage.DamagedError)) {
			t.Errorf("%s: %v", table, err)
		}
	}
}

// checkRenewed says that l has an empty index, which can be filled, and is whole.
func checkRenewed(t *testing.T, l *storage.Library, docs []crdt.DocID) {
	t.Helper()
	lagging, err := l.Lagging()
	if err != nil || len(lagging) != len(docs) {
		t.Errorf("%d documents lag, %v", len(lagging), err)
	}
	if got := finds(t, l, "tea"); len(got) != 0 {
		t.Errorf("%d found in an empty index", len(got))
	}
	if err := l.Index(docs[3], 1, storage.Content{Title: "Tea", Text: "black tea"}); err != nil {
		t.Fatal(err)
	}
	if got := finds(t, l, "tea"); !slices.Equal(got, docs[3:4]) {
		t.Errorf("found %v", got)
	}
	if r, err := l.Check(t.Context()); err != nil || !r.Intact() {
		t.Errorf("%v, %v", r, err)
	}
	if n, err := storage.Count(l, `SELECT count(*) FROM state WHERE key = 'unvacuumed'`); n != 0 || err != nil {
		t.Errorf("%d vacuums are to be done, %v", n, err)
	}
	b := back(t, l, day)
	wholeBackup(t, b.Path)
	l = storagetest.Reopen(t, l)
	if l.IndexRenewed() != "" {
		t.Errorf("renewed again: %s", l.IndexRenewed())
	}
}

// TestIndexDamagedInUse: damage that is found while the library is open is told as such, and can be repaired there.
func TestIndexDamagedInUse(t *testing.T) {
	whole, docs := indexedLibrary(t)
	for _, table := range []string{"indexed", "search_data", "search_idx", "search_docsize"} {
		dir := spoilt(t, whole, table)
		undo := storage.CheckSampleOnly()
		l := storagetest.OpenDir(t, dir)
		undo()
		if l.IndexRenewed() != "" {
			t.Fatalf("%s: it was found at once", table)
		}
		_, err := l.Search(t.Context(), "tea")
		if err == nil {
			err = l.Index(docs[0], 1, storage.Content{Title: "other", Text: "other"})
		}
		if !errors.As(err, new(*storage.IndexDamageError)) {
			t.Errorf("%s: %v", table, err)
		}
		if err := l.DropIndex(); err != nil {
			t.Fatalf("%s: %v", table, err)
		}
		mustSave(t, l, add(t, l, 99), newHand(99, 1).insert(0, "written meanwhile"))
		checkRenewed(t, l, append(docs[:len(docs):len(docs)], genesis(99).DocID()))
	}
}

// TestRenewingIsTakenUp: what a kill leaves between the new tables and the vacuum is done at the next opening.
func TestRenewingIsTakenUp(t *testing.T) {
	whole, docs := indexedLibrary(t)
	dir := spoilt(t, whole, "search_data")
	before, err := os.Stat(filepath.Join(dir, "library.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := storage.RenewIndexHalf(dir); err != nil {
		t.Fatal(err)
	}
	l := storagetest.OpenDir(t, dir)
	if after, err := os.Stat(filepath.Join(dir, "library.db")); err != nil || after.Size() >= before.Size() {
		t.Errorf("%v, %v: it was not vacuumed", after, err)
	}
	checkRenewed(t, l, docs)
}
