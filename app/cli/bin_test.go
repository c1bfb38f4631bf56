package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBinByCommands(t *testing.T) {
	s := newShell(t)
	s.file("tea.md", "# Tea\n")
	s.file("shopping.txt", "Shopping\nbread\n")
	s.must("import", "tea.md", "shopping.txt")
	if out := s.must("bin"); out != "The bin is empty.\n" {
		t.Errorf("an empty bin lists %q", out)
	}
	if out := s.must("delete", "tea"); !strings.Contains(out, "“Tea” is in the bin. `inkling undelete ") {
		t.Errorf("delete prints %q", out)
	}
	if out := s.must("list"); strings.Contains(out, "Tea") {
		t.Errorf("the list shows %q", out)
	}
	if out := s.must("bin"); !strings.Contains(out, "  Tea (stays for 30 more days on which Inkling runs)\n") {
		t.Errorf("the bin shows %q", out)
	}
	s.fails(ExitError, "no document is called", "export", "tea")
	s.fails(ExitError, "in the bin, no document is called \"shop\"", "undelete", "shop")
	s.must("undelete", "tea")
	if out := s.must("export", "tea"); out != "# Tea\n" {
		t.Errorf("taken out, it says %q", out)
	}
	s.must("backup")
	s.must("delete", "tea")
	if exit, out, errs := s.run("destroy", "tea"); exit != ExitError || !strings.Contains(out, "Nobody else has it. 1 backup has it; that goes on ") || !strings.Contains(errs, "--yes") {
		t.Errorf("destroy: %d, %q, %q", exit, out, errs)
	}
	s.must("undelete", "tea")
	s.must("delete", "tea")
	if out := s.must("destroy", "--yes", "tea"); !strings.Contains(out, "deleted for ever") {
		t.Errorf("destroy prints %q", out)
	}
	if out := s.must("bin"); out != "The bin is empty.\n" {
		t.Errorf("the bin lists %q", out)
	}
	s.fails(ExitUsage, "which document", "delete")
	s.fails(ExitUsage, "which document", "undelete")
	s.fails(ExitUsage, "which document", "destroy", "--yes")
}

func TestBackupByCommands(t *testing.T) {
	s := newShell(t)
	if out := s.must("backups"); out != "There is no backup yet.\n" {
		t.Errorf("it lists %q", out)
	}
	s.file("tea.md", "# Tea\n")
	s.must("import", "tea.md")
	out := s.must("backup")
	_, path, _ := strings.Cut(strings.TrimSpace(out), "MB  ")
	if _, err := os.Stat(path); err != nil {
		t.Errorf("backup prints %q: %v", out, err)
	}
	name := strings.TrimSuffix(filepath.Base(path), ".db")
	if out := s.must("backups"); !strings.HasPrefix(out, name+" ") {
		t.Errorf("backups prints %q", out)
	}
	if out := s.must("backup"); !strings.Contains(out, "Nothing has changed") {
		t.Errorf("a second backup prints %q", out)
	}
	s.must("backup", "-o", "mine.db")
	s.fails(ExitError, "is there already", "backup", "-o", "mine.db")
	s.fails(ExitUsage, "-o FILE", "backup", "-x")
	if out := s.must("restore", "newest"); !strings.Contains(out, "No document changes.") || s.restarts != 1 {
		t.Errorf("restore prints %q; %d restarts", out, s.restarts)
	}
	s.must("restore", name[:8])
	s.must("restore", "mine.db")
	s.fails(ExitError, "nothing was restored", "restore", "nowhere.db")
	if exit, out, errs := s.run("restore"); exit != ExitUsage || !strings.Contains(out, name) || !strings.Contains(errs, "which backup") {
		t.Errorf("restore: %d, %q, %q", exit, out, errs)
	}
	if s.restarts != 3 {
		t.Errorf("%d restarts", s.restarts)
	}
}
