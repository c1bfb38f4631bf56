package cli

import (
	"strings"
	"testing"
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
