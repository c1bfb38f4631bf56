package workspace

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inkling/crdt"
	"inkling/crdt/portable"
)

// saved returns the file of a document.
func saved(t *testing.T, w *Workspace, id crdt.DocID) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "doc.inkling")
	if err := w.SaveParcel(id, path); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func bringIn(t *testing.T, w *Workspace, file []byte) crdt.DocID {
	t.Helper()
	id, err := w.ImportFile(context.Background(), "doc.inkling", bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func rootOf(t *testing.T, file []byte) crdt.Hash {
	t.Helper()
	p, err := portable.Read(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return p.Root()
}

func changesOf(t *testing.T, w *Workspace, id crdt.DocID) (n int) {
	t.Helper()
	for _, err := range w.lib.Changes(id) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// elsewhere opens a library on another computer.
func elsewhere(t *testing.T) *Workspace {
	t.Helper()
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	return openTest(t, t.TempDir())
}

// TestParcelGoesAround: a document that is saved here can be read elsewhere, written in once its device was let in, and comes back
// with that; saved on both sides then, it is the same.
func TestParcelGoesAround(t *testing.T) {
	ana := openTest(t, t.TempDir())
	s := ana.New()
	typeAt(s, 0, "Tea")
	s.sync()
	id := s.ID()
	first := saved(t, ana, id)

	ben := elsewhere(t)
	if got := bringIn(t, ben, first); got != id {
		t.Fatalf("document %s, want %s", got, id)
	}
	b, err := ben.Open(id)
	if err != nil {
		t.Fatal(err)
	}
	if b.Text() != "Tea" || b.Standing() != NoMember {
		t.Errorf("text %q, standing %d", b.Text(), b.Standing())
	}
	if docs, err := ben.Documents(); err != nil || len(docs) != 1 || docs[0].Title != "Tea" {
		t.Errorf("the list is %v (%v)", docs, err)
	}

	if err := s.grant(ben.device, "Ben"); err != nil {
		t.Fatal(err)
	}
	bringIn(t, ben, saved(t, ana, id))
	if b.Standing() != MayWrite {
		t.Fatalf("standing %d after the Grant came", b.Standing())
	}
	typeAt(b, 3, " green")
	typeAt(s, 0, "My ")
	b.sync()
	bringIn(t, ana, saved(t, ben, id))
	bringIn(t, ben, saved(t, ana, id))
	if s.Text() != "My Tea green" || b.Text() != s.Text() {
		t.Errorf("%q and %q", s.Text(), b.Text())
	}
	here, there := saved(t, ana, id), saved(t, ben, id)
	if rootOf(t, here) != rootOf(t, there) {
		t.Error("the same changes have two roots")
	}
	before := changesOf(t, ana, id)
	for _, old := range [][]byte{first, here, there} {
		bringIn(t, ana, old)
	}
	if after := changesOf(t, ana, id); after != before || s.Text() != "My Tea green" {
		t.Errorf("%d changes of %d after opening old files again, text %q", after, before, s.Text())
	}
	s.Close()
	b.Close()
	report, err := ben.Check(context.Background())
	if err != nil || !report.Intact() {
		t.Errorf("%v %v", report, err)
	}
}

// TestParcelOfALongDocument: also one of many parts goes through the library and back, its signatures with it.
func TestParcelOfALongDocument(t *testing.T) {
	ana := openTest(t, t.TempDir())
	s := ana.New()
	for range 700 {
		typeAt(s, 0, "line\n")
		s.sync()
	}
	id := s.ID()
	file := saved(t, ana, id)
	ben := elsewhere(t)
	bringIn(t, ben, file)
	again := saved(t, ben, id)
	if !bytes.Equal(file, again) {
		t.Errorf("%d bytes, then %d", len(file), len(again))
	}
	if text, err := ben.Export(id); err != nil || text != s.Text() {
		t.Errorf("%d bytes of text (%v)", len(text), err)
	}
	s.Close()
}

// TestParcelFromTheBin: who opens the file of a document that he deleted wants it back.
func TestParcelFromTheBin(t *testing.T) {
	w := openTest(t, t.TempDir())
	id, err := w.Import("file", []byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	file := saved(t, w, id)
	for _, drop := range []func(crdt.DocID) error{w.Delete, w.Destroy} {
		if err := w.Delete(id); err != nil {
			t.Fatal(err)
		}
		if err := drop(id); err != nil {
			t.Fatal(err)
		}
		bringIn(t, w, file)
		if docs, err := w.Documents(); err != nil || len(docs) != 1 {
			t.Errorf("the list is %v (%v)", docs, err)
		}
		if text, err := w.Export(id); err != nil || text != "text" {
			t.Errorf("the text is %q (%v)", text, err)
		}
	}
}

// TestParcelAfterSetBack: a file brings back what a library that was set back has lost, and what was written meanwhile stays.
func TestParcelAfterSetBack(t *testing.T) {
	dir, old := t.TempDir(), t.TempDir()
	w := openTest(t, dir)
	id, err := w.Import("file", []byte("one"))
	if err != nil {
		t.Fatal(err)
	}
	closeTest(t, w)
	if err := os.CopyFS(old, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	w = openTest(t, dir)
	s, err := w.Open(id)
	if err != nil {
		t.Fatal(err)
	}
	typeAt(s, 3, " two")
	s.Close()
	file := saved(t, w, id)
	closeTest(t, w)
	if err := errors.Join(os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(old))); err != nil {
		t.Fatal(err)
	}
	w = openTest(t, dir)
	if s, err = w.Open(id); err != nil {
		t.Fatal(err)
	}
	typeAt(s, 0, "zero ")
	s.sync()
	bringIn(t, w, file)
	if s.Text() != "zero one two" {
		t.Errorf("text %q", s.Text())
	}
	typeAt(s, 0, "and ")
	s.Close()
	if got := rootOf(t, saved(t, w, id)); got == rootOf(t, file) {
		t.Error("what was written is not in the file")
	}
	report, err := w.Check(context.Background())
	if err != nil || !report.Intact() {
		t.Errorf("%v %v", report, err)
	}
}

// TestParcelRefused: what is not right stores nothing and says so.
func TestParcelRefused(t *testing.T) {
	ana := openTest(t, t.TempDir())
	id, err := ana.Import("file", []byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	file := saved(t, ana, id)
	newer := bytes.Clone(file)
	newer[portable.Sniff] = 9
	ben := elsewhere(t)
	for name, c := range map[string]struct {
		file  []byte
		words string
	}{
		"cut off":  {file[:len(file)-5], "is damaged"},
		"no file":  {[]byte("text"), "is damaged, or not a document"},
		"empty":    {nil, "is damaged"},
		"newer":    {newer, "newer Inkling"},
		"long end": {append(bytes.Clone(file), 'x'), "is damaged"},
	} {
		_, err := ben.ImportFile(context.Background(), "doc.inkling", bytes.NewReader(c.file))
		if err == nil || !strings.Contains(err.Error(), c.words) || !strings.Contains(err.Error(), "Nothing was imported") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if docs, err := ben.Documents(); err != nil || len(docs) != 0 {
		t.Errorf("%d documents were stored (%v)", len(docs), err)
	}
	blank := ana.New()
	if err := ana.SaveParcel(blank.ID(), filepath.Join(t.TempDir(), "x.inkling")); !errors.Is(err, errNothingWritten) {
		t.Errorf("a blank document: %v", err)
	}
	blank.Close()
}

// TestSaveBeside: a file that cannot be written leaves the old one and nothing else.
func TestSaveBeside(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "doc.inkling")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	full := errors.New("the disk is full")
	err := WriteBeside(path, func(f *os.File) error {
		if _, err := f.WriteString("half"); err != nil {
			return err
		}
		return full
	})
	entries, err2 := os.ReadDir(dir)
	b, err3 := os.ReadFile(path)
	if !errors.Is(err, full) || errors.Join(err2, err3) != nil || string(b) != "old" || len(entries) != 1 {
		t.Errorf("%v, file %q, %d entries", err, b, len(entries))
	}
}
