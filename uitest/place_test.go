//go:build linux

package uitest

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// cannotOpen starts the program with a window, which says why there is none.
func (p *person) cannotOpen(name string) {
	p.t.Helper()
	p.launch()
	p.settle()
	keepImage(p.t, name, p.see())
	p.window.close()
	if exit := p.wait(); exit != 1 {
		p.t.Errorf("exit code %d after the message, want 1", exit)
	}
}

// A library in a folder that a program copies to other computers is refused; one that came to lie there can be read, and
// is not altered.
func TestLibraryInACopiedFolder(t *testing.T) {
	ana := newPerson(t, "Ana", lonelyMachine(t))
	ana.must("import", ana.file("tea.md", []byte("# Tea\n")))
	dropbox := filepath.Join(ana.home, "Dropbox")
	if err := os.Mkdir(dropbox, 0o700); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(dropbox, "inkling")
	ana.library = []string{"--data", dir}
	ana.cannotOpen("refused")
	for _, command := range []string{"serve", "list", "doctor", "import"} {
		ana.inkling(command).expect(t, 1, "Dropbox copies what is there", "--data FOLDER")
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it was made all the same: %v", err)
	}

	if err := os.Rename(filepath.Join(ana.home, "data", "inkling"), dir); err != nil {
		t.Fatal(err)
	}
	before := libraryBytes(t, dir)
	ana.cannotOpen("refused-library")
	ana.inkling("list").expect(t, 0, "Dropbox copies what is there", "Tea")
	ana.inkling("export", "tea").expect(t, 0, "# Tea\n")
	ana.inkling("doctor").expect(t, 1, "Nothing in it was changed", "inkling export")
	ana.inkling("import", "tea.md").expect(t, 1, "cannot be written in")
	if !bytes.Equal(libraryBytes(t, dir), before) {
		t.Error("the library was altered")
	}
}

// A library that a newer Inkling wrote can be listed and exported, and is not altered.
func TestNewerLibrary(t *testing.T) {
	ana := newPerson(t, "Ana", lonelyMachine(t))
	ana.must("import", ana.file("tea.md", []byte("# Tea\n")))
	dir := filepath.Join(ana.home, "data", "inkling")
	newer := libraryBytes(t, dir)
	copy(newer[60:], []byte{0, 0, 0, 99}) // user_version, in the head of every SQLite file
	if err := os.WriteFile(filepath.Join(dir, "library.db"), newer, 0o600); err != nil {
		t.Fatal(err)
	}
	ana.cannotOpen("newer")
	ana.inkling("list").expect(t, 0, "Update Inkling", "Tea")
	ana.inkling("export", "tea").expect(t, 0, "# Tea\n")
	ana.inkling("export", "tea", "-o", "tea.inkling").expect(t, 0)
	ana.inkling("import", "tea.md").expect(t, 1, "newer Inkling")
	ana.inkling("doctor").expect(t, 1, "newer Inkling")
	if !bytes.Equal(libraryBytes(t, dir), newer) {
		t.Error("the library was altered")
	}
}

func libraryBytes(t testing.TB, dir string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "library.db"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
