//go:build linux

package uitest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// A real file of at least 100 kB, opened, written in by two people at once at its
// beginning, its middle and its end, and exported on both sides.
func TestRealFileInTwoWindows(t *testing.T) {
	name, content := realText(t)
	t.Logf("%s, %d bytes", name, len(content))
	lan := newNetwork(t)
	ana, bruno := newPerson(t, "Ana", lan.machine()), newPerson(t, "Bruno", lan.machine())
	ana.launch(ana.file("real.md", content))
	ana.puts(usual)
	bruno.start()
	eventually(t, textPatience, "the file is in Ana's list", func() (bool, string) {
		docs := ana.documents()
		return len(docs) == 1, fmt.Sprint(docs)
	})
	start := time.Now()
	share(t, ana, bruno)
	t.Logf("shown to Bruno after %v", time.Since(start))

	ana.presses("Ctrl+Home")
	bruno.presses("Ctrl+End")
	bruno.settle()
	both(
		func() { ana.types("Written by Ana before all else.\n") },
		func() { bruno.types("\nWritten by Bruno after all else.") },
	)
	want := "Written by Ana before all else.\n" + string(content) + "\nWritten by Bruno after all else."
	for _, p := range []*person{ana, bruno} {
		eventually(t, textPatience, p.name+" has both's words", func() (bool, string) {
			text, err := p.text()
			return text == want, fmt.Sprintf("%d bytes instead of %d, %v", len(text), len(want), err)
		})
	}

	bruno.screen.wheel(middle(bruno.page()), -20)
	bruno.settle()
	bruno.screen.click(middle(bruno.page()))
	both(func() { ana.types("Ana again. ") }, func() { bruno.types("Bruno in between. ") })
	same(t, ana, bruno, textPatience)
	keepImage(t, "real-file", sideBySide(ana.see(), bruno.see()))
	checkExports(t, ana, bruno, len(want)+len("Ana again. ")+len("Bruno in between. "))
}

// checkExports compares the files that both sides export.
func checkExports(t *testing.T, ana, bruno *person, size int) {
	t.Helper()
	var files [][]byte
	for _, p := range []*person{ana, bruno} {
		p.must("export", p.documents()[0].id, "-o", "out.md")
		b, err := os.ReadFile(filepath.Join(p.home, "out.md"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, b)
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("the two exports differ")
	}
	if len(files[0]) != size || !bytes.Contains(files[0], []byte("Bruno in between. ")) {
		t.Errorf("the export has %d bytes, want %d with Bruno's words in it", len(files[0]), size)
	}
}

// Sizes of the real file, in bytes.
const (
	realLeast = 100_000
	realMost  = 1_000_000
)

// realText returns a Markdown file of the module cache, or a text that Go ships.
func realText(t *testing.T) (path string, content []byte) {
	t.Helper()
	var folders []string
	for _, variable := range []string{"GOMODCACHE", "GOROOT"} {
		out, err := exec.Command("go", "env", variable).Output()
		if err != nil {
			t.Fatalf("go env %s: %v", variable, err)
		}
		folders = append(folders, strings.TrimSpace(string(out)))
	}
	for _, look := range []struct{ folder, suffix string }{{folders[0], ".md"}, {folders[1], ".md"}, {folders[1], ".txt"}, {folders[1], ".html"}} {
		if path, content = findText(look.folder, look.suffix); path != "" {
			return path, content
		}
	}
	t.Fatalf("no text of %d to %d bytes is in %s or %s", realLeast, realMost, folders[0], folders[1])
	return "", nil
}

// findText returns the first file in a folder that has the suffix and the size asked
// for and is plain text; "" when there is none.
func findText(folder, suffix string) (path string, content []byte) {
	found := errors.New("found")
	filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, suffix) {
			return nil // what cannot be read is not what we look for
		}
		info, err := entry.Info()
		if err != nil || info.Size() < realLeast || info.Size() > realMost {
			return nil
		}
		b, err := os.ReadFile(name)
		if err != nil || !utf8.Valid(b) || bytes.ContainsAny(b, "\x00\r") || bytes.HasPrefix(b, []byte("\uFEFF")) {
			return nil
		}
		path, content = name, b
		return found
	})
	return path, content
}
