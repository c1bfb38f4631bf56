package storage_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"testing"

	"inkling/crdt"
	"inkling/storage"
	"inkling/storage/storagetest"
)

var kills = flag.Int("kills", 20, "how often TestKilledWriterLosesNothing kills the writer")

// A writer is killed at random moments, again and again, on the same library. Every
// change that was acknowledged is there, the file is whole, and the text is exactly
// what was typed: no gap, nothing twice.
func TestKilledWriterLosesNothing(t *testing.T) {
	rng := seeded(t)
	total := 0
	for n := 0; n < *kills; n += killsPerLibrary {
		dir, acknowledged := t.TempDir(), 0
		for range min(killsPerLibrary, *kills-n) {
			acknowledged = max(acknowledged, killOne(t, rng, dir))
			checkTyped(t, dir, acknowledged)
		}
		total += acknowledged
	}
	t.Logf("kills=%d lost=0, %d letters acknowledged", *kills, total)
}

// killsPerLibrary keeps libraries small: all of them is checked after each kill.
const killsPerLibrary = 50

// killOne starts a writer, kills it after a random number of acknowledgements (at
// times none: while it opens the library), and returns how much it acknowledged.
func killOne(t *testing.T, rng *rand.Rand, dir string) (acknowledged int) {
	t.Helper()
	c := start(t, "write", dir)
	read := func() bool {
		line := c.line()
		n, err := strconv.Atoi(line)
		if line != "" && err != nil {
			t.Fatalf("writer printed %q", line)
		}
		acknowledged = max(acknowledged, n)
		return line != ""
	}
	for range rng.IntN(120) {
		if !read() {
			t.Fatalf("writer ended by itself: %v", c.Wait())
		}
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for read() { // what it printed before it was killed counts as well
	}
	c.Wait() // killed: an error, always
	return acknowledged
}

// checkTyped checks the whole library against what is known to have been typed.
func checkTyped(t *testing.T, dir string, acknowledged int) {
	t.Helper()
	l, err := storage.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if r, err := l.Check(context.Background()); err != nil || !r.Intact() {
		t.Fatalf("check: %v\n%v", err, r)
	}
	doc, err := rebuild(l, genesis(1).DocID())
	if errors.Is(err, storage.ErrNotFound) && acknowledged == 0 {
		return // killed before the document was added
	}
	if err != nil {
		t.Fatal(err)
	}
	text := doc.Text()
	if len(text) < acknowledged {
		t.Fatalf("%d letters are left of %d acknowledged", len(text), acknowledged)
	}
	for i := range len(text) {
		if text[i:i+1] != letter(i) {
			t.Fatalf("letter %d is %q, want %q", i, text[i], letter(i))
		}
	}
}

func TestOneProcessOwnsALibrary(t *testing.T) {
	dir := t.TempDir()
	for _, end := range []func(*child) error{
		func(c *child) error { return errors.Join(c.stdin.Close(), c.Wait()) },
		func(c *child) error { err := c.Process.Kill(); c.Wait(); return err },
	} {
		owner := start(t, "own", dir)
		if line := owner.line(); line != "open" {
			t.Fatalf("owner says %q", line)
		}
		var locked *storage.LockedError
		if _, err := storage.Open(dir); !errors.As(err, &locked) || locked.Dir != dir {
			t.Errorf("second opening: %v, want a LockedError", err)
		}
		looking, err := storage.OpenReadOnly(dir)
		if err != nil {
			t.Fatalf("looking at a library in use: %v", err)
		}
		looking.Close()
		if err := end(owner); err != nil {
			t.Fatal(err)
		}
		l, err := storage.Open(dir)
		if err != nil {
			t.Fatalf("after the owner ended: %v", err)
		}
		if _, err := storage.Open(dir); !errors.As(err, &locked) {
			t.Errorf("second opening in one process: %v, want a LockedError", err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func init() { childTasks["hold"] = holdWriteLock }

// holdWriteLock keeps writing until its standard input ends.
func holdWriteLock(dir string) error {
	return storage.HoldWriteLock(dir, func() {
		fmt.Println("held")
		io.Copy(io.Discard, os.Stdin)
	})
}

// A foreign program that writes to the library's file keeps changes waiting, and is told
// as trouble; when it ends, all is committed.
func TestForeignWriterIsWaitedFor(t *testing.T) {
	defer storage.SetPragma("busy_timeout", "50")()
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	foreign := start(t, "hold", l.Dir())
	if line := foreign.line(); line != "held" {
		t.Fatalf("the foreign program says %q", line)
	}
	changes := typing(seeded(t), 20, 2)
	told := make(chan error, len(changes))
	for _, c := range changes {
		l.Append(doc, []*crdt.Change{c}, "title", day, func(err error) { told <- err })
	}
	for _, err := l.Trouble(); err == nil; _, err = l.Trouble() {
		runtime.Gosched()
	}
	if len(told) > 0 {
		t.Errorf("told %v while another program writes", <-told)
	}
	if err := errors.Join(foreign.stdin.Close(), foreign.Wait()); err != nil {
		t.Fatal(err)
	}
	for range changes {
		if err := <-told; err != nil {
			t.Fatal(err)
		}
	}
	if got := frames(t, l, doc); !equalFrames(got, encoded(changes)) {
		t.Errorf("%d changes, not those that were appended", len(got))
	}
}
