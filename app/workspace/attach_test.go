package workspace

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"inkling/crdt"
	"inkling/crdt/portable"
	"inkling/storage"
)

// attachText attaches a file with the given content.
func attachText(t *testing.T, w *Workspace, id crdt.DocID, name, content string) Attached {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := w.Attach(context.Background(), id, path)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// heldBy returns the contents of what a document holds, by name.
func heldBy(t *testing.T, w *Workspace, id crdt.DocID) map[string]string {
	t.Helper()
	list, err := w.Attachments(id)
	if err != nil {
		t.Fatal(err)
	}
	held := map[string]string{}
	for _, a := range list {
		path := filepath.Join(t.TempDir(), "out")
		if err := w.Extract(context.Background(), a, path); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !a.IsDetached() {
			held[a.Name] = string(b)
		}
	}
	return held
}

// TestLimitsAgree: what a document may hold fits into a file, and the other way round.
func TestLimitsAgree(t *testing.T) {
	if portable.MaxAttachments != storage.MaxAttached || portable.MaxAttachmentBytes != storage.MaxAttachment || portable.MaxAttachmentName != storage.MaxFileName {
		t.Error("a document may hold what its file may not")
	}
}

// TestFilesGoAlong: saved with its history, a document brings its files to another computer, and saved there it gives
// the same bytes; what was detached stays here.
func TestFilesGoAlong(t *testing.T) {
	ana := openTest(t, t.TempDir())
	id, err := ana.Import("tea.md", []byte("# Tea\n"))
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("0123456789", 150_000)
	want := map[string]string{"a.txt": "one", "b.txt": "one", "long.bin": long, "empty": ""}
	for name, content := range want {
		attachText(t, ana, id, name, content)
	}
	if err := ana.Detach(id, attachText(t, ana, id, "gone", "secret")); err != nil {
		t.Fatal(err)
	}
	file := saved(t, ana, id)
	var out bytes.Buffer
	if err := ana.WriteParcel(id, &out); err != nil || !bytes.Equal(out.Bytes(), file) {
		t.Errorf("written to elsewhere, it is another (%v)", err)
	}
	if bytes.Contains(file, []byte("secret")) {
		t.Error("what was detached is in the file")
	}
	ben := elsewhere(t)
	for range 2 {
		bringIn(t, ben, file)
		if held := heldBy(t, ben, id); len(held) != len(want) || held["a.txt"] != "one" || held["b.txt"] != "one" || held["long.bin"] != long {
			t.Errorf("%d files came", len(held))
		}
	}
	if again := saved(t, ben, id); !bytes.Equal(again, file) {
		t.Error("saved again, it is another")
	}
	// What was taken off there comes back with the file.
	list, err := ben.Attachments(id)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		if err := ben.Detach(id, a); err != nil {
			t.Fatal(err)
		}
	}
	if held := heldBy(t, ben, id); len(held) != 0 {
		t.Errorf("%d files are held after all were detached", len(held))
	}
	bringIn(t, ben, file)
	if held := heldBy(t, ben, id); len(held) != len(want) {
		t.Errorf("%d files came back", len(held))
	}
	if report, err := ben.Check(context.Background()); err != nil || !report.Intact() || report.Attachments.Files != 3 {
		t.Errorf("%v %v", report, err)
	}
}

// TestDamagedFileBringsTheDocument: wherever a file is damaged behind the document, or cut off, the document is taken,
// contents that are whole are, and the names of the others are told.
func TestDamagedFileBringsTheDocument(t *testing.T) {
	ana := openTest(t, t.TempDir())
	id, err := ana.Import("tea.md", []byte("# Tea\n"))
	if err != nil {
		t.Fatal(err)
	}
	bare := saved(t, ana, id)
	want := map[string]string{"a.txt": "the first", "b.txt": "the second", "c.txt": "the third"}
	for name, content := range want {
		attachText(t, ana, id, name, content)
	}
	file := saved(t, ana, id)
	for at := len(bare) - 65 + 1; at < len(file); at += 41 {
		flipped := bytes.Clone(file)
		flipped[at] ^= 4
		for _, damaged := range [][]byte{flipped, file[:at]} {
			ben := elsewhere(t)
			got, err := ben.ImportFile(context.Background(), "tea.inkling", bytes.NewReader(damaged))
			var left *LeftOutError
			if got != id || !errors.As(err, &left) || !strings.HasPrefix(err.Error(), "tea.inkling was imported, but not ") {
				t.Fatalf("damaged at %d: %v, %v", at, got, err)
			}
			held := heldBy(t, ben, id)
			for name, content := range held {
				if want[name] != content {
					t.Errorf("damaged at %d: %q came as %s", at, content, name)
				}
			}
			for _, name := range left.Names {
				if _, there := held[name]; there || want[name] == "" {
					t.Errorf("damaged at %d: %s is said to be left out", at, name)
				}
			}
			if len(left.Names) > 0 && len(left.Names)+len(held) != len(want) {
				t.Errorf("damaged at %d: %d came, %v left out", at, len(held), left.Names)
			}
			if text, err := ben.Export(id); err != nil || text != "# Tea\n" {
				t.Errorf("damaged at %d: the text is %q (%v)", at, text, err)
			}
			closeTest(t, ben)
		}
	}
}

