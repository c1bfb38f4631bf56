//go:build linux

package uitest

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// file writes a file into the person's home and returns its name there.
func (p *person) file(name string, content []byte) string {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.home, name), content, 0o600); err != nil {
		p.t.Fatal(err)
	}
	return name
}

// expect checks a sub-command's exit code and that its one message says all of words.
func (r result) expect(t testing.TB, exit int, words ...string) {
	t.Helper()
	if r.exit != exit {
		t.Errorf("exit code %d expected: %v", exit, r)
	}
	for _, word := range words {
		if !strings.Contains(r.stdout+r.stderr, word) {
			t.Errorf("%q is not said: %v", word, r)
		}
	}
}

func TestSecondStartHandsOver(t *testing.T) {
	ana := newPerson(t, "Ana", lonelyMachine(t))
	ana.start()
	ana.types("Mine")
	ana.waitForText("Mine")

	ana.inklingOn(ana.screen.name).expect(t, 0)
	ana.inkling("import", ana.file("other.md", []byte("# Other\n"))).expect(t, 0, "Other")
	ana.inkling("list").expect(t, 0, "Mine", "Other")
	ana.inkling("export", "other").expect(t, 0, "# Other\n")
	ana.inkling("export", "other", "-o", "out.md").expect(t, 0)
	if got, err := os.ReadFile(filepath.Join(ana.home, "out.md")); string(got) != "# Other\n" {
		t.Errorf("exported %q, %v", got, err)
	}
	ana.inkling("status").expect(t, 0, "Ana")
	ana.inklingOn(ana.screen.name, ana.file("third.md", []byte("Third"))).expect(t, 0)
	ana.waitUntilShown("Third")
	if ana.status().Port == 0 {
		t.Error("the status of a running program has no port: somebody else answered")
	}
	ana.stop()
	ana.inkling("list").expect(t, 0, "Mine", "Other", "Third")
}

func TestBadCommandLines(t *testing.T) {
	ana := newPerson(t, "Ana", lonelyMachine(t))
	ana.inkling("frobnicate").expect(t, 2, "frobnicate", "inkling help")
	ana.inkling("--nonsense").expect(t, 2, "nonsense")
	ana.inkling("export").expect(t, 2, "usage")
	ana.inkling("export", "nothing").expect(t, 1, "nothing")

	r := ana.inkling()
	r.expect(t, 1, "xvfb-run", "serve", "list", "export", "import")
	if r.stdout != "" || strings.Count(r.stderr, "\n") != 1 {
		t.Errorf("without a display one line is expected: %v", r)
	}
}

func TestImportOfWhatIsNotText(t *testing.T) {
	ana := newPerson(t, "Ana", lonelyMachine(t))
	bad := ana.file("bad.md", []byte("good until here \xff and on"))
	check := func(when string) {
		ana.inkling("import", bad).expect(t, 1, "bad.md", "offset 16", "UTF-8")
		if docs := ana.documents(); len(docs) != 0 {
			t.Errorf("%s, something was stored: %v", when, docs)
		}
	}
	check("without a window")
	ana.start()
	check("with a window")
	ana.inklingOn(ana.screen.name, bad).expect(t, 1, "bad.md", "offset 16")
	if docs := ana.documents(); len(docs) != 0 {
		t.Errorf("opened as a file, something was stored: %v", docs)
	}
}

// A library of which a page was overwritten is shown as damaged, left alone and
// copied aside; what is intact can still be had.
func TestDamagedLibrary(t *testing.T) {
	ana := newPerson(t, "Ana", lonelyMachine(t))
	ana.must("import", ana.file("whole.md", []byte("Whole\n")))
	ana.must("backup")
	marker := []byte("a line that is nowhere else\n")
	ana.must("import", ana.file("broken.md", append([]byte("Broken\n"), bytes.Repeat(marker, 1000)...)))
	library := filepath.Join(ana.home, "data", "inkling", "library.db")
	damaged := damage(t, library, marker)

	ana.launch()
	ana.settle()
	keepImage(t, "message", ana.see())
	if got, err := os.ReadFile(library); err != nil || !bytes.Equal(got, damaged) {
		t.Errorf("the damaged library was altered (%v)", err)
	}
	ana.window.close()
	if exit := ana.wait(); exit != 1 {
		t.Errorf("exit code %d after the message about damage, want 1", exit)
	}
	if got, err := os.ReadFile(library); err != nil || !bytes.Equal(got, damaged) {
		t.Errorf("the damaged library was altered (%v)", err)
	}
	if !slices.ContainsFunc(copies(t, filepath.Dir(library)), func(b []byte) bool { return bytes.Equal(b, damaged) }) {
		t.Error("no copy of the damaged library was put aside")
	}
	ana.inkling("list").expect(t, 0, "damaged", "Whole")
	ana.inkling("export", "whole").expect(t, 0, "Whole\n")

	for _, junk := range [][]byte{nil, []byte("nothing of it is left")} {
		if junk != nil {
			if err := os.WriteFile(library, junk, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		ana.inkling("backups").expect(t, 0, "damaged", "inkling restore ")
		ana.inkling("restore", "newest").expect(t, 0, "Your library is as it was on", "replaced-")
		if titles := ana.documents(); len(titles) != 1 || titles[0].title != "Whole" {
			t.Errorf("after the restore: %v", titles)
		}
	}
}

// damage overwrites the page behind the first place of marker, and returns what the
// file holds then.
func damage(t *testing.T, path string, marker []byte) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	found := bytes.Index(content, marker)
	from := (found/page + 1) * page
	if found < 0 || from+page > len(content) {
		t.Fatalf("the library of %d bytes has no page to damage behind offset %d", len(content), found)
	}
	clear(content[from : from+page])
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return content
}

// copies returns the contents of all databases in folders inside dir.
func copies(t *testing.T, dir string) (contents [][]byte) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*", "library.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		contents = append(contents, b)
	}
	return contents
}
