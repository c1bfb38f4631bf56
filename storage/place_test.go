package storage_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inkling/storage"
	"inkling/storage/storagetest"
)

// placed opens a library in dir and returns why it must not lie there, nil when it may.
func placed(t *testing.T, dir string) *storage.PlaceError {
	t.Helper()
	l, err := storage.Open(dir)
	var place *storage.PlaceError
	if err != nil && !errors.As(err, &place) {
		t.Fatal(err)
	}
	if err == nil {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return place
}

// A folder below a mark or a name of a program that copies folders is refused, and nothing is made in it; also by
// way of a link, and when it does not exist yet. Beside it all is well.
func TestFoldersThatAreCopied(t *testing.T) {
	for _, c := range []struct{ program, mark, folder string }{
		{"Dropbox", ".dropbox", "work"},
		{"Dropbox", ".dropbox.cache/", "work"},
		{"Dropbox", "", "Dropbox"},
		{"Dropbox", "", "Dropbox (Personal)"},
		{"OneDrive", ".849C9593-D756-4E56-8D6E-42412F2A707B", "work"},
		{"OneDrive", "", "OneDrive - Company"},
		{"Google Drive", ".tmp.driveupload/", "work"},
		{"Google Drive", "", "GoogleDrive-ana@example.org"},
		{"iCloud", "", "Mobile Documents"},
		{"Nextcloud or ownCloud", ".sync_0123456789ab.db", "work"},
		{"Nextcloud or ownCloud", "._sync_0123456789ab.db", "work"},
		{"Syncthing", ".stfolder/", "work"},
		{"Syncthing", ".stfolder", "work"},
		{"Resilio Sync", ".sync/ID", "work"},
	} {
		root := t.TempDir()
		top := filepath.Join(root, c.folder)
		must(t, os.Mkdir(top, 0o700))
		if c.mark != "" {
			leaveMark(t, top, c.mark)
		}
		link := filepath.Join(root, "link")
		must(t, os.Symlink(top, link))
		for _, dir := range []string{top, filepath.Join(top, "deep", "inkling"), filepath.Join(link, "inkling")} {
			place := placed(t, dir)
			if place == nil || place.Synced != c.program || place.Used || !strings.Contains(place.Error(), "--data") {
				t.Errorf("%s with %q in %q: %v", dir, c.mark, c.folder, place)
			}
		}
		if entries, err := os.ReadDir(top); err != nil || len(entries) > 1 {
			t.Errorf("%q: a refused library has left something: %v, %v", c.folder, entries, err)
		}
		if place := placed(t, filepath.Join(root, "inkling")); place != nil {
			t.Errorf("beside %q: %v", c.folder, place)
		}
	}
}

func leaveMark(t *testing.T, top, mark string) {
	t.Helper()
	path := filepath.Join(top, mark)
	must(t, os.MkdirAll(filepath.Dir(path), 0o700))
	if strings.HasSuffix(mark, "/") {
		must(t, os.MkdirAll(path, 0o700))
		return
	}
	must(t, os.WriteFile(path, nil, 0o600))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Names and marks that only look so.
func TestFoldersThatAreNotCopied(t *testing.T) {
	for _, c := range []struct{ mark, folder string }{
		{".dropbox/", "home"}, // the program's own folder
		{".sync/", "home"},
		{".sync_x", "home"},
		{"", "Dropboxes"},
		{"", "nextcloud"}, // a server's
		{"", "My OneDrive"},
	} {
		top := filepath.Join(t.TempDir(), c.folder)
		must(t, os.Mkdir(top, 0o700))
		if c.mark != "" {
			leaveMark(t, top, c.mark)
		}
		if place := placed(t, filepath.Join(top, "inkling")); place != nil {
			t.Errorf("%q in %q: %v", c.mark, c.folder, place)
		}
	}
}

// A library that came to lie in such a folder is not altered, and can be read.
func TestLibraryThatIsCopiedCanBeRead(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "inkling")
	l, err := storage.Open(dir)
	must(t, err)
	doc := add(t, l, 1)
	c := newHand(1, 1).insert(0, "words")
	mustSave(t, l, doc, c)
	b, err := l.Back(t.Context(), day)
	must(t, err)
	must(t, l.Close())
	leaveMark(t, root, ".stfolder/")
	before, err := os.ReadFile(filepath.Join(dir, "library.db"))
	must(t, err)

	if place := placed(t, dir); place == nil || !place.Used || !strings.Contains(place.Error(), "inkling export") {
		t.Fatalf("%v", place)
	}
	var place *storage.PlaceError
	if err := storage.Restore(t.Context(), dir, b.Path); !errors.As(err, &place) {
		t.Errorf("restored there: %v", err)
	}
	seen, err := storage.OpenReadOnly(dir)
	must(t, err)
	defer seen.Close()
	if got := frames(t, seen, doc); len(got) != 1 || !bytes.Equal(got[0], c.AppendFrame(nil)) {
		t.Errorf("%d changes can be read", len(got))
	}
	after, err := os.ReadFile(filepath.Join(dir, "library.db"))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the library was altered (%v)", err)
	}
}

// A library of a newer format opens for reading as far as its tables are those that are known, and is not altered.
func TestNewerLibraryCanBeRead(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	c := newHand(1, 1).insert(0, "words")
	mustSave(t, l, doc, c)
	must(t, l.Close())
	dir := t.TempDir() // a copy: what is done to it shall not be judged when the test ends
	must(t, os.CopyFS(dir, os.DirFS(l.Dir())))
	path := filepath.Join(dir, "library.db")
	for _, s := range []string{`PRAGMA user_version = 99`, `CREATE TABLE colour (doc INTEGER)`, `ALTER TABLE doc ADD COLUMN colour INTEGER`} {
		must(t, storage.Alter(dir, s))
	}
	before, err := os.ReadFile(path)
	must(t, err)
	var newer *storage.NewerError
	if _, err := storage.Open(dir); !errors.As(err, &newer) || newer.Version != 99 || !strings.Contains(err.Error(), "Update Inkling") {
		t.Fatalf("%v", err)
	}
	seen, err := storage.OpenReadOnly(dir)
	must(t, err)
	if got := frames(t, seen, doc); len(got) != 1 || !bytes.Equal(got[0], c.AppendFrame(nil)) {
		t.Errorf("%d changes can be read", len(got))
	}
	if err := seen.Add(genesis(2), day); !errors.Is(err, storage.ErrReadOnly) {
		t.Errorf("written to: %v", err)
	}
	must(t, seen.Close())
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the library was altered (%v)", err)
	}
	must(t, storage.Alter(dir, `ALTER TABLE listing RENAME COLUMN title TO heading`))
	if _, err := storage.OpenReadOnly(dir); !errors.As(err, &newer) {
		t.Errorf("without a list that is understood: %v", err)
	}
}