// TestHostileNames: a file may not bring a name by which something could be written elsewhere.
func TestHostileNames(t *testing.T) {
	ana := openTest(t, t.TempDir())
	id, err := ana.Import("tea.md", []byte("# Tea\n"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := ana.gather(id)
	if err != nil {
		t.Fatal(err)
	}
	var list []portable.Attachment
	for _, name := range []string{"../../evil", "/etc/evil", `..\evil`, "evil\x1b[2J", "good"} {
		list = append(list, portable.Attachment{Name: name, Hash: sha256.Sum256([]byte("x")), Length: 1})
	}
	var file bytes.Buffer
	if _, err := p.WriteWith(&file, list, func(portable.ContentHash) (io.Reader, error) { return strings.NewReader("x"), nil }); err != nil {
		t.Fatal(err)
	}
	ben := elsewhere(t)
	_, err = ben.ImportFile(context.Background(), "tea.inkling", &file)
	var left *LeftOutError
	var bad *storage.FileNameError
	if !errors.As(err, &left) || len(left.Names) != 4 || !errors.As(err, &bad) {
		t.Errorf("it says %v", err)
	}
	if held := heldBy(t, ben, id); len(held) != 1 || held["good"] != "x" {
		t.Errorf("held are %v", held)
	}
}

// TestDamagedAttachmentIsLeftOut: an attached file that is damaged in the library does not keep the document from being
// saved with its history.
func TestDamagedAttachmentIsLeftOut(t *testing.T) {
	dir := t.TempDir()
	w := openTest(t, dir)
	id, err := w.Import("tea.md", []byte("# Tea\n"))
	if err != nil {
		t.Fatal(err)
	}
	attachText(t, w, id, "a.txt", "the first")
	attachText(t, w, id, "b.txt", "the second content")
	closeTest(t, w)
	path := filepath.Join(dir, "library.db")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(b, []byte("the second content"))
	if at < 0 {
		t.Fatal("it is not in the file")
	}
	b[at] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	w = openTest(t, dir)
	to := filepath.Join(t.TempDir(), "tea.inkling")
	err = w.SaveParcel(id, to)
	var left *LeftOutError
	if !errors.As(err, &left) || !slices.Equal(left.Names, []string{"b.txt"}) || !strings.Contains(err.Error(), `tea.inkling was saved, but not the attached "b.txt"`) {
		t.Fatalf("it says %v", err)
	}
	file, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	ben := elsewhere(t)
	bringIn(t, ben, file)
	if held := heldBy(t, ben, id); len(held) != 1 || held["a.txt"] != "the first" {
		t.Errorf("held are %v", held)
	}
	if report, err := w.Check(context.Background()); err != nil || len(report.Attachments.Lost) != 1 {
		t.Errorf("%v, %v", report, err)
	}
}

// TestFindAttached: a person names a file as a document.
func TestFindAttached(t *testing.T) {
	list := []Attached{{Name: "Tea.jpg", Hash: [32]byte{0xab, 0xcd}}, {Name: "tea.jpg", Hash: [32]byte{0xab, 0xce}}, {Name: "coffee.png", Hash: [32]byte{1}}, {Name: "tea.jpg", Hash: [32]byte{9, 9}}}
	for words, want := range map[string]int{"Tea.jpg": 0, "abcd": 0, "abce": 1, "ABCE": 1, "coff": 2, "PNG": 2, "0909": 3, "tea.jpg": -1, "jpg": -1, "milk": -1, "": -1, "abc": -1} {
		a, err := FindAttached(list, words)
		if (err == nil) != (want >= 0) || want >= 0 && a.Hash != list[want].Hash {
			t.Errorf("%q: %v, %v", words, a.Name, err)
		}
	}
}
