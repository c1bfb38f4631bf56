package storage_test

import (
	"bytes"
	"context"
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
	"inkling/storage/storagetest"
)

// back makes a backup that has to succeed.
func back(t testing.TB, l *storage.Library, now time.Time) storage.Backup {
	t.Helper()
	b, err := l.Back(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// wholeBackup opens a backup and checks it as storagetest does libraries.
func wholeBackup(t testing.TB, path string) *storage.Library {
	t.Helper()
	b, err := storage.OpenBackup(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	if r, err := b.Check(t.Context()); err != nil || !r.Intact() {
		t.Fatalf("%v, %v", r, err)
	}
	return b
}

// invite opens an invite to doc.
func invite(t testing.TB, l *storage.Library, doc crdt.DocID, id byte) {
	t.Helper()
	if err := l.AddInvite(storage.Invite{ID: [8]byte{id}, Secret: [16]byte{id, 0x5e}, Doc: doc, Created: day, Expires: day}); err != nil {
		t.Fatal(err)
	}
}

// TestBackupHoldsAllButWhatOneCopyHas: the changes are there, nonces and open invites are not, not even as bytes
// that were removed; and nobody else may look.
func TestBackupHoldsAllButWhatOneCopyHas(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	changes := typing(seeded(t), 300, 4)
	mustSave(t, l, doc, changes...)
	nonce := storage.Nonce([]byte("a secret nonce!!"))
	if err := l.SetNonce(doc, nonce); err != nil {
		t.Fatal(err)
	}
	invite(t, l, doc, 7)
	b := back(t, l, day)
	kept := wholeBackup(t, b.Path)
	if !equalFrames(frames(t, kept, doc), encoded(changes)) {
		t.Error("the backup has other changes")
	}
	if n, err := kept.Nonce(doc); n != (storage.Nonce{}) || err != nil {
		t.Errorf("the backup has the nonce %x, %v", n, err)
	}
	if _, err := kept.Invite([8]byte{7}); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the open invite is in the backup: %v", err)
	}
	if n, err := l.Nonce(doc); n != nonce || err != nil {
		t.Errorf("the library's nonce became %x, %v", n, err)
	}
	if _, err := l.Invite([8]byte{7}); err != nil {
		t.Errorf("the library's invite: %v", err)
	}
	content, err := os.ReadFile(b.Path)
	if err != nil {
		t.Fatal(err)
	}
	for what, secret := range map[string][]byte{"nonce": nonce[:], "invite's secret": {7, 0x5e, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}} {
		if bytes.Contains(content, secret) {
			t.Errorf("the bytes of the %s are in the backup", what)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(b.Path))
	if err != nil || len(entries) != 1 || !b.At.Equal(day) {
		t.Errorf("%v, %v; backup of %v", entries, err, b.At)
	}
	checkPrivate(t, filepath.Dir(b.Path), b.Path)
}

// TestBackupOnlyOfWhatChanged: a backup is made when something was written since the newest one, over restarts too, and
// what is remembered of windows does not count.
func TestBackupOnlyOfWhatChanged(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	ana := newHand(1, 1)
	at := day
	made := func(what string, want bool) {
		t.Helper()
		at = at.Add(time.Hour)
		if l.Written() { // as package workspace does
			if err := l.SetToken(storage.Token{byte(at.Hour()), byte(at.Day())}); err != nil {
				t.Fatal(err)
			}
		}
		_, err := l.Back(t.Context(), at)
		if want && err != nil || !want && !errors.Is(err, storage.ErrUnchanged) {
			t.Errorf("%s: %v, want a backup: %v", what, err, want)
		}
	}
	made("first", true)
	made("nothing", false)
	if err := l.SetState(doc, "caret", []byte{1}); err != nil {
		t.Fatal(err)
	}
	made("a caret", false)
	mustSave(t, l, doc, ana.insert(0, "x"))
	made("a letter", true)
	l = storagetest.Reopen(t, l)
	made("a restart", false)
	if err := l.Delete(doc, day); err != nil {
		t.Fatal(err)
	}
	made("the bin", true)
	if err := os.Remove(mustList(t, l)[0].Path); err != nil {
		t.Fatal(err)
	}
	made("the newest lost", true)
	if err := os.WriteFile(mustList(t, l)[0].Path, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	made("the newest damaged", true)
}

func mustList(t testing.TB, l *storage.Library) []storage.Backup {
	t.Helper()
	list, err := storage.Backups(l.Dir())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestDamagedBackupDoesNotCount: when a stored change is not what was written, the copy of it does not become a backup,
// and the older ones stay.
func TestDamagedBackupDoesNotCount(t *testing.T) {
	l := storagetest.OpenDir(t, t.TempDir())
	doc := add(t, l, 1)
	ana := newHand(1, 1)
	mustSave(t, l, doc, ana.insert(0, "good"))
	good := back(t, l, day)
	dir := l.Dir()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	damaged := t.TempDir()
	if err := os.CopyFS(damaged, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := storage.Alter(damaged, `UPDATE change SET body = CAST(x'00' || substr(body, 2) AS BLOB)`); err != nil {
		t.Fatal(err)
	}
	l, err := storage.Open(damaged)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.SetToken(storage.Token{1}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Back(t.Context(), day.Add(time.Hour)); err == nil || !strings.Contains(err.Error(), "not what the library holds") {
		t.Errorf("backup of a damaged library: %v", err)
	}
	entries, err := os.ReadDir(filepath.Join(damaged, "backups"))
	if err != nil || len(entries) != 1 || entries[0].Name() != filepath.Base(good.Path) {
		t.Errorf("%v, %v", entries, err)
	}
}

// TestDraftsAreNoBackups: what a kill leaves of a backup is not listed, and goes with the next one.
func TestDraftsAreNoBackups(t *testing.T) {
	l := storagetest.Open(t)
	add(t, l, 1)
	folder := filepath.Join(l.Dir(), "backups")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"20261121T100000Z.db.new", "20261121T100000Z.db.new-journal", "notes.txt", "holiday.db"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("part"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if list := mustList(t, l); len(list) != 0 {
		t.Errorf("%v", list)
	}
	b := back(t, l, day)
	entries, err := os.ReadDir(folder)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{filepath.Base(b.Path), "holiday.db", "notes.txt"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("%v, want %v", names, want)
	}
}

// TestBackupUnderWrites: a backup made while somebody writes is the library as it was at one moment: a part of each
// document's journal from its start.
func TestBackupUnderWrites(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	stop, ended := make(chan struct{}), make(chan int)
	ana := newHand(1, 1)
	go func() {
		n := 0
		for ; ; n++ {
			select {
			case <-stop:
				ended <- n
				return
			default:
				mustSave(t, l, doc, ana.insert(uint32(n), "x"))
			}
		}
	}()
	var paths []string
	for i := range 5 {
		paths = append(paths, back(t, l, day.Add(time.Duration(i)*time.Hour)).Path)
	}
	close(stop)
	n := <-ended
	all := frames(t, l, doc)
	if len(all) != n {
		t.Fatalf("%d changes, %d were written", len(all), n)
	}
	last := 0
	for _, path := range paths {
		part := frames(t, wholeBackup(t, path), doc)
		if len(part) < last || len(part) > n || !equalFrames(part, all[:len(part)]) {
			t.Errorf("a backup of %d changes, before %d, in the end %d", len(part), last, n)
		}
		last = len(part)
	}
}

// TestRestore: a library is what the backup holds, but for nonces and invites; what it was is kept, and can be
// restored in its turn.
func TestRestore(t *testing.T) {
	l := storagetest.Open(t)
	doc, other := add(t, l, 1), add(t, l, 2)
	ana := newHand(1, 1)
	first := ana.insert(0, "early")
	mustSave(t, l, doc, first)
	mustSave(t, l, other, newHand(2, 1).insert(0, "other"))
	b := back(t, l, day)
	mustSave(t, l, doc, ana.insert(5, " and late"))
	late := add(t, l, 3)
	if err := l.Delete(other, day); err != nil {
		t.Fatal(err)
	}
	nonce := storage.Nonce{9}
	if err := l.SetNonce(doc, nonce); err != nil {
		t.Fatal(err)
	}
	invite(t, l, doc, 7)
	backup := wholeBackup(t, b.Path)
	e, err := l.EffectOf(backup)
	if err != nil || len(e.Back) != 1 || e.Back[0].ID != other || len(e.Gone) != 1 || e.Gone[0].ID != late || len(e.Set) != 1 || e.Set[0].ID != doc || e.Same != 0 {
		t.Errorf("%+v, %v", e, err)
	}
	if err := storage.Restore(t.Context(), l.Dir(), b.Path); err != nil {
		t.Fatal(err)
	}
	if got := frames(t, l, doc); len(got) != 2 {
		t.Errorf("the open library has %d changes already", len(got))
	}
	l = storagetest.Reopen(t, l)
	if got := frames(t, l, doc); !equalFrames(got, encoded([]*crdt.Change{first})) {
		t.Errorf("%d changes after the restore, want 1", len(got))
	}
	if n, err := l.Nonce(doc); n != (storage.Nonce{}) || err != nil {
		t.Errorf("nonce %x, %v", n, err)
	}
	if at, err := l.Restored(); !at.Equal(day) || err != nil {
		t.Errorf("restored from %v, %v", at, err)
	}
	if err := l.RestoreTold(); err != nil {
		t.Fatal(err)
	}
	if at, err := l.Restored(); !at.IsZero() || err != nil {
		t.Errorf("restored from %v, %v", at, err)
	}

	list := mustList(t, l)
	if len(list) != 2 || list[0].Path != b.Path || !list[1].Replaced {
		t.Fatalf("%+v", list)
	}
	if err := storage.Restore(t.Context(), l.Dir(), list[1].Path); err != nil {
		t.Fatal(err)
	}
	l = storagetest.Reopen(t, l)
	if got := frames(t, l, doc); len(got) != 2 {
		t.Errorf("%d changes, want 2", len(got))
	}
	if n, err := l.Nonce(doc); n != (storage.Nonce{}) || err != nil {
		t.Errorf("nonce %x, %v", n, err)
	}
	if _, err := l.Invite([8]byte{7}); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the open invite came back: %v", err)
	}
	if list := mustList(t, l); len(list) != 3 {
		t.Errorf("%+v", list)
	}
}

// TestRestoreIsTakenUp: whichever step of the exchange a power cut came after, the next start finishes it, with the
// library that was there kept whole, its -wal file included.
func TestRestoreIsTakenUp(t *testing.T) {
	for step := range 7 {
		t.Run(fmt.Sprint("step ", step), func(t *testing.T) {
			dir := t.TempDir()
			l := storagetest.OpenDir(t, dir)
			doc := add(t, l, 1)
			ana := newHand(1, 1)
			mustSave(t, l, doc, ana.insert(0, "early"))
			b := back(t, l, day)
			mustSave(t, l, doc, ana.insert(5, " and late"))
			if err := storage.Restore(t.Context(), dir, b.Path); err != nil {
				t.Fatal(err)
			}
			killed := t.TempDir() // the folder as a kill leaves it: with a -wal file
			copyWithCat(t, filepath.Join(dir, "library.db"), filepath.Join(killed, "library.db"))
			copyWithCat(t, filepath.Join(dir, "library.db-wal"), filepath.Join(killed, "library.db-wal"))
			for _, folder := range []string{"restoring", "backups"} {
				if err := os.CopyFS(filepath.Join(killed, folder), os.DirFS(filepath.Join(dir, folder))); err != nil {
					t.Fatal(err)
				}
			}
			in := func(parts ...string) string { return filepath.Join(append([]string{killed}, parts...)...) }
			steps := []func() error{
				func() error { return os.Mkdir(in("restoring", "replaced"), 0o700) },
				func() error { return os.Rename(in("library.db-wal"), in("restoring", "replaced", "library.db-wal")) },
				func() error { return os.Rename(in("library.db"), in("restoring", "replaced", "library.db")) },
				func() error { return os.Rename(in("restoring", "library.db"), in("library.db")) },
				func() error { return os.Rename(in("restoring", "replaced"), in("replaced-20261121T120000Z")) },
				func() error { return os.Remove(in("restoring")) },
			}
			for _, do := range steps[:step] {
				if err := do(); err != nil {
					t.Fatal(err)
				}
			}
			again := storagetest.OpenDir(t, killed)
			if got := frames(t, again, doc); len(got) != 1 {
				t.Errorf("%d changes, want 1", len(got))
			}
			list := mustList(t, again)
			if len(list) != 2 || !list[1].Replaced {
				t.Fatalf("%+v", list)
			}
			if got := frames(t, wholeBackup(t, list[1].Path), doc); len(got) != 2 {
				t.Errorf("%d changes were kept of the library, want 2", len(got))
			}
			if _, err := os.Lstat(in("restoring")); err == nil {
				t.Error("the stage is left")
			}
		})
	}
}

// TestRestoreOfWhatIsNoBackup changes nothing.
func TestRestoreOfWhatIsNoBackup(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	mustSave(t, l, doc, newHand(1, 1).insert(0, strings.Repeat("text", 5000)))
	b := back(t, l, day)
	content, err := os.ReadFile(b.Path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(content, []byte("texttext"))
	content[at] ^= 1
	for name, bad := range map[string][]byte{"missing": nil, "junk": []byte("junk"), "empty": {}, "flipped": content, "short": content[:len(content)/2]} {
		path := filepath.Join(t.TempDir(), name+".db")
		if bad != nil {
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := storage.Restore(t.Context(), l.Dir(), path); err == nil {
			t.Errorf("%s: no error", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
	}
	l = storagetest.Reopen(t, l)
	if got := frames(t, l, doc); len(got) != 1 || len(mustList(t, l)) != 1 {
		t.Errorf("%d changes, %v", len(got), mustList(t, l))
	}
}

// TestRestoreOfADamagedLibrary: the damaged files are kept as they are.
func TestRestoreOfADamagedLibrary(t *testing.T) {
	dir := t.TempDir()
	l, err := storage.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	doc := add(t, l, 1)
	mustSave(t, l, doc, newHand(1, 1).insert(0, "text"))
	b := back(t, l, day)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	junk := []byte("not a database, and not empty")
	if err := os.WriteFile(filepath.Join(dir, "library.db"), junk, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := storage.Open(dir); err == nil || !strings.Contains(err.Error(), "inkling restore") {
		t.Errorf("%v does not say how to restore", err)
	}
	if err := storage.Restore(t.Context(), dir, b.Path); err != nil {
		t.Fatal(err)
	}
	l = storagetest.OpenDir(t, dir)
	if got := frames(t, l, doc); len(got) != 1 {
		t.Errorf("%d changes", len(got))
	}
	list := mustList(t, l)
	if kept, err := os.ReadFile(list[len(list)-1].Path); err != nil || !bytes.Equal(kept, junk) {
		t.Errorf("kept %q, %v", kept, err)
	}
}

func TestNoBackupOnAFullDisk(t *testing.T) {
	l := storagetest.Open(t)
	add(t, l, 1)
	restore := storage.FullDisk()
	defer restore()
	_, err := l.Back(t.Context(), day)
	var full *storage.RoomError
	if !errors.As(err, &full) || len(mustList(t, l)) != 0 {
		t.Errorf("%v, %v", err, mustList(t, l))
	}
	if _, err := l.BackTo(t.Context(), filepath.Join(t.TempDir(), "copy.db")); !errors.As(err, &full) {
		t.Errorf("%v", err)
	}
	restore()
	back(t, l, day)
}

func TestBackupToAFile(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	mustSave(t, l, doc, newHand(1, 1).insert(0, "text"))
	path := filepath.Join(t.TempDir(), "copy.db")
	if _, err := l.BackTo(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if got := frames(t, wholeBackup(t, path), doc); len(got) != 1 {
		t.Errorf("%d changes", len(got))
	}
	if _, err := l.BackTo(t.Context(), path); err == nil || !strings.Contains(err.Error(), "there already") {
		t.Errorf("a file was overwritten: %v", err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	other := filepath.Join(t.TempDir(), "other.db")
	if _, err := l.BackTo(ended, other); err == nil {
		t.Error("it was not interrupted")
	}
	if left, _ := filepath.Glob(other + "*"); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
}
