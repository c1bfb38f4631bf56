package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inkling/app/workspace"
	"inkling/crdt"
)

// shell runs commands on a workspace of their own, as a person would.
type shell struct {
	t   *testing.T
	w   *workspace.Workspace
	win *fakeWindow
	dir string

	restarts int
}

// fakeWindow notes what it is asked to show.
type fakeWindow struct {
	raised int
	shown  []crdt.DocID
}

func (f *fakeWindow) Raise()             { f.raised++ }
func (f *fakeWindow) Show(id crdt.DocID) { f.shown = append(f.shown, id) }

func newShell(t *testing.T) *shell {
	t.Helper()
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	w, err := workspace.Open(workspace.Config{Dir: t.TempDir(), Name: "Ana", Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return &shell{t: t, w: w, dir: t.TempDir()}
}

func (s *shell) run(args ...string) (exit int, stdout, stderr string) {
	var out, errs bytes.Buffer
	c := Call{Workspace: s.w, Args: args, Dir: s.dir, Stdout: &out, Stderr: &errs, Restart: func() { s.restarts++ }}
	if s.win != nil {
		c.Window = s.win
	}
	exit = Run(context.Background(), c)
	return exit, out.String(), errs.String()
}

// must runs a command that has to succeed.
func (s *shell) must(args ...string) string {
	s.t.Helper()
	exit, stdout, stderr := s.run(args...)
	if exit != ExitOK {
		s.t.Fatalf("inkling %v: exit %d, %s", args, exit, stderr)
	}
	return stdout
}

// fails runs a command that has to fail with an exit code and words on stderr.
func (s *shell) fails(exit int, words string, args ...string) {
	s.t.Helper()
	got, stdout, stderr := s.run(args...)
	if got != exit || !strings.Contains(stderr, words) || stdout != "" {
		s.t.Errorf("inkling %v: exit %d, stdout %q, stderr %q; want exit %d and %q", args, got, stdout, stderr, exit, words)
	}
}

func (s *shell) file(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func TestFilesInAndOut(t *testing.T) {
	s := newShell(t)
	if out := s.must("list"); out != "No documents yet.\n" {
		t.Errorf("an empty library lists %q", out)
	}
	s.file("tea.md", "# Tea\n\nGreen.\n")
	s.file("shopping.txt", "Shopping\nbread\n")
	if out := s.must("import", "tea.md", "shopping.txt"); !strings.Contains(out, "  Tea\n") || !strings.Contains(out, "  Shopping\n") {
		t.Errorf("import prints %q", out)
	}
	if out := s.must("export", "tea"); out != "# Tea\n\nGreen.\n" {
		t.Errorf("export prints %q", out)
	}
	if out := s.must("export", "Shop", "-o", "out.txt"); out != "" {
		t.Errorf("export to a file prints %q", out)
	}
	got, err := os.ReadFile(filepath.Join(s.dir, "out.txt"))
	if err != nil || string(got) != "Shopping\nbread\n" {
		t.Errorf("exported file: %q, %v", got, err)
	}
	s.must("append", "tea", "and", "mint")
	s.must("append", "tea", "and lemon")
	if out := s.must("export", "tea"); out != "# Tea\n\nGreen.\nand mint\nand lemon" {
		t.Errorf("after two lines were appended: %q", out)
	}
	id, _, _ := strings.Cut(strings.Split(s.must("list"), "\n")[0], " ")
	s.must("export", id)
}

func TestDocumentWithItsHistory(t *testing.T) {
	s := newShell(t)
	s.win = &fakeWindow{}
	s.file("tea.md", "# Tea\n")
	s.file("out.inkling", "what was there")
	s.must("import", "tea.md")
	s.must("export", "tea", "-o", "out.inkling")
	list := s.must("list")
	if out := s.must("import", "out.inkling"); !strings.HasSuffix(out, "  Tea\n") {
		t.Errorf("import prints %q", out)
	}
	if again := s.must("list"); again != list {
		t.Errorf("the list was %q and is %q", list, again)
	}

	other := newShell(t) // another computer
	other.dir, other.win = s.dir, &fakeWindow{}
	other.must("open", "out.inkling")
	if out := other.must("export", "tea"); out != "# Tea\n" || len(other.win.shown) != 1 {
		t.Errorf("export prints %q, %d documents shown", out, len(other.win.shown))
	}
	b, err := os.ReadFile(filepath.Join(s.dir, "out.inkling"))
	if err != nil {
		t.Fatal(err)
	}
	s.file("cut.inkling", string(b[:len(b)-1]))
	other.fails(ExitError, "cut.inkling is damaged", "import", "cut.inkling")
	s.file("renamed.txt", string(b))
	other.must("import", "renamed.txt")
	other.fails(ExitError, "no such file", "export", "tea", "-o", "nowhere/out.inkling")
}

func TestOneBadFileDoesNotStopTheOthers(t *testing.T) {
	s := newShell(t)
	s.file("good.txt", "Good")
	s.file("bad.txt", "caf\xe9")
	exit, stdout, stderr := s.run("import", "bad.txt", "missing.txt", "good.txt")
	if exit != ExitError || !strings.Contains(stdout, "Good") {
		t.Errorf("exit %d, %q", exit, stdout)
	}
	for _, words := range []string{"bad.txt is not UTF-8 text", "offset 3", "missing.txt"} {
		if !strings.Contains(stderr, words) {
			t.Errorf("stderr %q does not say %q", stderr, words)
		}
	}
	if out := s.must("list"); strings.Count(out, "\n") != 1 {
		t.Errorf("the library lists %q, want one document", out)
	}
}

func TestWrongCommandLines(t *testing.T) {
	s := newShell(t)
	s.fails(ExitUsage, "which command", []string{}...)
	s.fails(ExitUsage, `no command "fly"`, "fly")
	s.fails(ExitUsage, "which document", "export")
	s.fails(ExitUsage, "needs a file name", "export", "tea", "-o")
	s.fails(ExitUsage, "no option --pdf", "export", "--pdf", "tea")
	s.fails(ExitUsage, "which files", "import")
	s.fails(ExitUsage, "to which document", "append", "tea")
	s.fails(ExitUsage, "into which document", "invite")
	s.fails(ExitUsage, "a code or a link", "join")
	s.fails(ExitUsage, "needs an address", "join", "482", "913", "--at")
	s.fails(ExitUsage, "goes with a code", "join", "inkling://join#x", "--at", "192.168.1.20")
	s.fails(ExitError, `no document is called "tea"`, "export", "tea")
	s.fails(ExitError, "no window", "open")
	s.file("x", "text")
	s.must("import", "x")
	s.fails(ExitError, "running Inkling", "invite", "text")
	s.fails(ExitError, "running Inkling", "join", "inkling://join#x")
	s.fails(ExitError, "running Inkling", "join", "482 913")
}

func TestOpenShowsTheLastFile(t *testing.T) {
	s := newShell(t)
	s.win = &fakeWindow{}
	s.must("open")
	if s.win.raised != 1 {
		t.Errorf("raised %d times, want once", s.win.raised)
	}
	s.file("a", "First")
	s.file("b", "Second")
	s.must("open", "a", "b")
	if len(s.win.shown) != 1 {
		t.Fatalf("%d documents were shown, want 1", len(s.win.shown))
	}
	if out := s.must("export", s.win.shown[0].String()); out != "Second" {
		t.Errorf("the window shows %q", out)
	}
}

func TestStatus(t *testing.T) {
	s := newShell(t)
	s.file("tea", "Tea")
	s.must("import", "tea")
	var got Status
	if err := json.Unmarshal([]byte(s.must("status", "--json")), &got); err != nil {
		t.Fatal(err)
	}
	if got.Name != "Ana" || got.Library != s.w.Dir() || len(got.Documents) != 1 || got.Documents[0].Title != "Tea" {
		t.Errorf("%+v", got)
	}
	if out := s.must("status"); !strings.Contains(out, "You are Ana.") {
		t.Errorf("status prints %q", out)
	}
}
