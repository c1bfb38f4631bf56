package workspace

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/netsync"
	"inkling/storage"
)

func netPeer(w *Workspace) netsync.Peer { return netsync.Peer{ID: w.device, Name: w.Name()} }

func TestImportAndExport(t *testing.T) {
	w := openTest(t, t.TempDir())
	long := strings.Repeat("A line of text with ünïcödé.\n", 5000)
	for name, c := range map[string]struct{ file, want string }{
		"plain":     {"One\ntwo", "One\ntwo"},
		"last line": {"One\n", "One\n"},
		"windows":   {"\ufeffOne\r\ntwo\r\n", "One\ntwo\n"},
		"old mac":   {"One\rtwo", "One\ntwo"},
		"140 kB":    {long, long},
	} {
		id, err := w.Import(name, []byte(c.file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := w.Export(id); err != nil || got != c.want {
			t.Errorf("%s: exported %d bytes (%v), want %d", name, len(got), err, len(c.want))
		}
	}
}

func TestImportRefusesWhatIsNoText(t *testing.T) {
	w := openTest(t, t.TempDir())
	for _, c := range []struct {
		file   string
		offset int
	}{
		{"caf\xe9", 3},            // Latin-1
		{"ok\n\x00\x01", 3},       // binary
		{"\xff\xfeh\x00i\x00", 0}, // UTF-16
		{"ab\xed\xa0\x80", 2},     // a lone surrogate
	} {
		_, err := w.Import("file.txt", []byte(c.file))
		var bad *NotTextError
		if !errors.As(err, &bad) || bad.Offset != c.offset {
			t.Errorf("import of %q: %v, want the offset %d", c.file, err, c.offset)
		}
	}
	if docs, err := w.Documents(); err != nil || len(docs) != 0 {
		t.Errorf("%d documents were stored (%v)", len(docs), err)
	}
}

func TestImportCannotBeUndone(t *testing.T) {
	w := openTest(t, t.TempDir())
	id, err := w.Import("file", []byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := w.Open(id)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, ok := s.Undo(); ok {
		t.Error("undo took the imported text away")
	}
}

// TestCopiedLibraryWritesAnew: a library that was copied to another device must not
// write on in the first one's name, and not at all until that lets it.
func TestCopiedLibraryWritesAnew(t *testing.T) {
	dir, copied := t.TempDir(), t.TempDir()
	first := openTest(t, dir)
	id, err := first.Import("file", []byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	old := nonceOf(t, first, id)
	closeTest(t, first)
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	first = openTest(t, dir)

	t.Setenv("XDG_CONFIG_HOME", t.TempDir()) // another computer
	second := openTest(t, copied)
	if first.device == second.device {
		t.Fatal("the copy is the same device")
	}
	s, err := second.Open(id)
	if err != nil {
		t.Fatal(err)
	}
	if typeAt(s, 4, "?"); s.Text() != "text" || s.Standing() != NoMember {
		t.Errorf("the copy says %q, standing %d", s.Text(), s.Standing())
	}
	if _, err := second.Invite(id, true); err == nil {
		t.Error("the copy invites others, although it may not write")
	}
	if err := first.grant(id, second.device, "the copy"); err != nil {
		t.Fatal(err)
	}
	pass(t, first, second, id)
	typeAt(s, 4, "!")
	s.Close()
	now := nonceOf(t, second, id)
	if s.Text() != "text!" || now == old {
		t.Errorf("the copy says %q and writes with the nonce %x, the original with %x", s.Text(), now, old)
	}
	closeTest(t, second)

	second = openTest(t, copied) // the same computer again
	if again := nonceOf(t, second, id); again != now {
		t.Errorf("after a restart the nonce is %x, want %x", again, now)
	}
}

// TestMovedLibraryStaysOnesOwn: who moves the folder on the same computer writes on, as
// the same device and the same replica; a copy made after that is no move.
func TestMovedLibraryStaysOnesOwn(t *testing.T) {
	parent := t.TempDir()
	from, to := filepath.Join(parent, "from"), filepath.Join(parent, "to")
	w := openTest(t, from)
	id, err := w.Import("file", []byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	device, old := w.device, nonceOf(t, w, id)
	closeTest(t, w)
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second start finds all in order
		w = openTest(t, to)
		s, err := w.Open(id)
		if err != nil {
			t.Fatal(err)
		}
		typeAt(s, 0, "!")
		s.Close()
		if nonceOf(t, w, id) != old || w.past.SetBack || w.device != device || s.Standing() != MayWrite {
			t.Errorf("nonce %x, before %x; device %x, before %x", nonceOf(t, w, id), old, w.device[:4], device[:4])
		}
		if r, err := w.Check(t.Context()); err != nil || !r.Intact() {
			t.Errorf("%q, %v, %v", s.Text(), r, err)
		}
		closeTest(t, w)
	}
	if err := os.CopyFS(from, os.DirFS(to)); err != nil {
		t.Fatal(err)
	}
	if w = openTest(t, from); w.device == device {
		t.Error("two libraries are one device")
	}
}

func nonceOf(t *testing.T, w *Workspace, id crdt.DocID) storage.Nonce {
	t.Helper()
	nonce, err := w.lib.Nonce(id)
	if err != nil || nonce == (storage.Nonce{}) {
		t.Fatalf("nonce %x, %v", nonce, err)
	}
	return nonce
}

func TestDeviceKey(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	dir := t.TempDir()
	key, err := deviceKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := deviceKey(dir)
	if err != nil || !key.Equal(again) {
		t.Errorf("the second start has another key (%v)", err)
	}
	other, err := deviceKey(t.TempDir())
	if err != nil || key.Equal(other) {
		t.Errorf("another library has the same key (%v)", err)
	}
	path, err := KeyPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	if rel, err := filepath.Rel(dir, path); err == nil && !strings.HasPrefix(rel, "..") {
		t.Errorf("the key lies in the library: %s", path)
	}
	if err := os.WriteFile(path, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := deviceKey(dir); err == nil {
		t.Error("a damaged key was accepted or replaced")
	}
}

func TestTitle(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "",
		"  \n\n":                         "",
		"Tea\nand more":                  "Tea",
		"\n\n## A heading \nx":           "A heading",
		"---\nTitle":                     "Title",
		strings.Repeat("long word ", 20): strings.TrimSpace(strings.Repeat("long word ", 7)) + " long…",
	} {
		d := crdt.New(crdt.Genesis{})
		if err := d.Attach(crdt.Author{}); err != nil {
			t.Fatal(err)
		}
		if text != "" {
			d.Insert(0, text, time.Unix(0, 0))
		}
		if got := titleOf(d); got != want {
			t.Errorf("title of %q: %q, want %q", text, got, want)
		}
	}
}

func TestFind(t *testing.T) {
	doc := func(first byte, title string) storage.Document {
		return storage.Document{ID: crdt.DocID{first, 0x23, 0x45}, Title: title}
	}
	docs := []storage.Document{doc(0x01, "Tea"), doc(0x02, "Tea and cake"), doc(0x03, "Shopping"), doc(0x04, "")}
	for words, want := range map[string]byte{"tea": 1, "TEA AND": 2, "shop": 3, "0323": 3, "untitled": 4, "cake": 2, "ppin": 3} {
		got, err := Find(docs, words)
		if err != nil || got.ID[0] != want {
			t.Errorf("%q finds %x, %v; want %x", words, got.ID[0], err, want)
		}
	}
	for _, words := range []string{"", "coffee", "te", "0x"} {
		if got, err := Find(docs, words); err == nil {
			t.Errorf("%q finds %q", words, got.Title)
		}
	}
}

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{
		" Ana  Maria\n": "Ana Maria", "a\u202eb": "a b", "\x00": "", strings.Repeat("é", 60): strings.Repeat("é", 40),
	} {
		if got := cleanName(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
