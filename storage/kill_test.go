package storage_test

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"strconv"
	"testing"

	"inkling/storage"
	"inkling/storage/storagetest"
)

var kills = flag.Int("kills", 20, "how often TestKilledWriterLosesNothing kills the writer")

// A writer is killed at random moments, again and again, on one library. Every
// change that was acknowledged is there, the file is whole, and the text is exactly
// what was typed: no gap, nothing twice.
func TestKilledWriterLosesNothing(t *testing.T) {
	rng := seeded(t)
	dir := t.TempDir()
	acknowledged := 0
	for range *kills {
		acknowledged = max(acknowledged, killOne(t, rng, dir))
		checkTyped(t, dir, acknowledged)
	}
	l := storagetest.OpenDir(t, dir)
	b, ok, err := l.Block(genesis(1).DocID())
	if err != nil || !ok && acknowledged > 500 {
		t.Errorf("a block: %v, %v", ok, err)
	}
	t.Logf("%d kills, %d letters acknowledged; the last block has %d bytes", *kills, acknowledged, len(b.Bytes))
}

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
