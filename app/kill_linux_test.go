package app_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"inkling/app"
	"inkling/crdt"
	"inkling/storage"
)

var kills = flag.Int("kills", 8, "how often TestKilledProgramLosesNothing kills the program")

// asProgram, in the environment, makes a process of this test binary the program itself.
const asProgram = "INKLING_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(app.Main("test", os.Args[1:]))
	}
	if port := os.Getenv(asHolder); port != "" {
		if err := holdPort(port); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// atOnce is how many tests run at a time that have namespaces of their own: they wait for networks more than they compute.
const atOnce = "6"

// killsPerLibrary keeps libraries small: what they hold is checked after each kill.
const killsPerLibrary = 20

// The program is killed while it imports files, by itself or for another process that
// handed them over. Each document whose id it printed is there with all of its text, and
// the library is whole.
func TestKilledProgramLosesNothing(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	h := &importer{t: t, rng: rand.New(rand.NewPCG(seed, 0))}
	for n := range *kills {
		if n%killsPerLibrary == 0 {
			h.moveIn()
		}
		h.importAndKill()
		h.check()
		if t.Failed() {
			t.FailNow()
		}
	}
	t.Logf("kills=%d lost=0, %d documents printed, %d files cut off by the kill", *kills, h.printed, h.cut)
}

// importer is a library with the files imported into it.
type importer struct {
	t        *testing.T
	rng      *rand.Rand
	dir      string
	files    int
	texts    map[string]string // by the id that was printed for it
	possible map[string]bool   // all texts that were handed to the program
	printed  int
	cut      int // of files that were handed over and whose id was not printed
}

func (h *importer) moveIn() {
	h.dir = h.t.TempDir()
	h.texts, h.possible = map[string]string{}, map[string]bool{"": true}
}

// program is the program with args on h's library, in a home of its own.
func (h *importer) program(args ...string) *exec.Cmd {
	binary := os.Getenv("INKLING_BIN")
	if binary == "" {
		binary = "/proc/self/exe"
	}
	cmd := exec.Command(binary, append([]string{"--data", filepath.Join(h.dir, "library")}, args...)...)
	cmd.Env = []string{asProgram + "=1", "HOME=" + h.dir, "XDG_RUNTIME_DIR=" + h.dir, "PATH=" + os.Getenv("PATH")}
	cmd.Dir = h.dir
	return cmd
}

// serving starts `inkling serve`, without a network, and waits until it has the library.
func (h *importer) serving() *exec.Cmd {
	h.t.Helper()
	cmd := h.program("serve")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
	}
	cmd.Stderr = os.Stderr
	lines := h.start(cmd)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "Serving") {
		h.t.Fatalf("inkling serve says %q", lines.Text())
	}
	return cmd
}

func (h *importer) start(cmd *exec.Cmd) *bufio.Scanner {
	h.t.Helper()
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return bufio.NewScanner(out)
}

// newFiles writes text files, short ones and long ones.
func (h *importer) newFiles(n int) (names, texts []string) {
	h.t.Helper()
	for range n {
		h.files++
		text := fmt.Sprintf("file %d\n", h.files) + strings.Repeat("words ", h.rng.IntN([]int{10, 10_000}[h.rng.IntN(2)]))
		name := filepath.Join(h.dir, fmt.Sprintf("%d.txt", h.files))
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			h.t.Fatal(err)
		}
		names, texts = append(names, name), append(texts, text)
		h.possible[text] = true
	}
	return names, texts
}

// importAndKill imports some files and kills whoever owns the library, after some ids
// were printed and some time more.
func (h *importer) importAndKill() {
	h.t.Helper()
	names, texts := h.newFiles(2 + h.rng.IntN(6))
	importing := h.program(append([]string{"import"}, names...)...)
	importing.Stderr = io.Discard // it complains that the other end went
	victim := importing
	if h.rng.IntN(2) == 0 {
		victim = h.serving()
	}
	lines := h.start(importing)
	n := 0
	read := func() bool {
		if !lines.Scan() {
			return false
		}
		id, _, _ := strings.Cut(lines.Text(), " ")
		h.texts[id] = texts[n]
		n++
		return true
	}
	for range h.rng.IntN(len(names)) {
		if !read() {
			h.t.Fatalf("import ended by itself after %d of %d files", n, len(names))
		}
	}
	time.Sleep(time.Duration(h.rng.IntN(20_000)) * time.Microsecond) // the moment is the test's random input
	if err := victim.Process.Kill(); err != nil {
		h.t.Fatal(err)
	}
	for read() { // what was printed before the kill counts as well
	}
	importing.Wait()
	victim.Wait() // killed: an error, always
	h.printed += n
	h.cut += len(names) - n
}

// check compares the library with all that was ever printed.
func (h *importer) check() {
	h.t.Helper()
	l, err := storage.Open(filepath.Join(h.dir, "library"))
	if err != nil {
		h.t.Fatal(err)
	}
	defer l.Close()
	if r, err := l.Check(context.Background()); err != nil || !r.Intact() {
		h.t.Fatalf("check: %v\n%v", err, r)
	}
	documents, err := l.Documents()
	if err != nil {
		h.t.Fatal(err)
	}
	there := map[string]string{}
	for _, d := range documents {
		there[d.ID.String()[:12]] = h.text(l, d)
	}
	for id, want := range h.texts {
		if got, ok := there[id]; !ok || got != want {
			h.t.Errorf("document %s was printed and has %d bytes instead of %d", id, len(got), len(want))
		}
	}
	for id, got := range there {
		if !h.possible[got] {
			h.t.Errorf("document %s has %d bytes, and is none of the files", id, len(got))
		}
	}
}

func (h *importer) text(l *storage.Library, d storage.Document) string {
	h.t.Helper()
	doc := crdt.New(d.Genesis)
	for c, err := range l.Changes(d.ID) {
		if err == nil {
			_, err = doc.Load(c)
		}
		if err != nil {
			h.t.Fatal(err)
		}
	}
	return doc.Text()
}
