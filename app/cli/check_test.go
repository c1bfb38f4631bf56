package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inkling/app/workspace"
)

// reopen closes the library, lets f alter its file, and opens it again.
func (s *shell) reopen(f func(library []byte)) {
	s.t.Helper()
	dir := s.w.Dir()
	if err := s.w.Close(); err != nil {
		s.t.Fatal(err)
	}
	path := filepath.Join(dir, "library.db")
	b, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	f(b)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		s.t.Fatal(err)
	}
	if s.w, err = workspace.Open(workspace.Config{Dir: dir, Name: "Ana", Offline: true}); err != nil {
		s.t.Fatal(err)
	}
	w := s.w
	s.t.Cleanup(func() { w.Close() })
}

// A damaged document is named by check, goes with a salvage, and comes back from the file that was kept when that is sound
// again: a disk that is read by another computer may give what it gave not.
func TestCheckAndSalvage(t *testing.T) {
	s := newShell(t)
	s.file("tea.md", "# Tea\n\nGreen.\n")
	s.file("cake.md", "# Cake\n\nwith a cherry\n")
	s.must("import", "tea.md", "cake.md")
	if out := s.must("check"); out != "2 documents intact\n" {
		t.Errorf("check of an intact library prints %q", out)
	}
	if out := s.must("salvage"); !strings.Contains(out, "nothing to salvage") || s.restarts > 0 {
		t.Errorf("salvage of an intact library prints %q and starts again %d times", out, s.restarts)
	}
	flip := func(b []byte) { b[bytes.Index(b, []byte("with a cherry"))] ^= 1 }
	s.reopen(flip)
	exit, stdout, stderr := s.run("check")
	if exit != ExitError || !strings.Contains(stdout, `"Cake"`) || strings.Contains(stdout, `"Tea"`) || !strings.Contains(stderr, "inkling salvage") {
		t.Errorf("check of a damaged library: exit %d, %q, %q", exit, stdout, stderr)
	}
	if s.must("salvage"); s.restarts != 1 {
		t.Fatalf("%d restarts", s.restarts)
	}
	s.reopen(func([]byte) {}) // closes, so that the file is at rest; the second start has salvaged
	past := s.w.Past()
	for _, words := range []string{"1 document lacks something", `"Cake"`, "Lost: 1 change"} {
		if !strings.Contains(past.SalvageText(), words) {
			t.Errorf("the report does not say %q:\n%s", words, past.SalvageText())
		}
	}
	if !strings.Contains(past.Sentences(), past.Replaced) {
		t.Errorf("the person is told %q", past.Sentences())
	}
	if out := s.must("export", "Tea"); out != "# Tea\n\nGreen.\n" {
		t.Errorf("the intact document is %q", out)
	}
	s.must("check")
	kept := filepath.Join(past.Replaced, "library.db")
	if out := s.must("salvage", kept); !strings.Contains(out, "nothing in it that this library lacks") {
		t.Errorf("salvage from the kept file prints %q", out)
	}
	b, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	b[bytes.Index(b, []byte("vith a cherry"))] ^= 1
	if err := os.WriteFile(kept, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := s.must("salvage", past.Replaced); !strings.Contains(out, "Cake: 1 changes taken") {
		t.Errorf("salvage from the mended file prints %q", out)
	}
	if out := s.must("export", "Cake"); out != "# Cake\n\nwith a cherry\n" {
		t.Errorf("the document is %q", out)
	}
	s.fails(ExitError, "the library that is open", "salvage", s.w.Dir())
	s.fails(ExitError, "no such file", "salvage", "nowhere.db")
	s.fails(ExitUsage, "one file", "salvage", "a", "b")
	s.fails(ExitUsage, "no arguments", "check", "a")
	if err := s.w.PastTold(); err != nil {
		t.Fatal(err)
	}
}
