package cli

import (
	"crypto/sha256"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inkling/app/workspace"
)

func TestSearchByCommands(t *testing.T) {
	s := newShell(t)
	s.file("tea.md", "# Tea\nGreen tea in the garden, and a Café.\n")
	s.file("shopping.txt", "Shopping\nbread and tea\n")
	s.must("import", "tea.md", "shopping.txt")
	out := s.must("search", "tea")
	if tea, shopping := strings.Index(out, "  Tea\n"), strings.Index(out, "  Shopping\n"); tea < 0 || shopping < tea {
		t.Errorf("search prints %q, want the one with the title first", out)
	}
	if out := s.must("search", "gard", "cafe"); !strings.HasSuffix(out, "  Tea\n    # Tea Green tea in the garden, and a Café.\n") {
		t.Errorf("search prints %q", out)
	}
	if out := s.must("search", `"tea in the"`); !strings.Contains(out, "  Tea\n") || strings.Contains(out, "Shopping") {
		t.Errorf("search prints %q", out)
	}
	for _, odd := range []string{`"tea the"`, "NOT (", "coffee"} {
		if out := s.must("search", odd); out != "Nothing fits “"+odd+"”.\n" {
			t.Errorf("search %s prints %q", odd, out)
		}
	}
	if out := s.must("rebuild"); !strings.HasSuffix(out, "Documents: 2.\n") {
		t.Errorf("rebuild prints %q", out)
	}
	if out := s.must("search", "bread"); !strings.Contains(out, "Shopping") {
		t.Errorf("after rebuild, search prints %q", out)
	}
	s.must("delete", "shopping")
	if out := s.must("search", "bread"); !strings.HasPrefix(out, "Nothing fits") {
		t.Errorf("search finds in the bin: %q", out)
	}
	s.fails(ExitUsage, "which words", "search")
	s.fails(ExitUsage, "no arguments", "rebuild", "x")
}

func TestListShowsLeads(t *testing.T) {
	s := newShell(t)
	s.file("tea.md", "# Tea\n\nGreen tea\nin the garden.\n")
	s.file("blank.txt", "Only a title")
	s.must("import", "tea.md", "blank.txt")
	out := s.must("list")
	if !strings.Contains(out, "  Tea\n    Green tea in the garden.\n") || strings.Count(out, "\n") != 3 {
		t.Errorf("list prints %q", out)
	}
}

// TestNewerLibraryIsRead: what a newer Inkling wrote can be listed, exported and searched as far as its tables are
// known here, and nothing in the folder is written.
func TestNewerLibraryIsRead(t *testing.T) {
	s := newShell(t)
	s.file("tea.md", "# Tea\n\nGreen tea\n")
	s.must("import", "tea.md")
	s.must("list") // indexed
	if err := s.w.Close(); err != nil {
		t.Fatal(err)
	}
	whole := s.w.Dir()
	for change, index := range map[string]bool{
		"CREATE TABLE more (x)":                   true,
		"ALTER TABLE doc ADD COLUMN more INTEGER": true,
		"ALTER TABLE indexed DROP COLUMN preview": true,
		"DROP TABLE search; DROP TABLE indexed":   false,
	} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
			t.Fatal(err)
		}
		db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "library.db"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(change + "; PRAGMA user_version = 99"); err != nil {
			t.Fatalf("%s: %v", change, err)
		}
		db.Close()
		before := filesOf(t, dir)
		if _, err := workspace.Open(workspace.Config{Dir: dir, Offline: true}); !workspace.OnlyToRead(err) {
			t.Fatalf("%s: %v", change, err)
		}
		if s.w, err = workspace.OpenToRead(dir); err != nil {
			t.Fatalf("%s: %v", change, err)
		}
		if out := s.must("list"); !strings.Contains(out, "  Tea\n") || strings.Contains(out, "Green") == strings.Contains(change, "indexed") {
			t.Errorf("%s: list prints %q", change, out)
		}
		if out := s.must("export", "tea"); out != "# Tea\n\nGreen tea\n" {
			t.Errorf("%s: export prints %q", change, out)
		}
		if index {
			if out := s.must("search", "green"); !strings.Contains(out, "Tea") {
				t.Errorf("%s: search prints %q", change, out)
			}
		} else {
			s.fails(ExitError, "no such table", "search", "green")
		}
		if r, err := s.w.Check(t.Context()); err != nil || !r.Intact() {
			t.Errorf("%s: check: %v, %v", change, r, err)
		}
		for _, command := range []string{"delete tea", "rebuild", "destroy --yes tea"} {
			if exit, _, stderr := s.run(strings.Fields(command)...); exit == ExitOK {
				t.Errorf("%s: %s was done, %q", change, command, stderr)
			}
		}
		for _, command := range []string{"import", "backup", "open", "join"} { // the program does not even begin these
			if c, known := Lookup(command); !known || c.OnlyReads {
				t.Errorf("%s: it is said to read only", command)
			}
		}
		if err := s.w.Close(); err != nil {
			t.Error(err)
		}
		if after := filesOf(t, dir); after != before {
			t.Errorf("%s: the folder has\n%s\nand had\n%s", change, after, before)
		}
	}
}

// filesOf describes the files in a folder that hold something lasting.
func filesOf(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "-shm") {
			return err
		}
		content, err := os.ReadFile(path)
		if len(content) > 0 { // reading leaves empty -wal and lock files
			fmt.Fprintf(&b, "%s %x\n", path, sha256.Sum256(content))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
