package storage_test

import (
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"inkling/crdt"
	"inkling/crdt/portable"
	"inkling/storage"
	"inkling/storage/storagetest"
)

var goldenFlag = flag.Bool("golden", false, "write the libraries of testdata anew, in the format that this program writes")

// goldenVersion is the folder of testdata in which -golden writes.
const goldenVersion = "v1"

// ben is the key of another device.
var ben = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, ed25519.SeedSize))

// TestGoldenLibraries: what was written once is read for ever, and means what it meant, whether the program closed it or
// was killed; and one can go on in it.
func TestGoldenLibraries(t *testing.T) {
	if *goldenFlag {
		writeGolden(t, filepath.Join("testdata", goldenVersion))
	}
	samples, err := filepath.Glob(filepath.Join("testdata", "v*", "*.db.gz"))
	if err != nil || len(samples) < 2 {
		t.Fatalf("samples: %v, %v", samples, err)
	}
	for _, path := range samples {
		sample := strings.TrimSuffix(path, ".db.gz")
		t.Run(filepath.ToSlash(strings.TrimPrefix(sample, "testdata/")), func(t *testing.T) { readGolden(t, sample) })
	}
}

// writeGolden writes the samples into a folder: one that was closed, and one that was killed in the midst of writing.
func writeGolden(t *testing.T, folder string) {
	t.Helper()
	l := storagetest.Open(t)
	fillGolden(t, l)
	killed := t.TempDir() // a kill leaves what is on the disk now: the -wal file has not been emptied
	want := tellAll(t, l)
	for _, name := range []string{"library.db", "library.db-wal"} {
		copyWithCat(t, filepath.Join(l.Dir(), name), filepath.Join(killed, name))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	put := func(name string, content []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, dir := range map[string]string{"closed": l.Dir(), "killed": killed} {
		put(name+".db.gz", packed(t, filepath.Join(dir, "library.db")))
		put(name+".txt", []byte(want))
	}
	put("killed.db-wal.gz", packed(t, filepath.Join(killed, "library.db-wal")))
}

func packed(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = z.Write(content)
	}
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// unpack writes what is packed in a file, if there is one, to another.
func unpack(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	z, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(z)
	if err == nil {
		err = os.WriteFile(to, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func readGolden(t *testing.T, sample string) {
	t.Helper()
	text, err := os.ReadFile(sample + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	want, dir := string(text), t.TempDir()
	for _, suffix := range []string{"", "-wal"} {
		unpack(t, sample+".db"+suffix+".gz", filepath.Join(dir, "library.db"+suffix))
	}
	looked, err := storage.OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "read only", tellAll(t, looked), want)
	looked.Close()
	l := storagetest.OpenDir(t, dir)
	if l.IndexRenewed() != "" {
		t.Errorf("the index was renewed: %s", l.IndexRenewed())
	}
	same(t, "opened", tellAll(t, l), want)
	whole(t, l)
	for n := goldenScripts; n <= goldenForkedBlock; n++ { // as the program derives it
		if err := l.Rederive(t.Context(), genesis(n).DocID()); err != nil && !errors.Is(err, storage.ErrNotFound) {
			t.Fatal(err)
		}
	}
	same(t, "derived anew", tellAll(t, l), want)
	backup := wholeBackup(t, back(t, l, day).Path)
	for n := goldenScripts; n <= goldenForkedBlock; n++ {
		goOnIn(t, l, backup, n)
	}
	l = storagetest.Reopen(t, l)
	whole(t, l)
}

// same compares what libraries tell, and says in which line they part.
func same(t *testing.T, what, got, want string) {
	t.Helper()
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			t.Fatalf("%s: line %d:\n%s\nwant:\n%s", what, i+1, strings.Join(a[min(i, len(a)):min(i+1, len(a))], ""), strings.Join(b[min(i, len(b)):min(i+1, len(b))], ""))
		}
	}
}

// TestSalvageOfGoldenLibraries: read page by page, the golden libraries hold what they hold, but for what only one copy may
// go on with, and for what is derived.
func TestSalvageOfGoldenLibraries(t *testing.T) {
	samples, err := filepath.Glob(filepath.Join("testdata", goldenVersion, "*.db.gz"))
	if err != nil || len(samples) < 2 {
		t.Fatalf("samples: %v, %v", samples, err)
	}
	for _, path := range samples {
		sample := strings.TrimSuffix(path, ".db.gz")
		t.Run(filepath.Base(sample), func(t *testing.T) {
			dir := t.TempDir()
			for _, suffix := range []string{"", "-wal"} {
				unpack(t, sample+".db"+suffix+".gz", filepath.Join(dir, "library.db"+suffix))
			}
			report, err := storage.Salvage(t.Context(), dir, device)
			if err != nil || !report.Whole() {
				t.Fatalf("%v, %v", report, err)
			}
			want, err := os.ReadFile(sample + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			l := storagetest.OpenDir(t, dir)
			same(t, "salvaged", kept(tellAll(t, l)), kept(string(want)))
			whole(t, l)
		})
	}
}

// kept leaves out of what a library tells what no salvage carries over.
func kept(told string) string {
	var b strings.Builder
	for line := range strings.Lines(told) {
		if !leftOut.MatchString(line) {
			b.WriteString(line)
		}
	}
	return b.String()
}

var leftOut = regexp.MustCompile(`^(  nonce|listed|"|\d+ lag|invite \d: (not there|.* open until)|state token)`)

func whole(t *testing.T, l *storage.Library) {
	t.Helper()
	r, err := l.Check(t.Context())
	if err != nil || !r.Intact() {
		t.Fatalf("%v, %v", r, err)
	}
	for _, d := range r.Documents {
		if len(d.Spare) > 0 {
			t.Errorf("spare blocks: %v", d.Spare)
		}
	}
}

// goOnIn writes in a document, takes back what could be taken back, compacts it, and passes it on.
func goOnIn(t *testing.T, l, backup *storage.Library, n int) {
	t.Helper()
	id := genesis(n).DocID()
	doc, err := l.Load(id)
	if errors.Is(err, storage.ErrNotFound) && n == goldenDestroyed {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := backup.Load(id); err != nil || kept.Text() != doc.Text() {
		t.Errorf("document %d: the backup has another text, %v", n, err)
	}
	w := &scribe{t: t, l: l, id: id, doc: doc, key: device}
	if n == goldenScripts {
		doc.FillDeleted(doc.DeletedText())
		undoGolden(t, w)
	} else {
		w.attach(100)
	}
	before := doc.Text()
	w.write(doc.Len(), doc.Len(), "\nand on")
	for range 2 {
		compactAll(t, l, id)
		again, err := l.Load(id)
		if err != nil || again.Text() != before+"\nand on" {
			t.Fatalf("document %d: text %q, %v", n, again.Text(), err)
		}
	}
	w.index()
	parcel, err := portable.Gather(genesis(n), l.Changes(id))
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if _, err := parcel.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	if read, err := portable.Read(&file); err != nil || read.Doc().Text() != before+"\nand on" {
		t.Fatalf("document %d: exported %v", n, err)
	}
}

// undoGolden goes on with the replica and the undo list that the library has.
func undoGolden(t *testing.T, w *scribe) {
	t.Helper()
	nonce, err := w.l.Nonce(w.id)
	if err == nil {
		err = w.doc.Attach(crdt.Author{Device: deviceKey(), Nonce: nonce})
	}
	undo, err2 := w.l.State(w.id, "undo")
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	if !bytes.Equal(undo[:16], idOf(w.doc)) {
		t.Fatalf("the undo list of %s", hex.EncodeToString(undo[:16]))
	}
	if err := w.doc.SetUndoList(undo[16:]); err != nil {
		t.Fatal(err)
	}
	before := w.doc.Text()
	if _, done := w.doc.Undo(day); !done || w.doc.Text() != strings.TrimSuffix(before, "to be undone") {
		t.Errorf("undone: %q", w.doc.Text())
	}
	w.flush()
}
