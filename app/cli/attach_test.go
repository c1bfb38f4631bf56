package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// content returns what is in a file of the shell's folder.
func (s *shell) content(name string) string {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Error(err)
	}
	return string(b)
}

func TestAttachByCommands(t *testing.T) {
	s := newShell(t)
	picture := strings.Repeat("picture ", 100_000)
	s.file("tea.md", "# Green tea\n")
	s.file("leaf.jpg", picture)
	s.file("notes 1.txt", "notes")
	s.must("import", "tea.md")
	if out := s.must("attachments", "green", "tea"); out != "Nothing is attached to “Green tea”.\n" {
		t.Errorf("attachments prints %q", out)
	}
	out := s.must("attach", "green tea", "leaf.jpg", "notes 1.txt")
	if !strings.Contains(out, "  800.0 kB  leaf.jpg\n") || !strings.Contains(out, "  5 B  notes 1.txt\n") || !strings.Contains(out, "not yet sent to the people") {
		t.Errorf("attach prints %q", out)
	}
	hash := out[:12]
	if out := s.must("attachments", "green", "tea"); !regexp.MustCompile(`(?m)^`+hash+`  20\d\d-\d\d-\d\d \d\d:\d\d   800\.0 kB  leaf\.jpg$`).MatchString(out) || !strings.Contains(out, "notes 1.txt\n") {
		t.Errorf("attachments prints %q", out)
	}
	s.fails(ExitError, "leaf.jpg is there already", "extract", "tea", "leaf.jpg")
	s.must("extract", "tea", hash, "-o", "out.jpg")
	s.must("extract", "tea", "notes", "-o", "notes 1.txt")
	if s.content("out.jpg") != picture || s.content("notes 1.txt") != "notes" {
		t.Error("what was taken out is not what was attached")
	}
	if out := s.must("detach", "tea", "leaf.jpg"); !strings.Contains(out, "is detached from “Green tea”. `inkling reattach ") || !strings.Contains(out, " "+hash+"`") {
		t.Errorf("detach prints %q", out)
	}
	if out := s.must("attachments", "tea"); !strings.Contains(out, "leaf.jpg (detached; stays for 30 more days on which Inkling runs)\n") {
		t.Errorf("attachments prints %q", out)
	}
	s.fails(ExitError, "of what is attached to “Green tea”, no file is called \"leaf.jpg\"", "extract", "tea", "leaf.jpg")
	s.must("reattach", "tea", "leaf.jpg")
	s.fails(ExitError, "no file is called", "reattach", "tea", "leaf.jpg")
	s.fails(ExitError, "there is no file", "attach", "tea", "nothing.txt")
	s.fails(ExitError, "is not a file", "attach", "tea", ".")
	s.fails(ExitError, "no document is called", "attach", "coffee", "leaf.jpg")
	s.fails(ExitUsage, "which files", "attach", "tea")
	s.fails(ExitUsage, "which file of it", "detach", "tea")
	s.fails(ExitUsage, "which file of it", "extract", "tea", "-o", "x")
	s.fails(ExitUsage, "of which document", "attachments")

	// It goes along.
	s.must("export", "tea", "-o", "tea.inkling")
	other := newShell(t) // another computer
	other.dir = s.dir
	other.must("import", "tea.inkling")
	other.must("extract", "tea", "leaf.jpg", "-o", "again.jpg")
	if s.content("again.jpg") != picture {
		t.Error("what came by the file is not what was attached")
	}
	b := []byte(s.content("tea.inkling"))
	b[len(b)-1000] ^= 1
	s.file("damaged.inkling", string(b))
	third := newShell(t)
	third.dir, third.win = s.dir, &fakeWindow{}
	if exit, out, errs := third.run("open", "damaged.inkling"); exit != ExitError || !strings.Contains(out, "Green tea") || !strings.Contains(errs, `damaged.inkling was imported, but not the attached "`) || len(third.win.shown) != 1 {
		t.Errorf("a file whose attachments are damaged: %d, %q, %q", exit, out, errs)
	}
	if out := third.must("export", "tea"); out != "# Green tea\n" {
		t.Errorf("its text is %q", out)
	}
}
