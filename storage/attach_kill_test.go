package storage_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"inkling/storage"
)

func init() { childTasks["attach"] = attachForEver }

// nthFile returns the n-th file that attachForEver attaches: some hundred KB, every fifth equal to one before.
func nthFile(n int) (name string, content []byte) {
	rng := rand.New(rand.NewPCG(uint64(n/5*5+n%5%4), 9))
	return fmt.Sprintf("file %d", n), noise(rng, rng.IntN(3*storage.PartBytes))
}

// attachForEver goes on attaching files to a document, and prints how many are; every third one before is taken off again.
func attachForEver(dir string) error {
	l, err := storage.Open(dir)
	if err != nil {
		return err
	}
	doc := genesis(1).DocID()
	if err := l.Add(genesis(1), day); err != nil {
		return err
	}
	if err := l.SweepDestroyed(); err != nil {
		return err
	}
	list, err := l.Attachments(doc)
	if err != nil {
		return err
	}
	for n := len(list); ; n++ {
		name, content := nthFile(n)
		a, err := l.Attach(context.Background(), doc, name, -1, bytes.NewReader(content), day)
		if err != nil {
			return err
		}
		fmt.Println(n + 1)
		if n%3 == 0 {
			if err := l.Detach(doc, name, a.Hash, day); err != nil {
				return err
			}
		}
	}
}

// A program is killed at random moments while it attaches files, again and again, in the same library. Every file that
// was said to be attached is there, byte for byte, and no other; what was cut goes with the next sweep.
func TestKilledWhileAttaching(t *testing.T) {
	rng := seeded(t)
	dir, acknowledged := t.TempDir(), 0
	for range max(*kills/2, 1) {
		c := start(t, "attach", dir)
		read := func() bool {
			line := c.line()
			if n, err := strconv.Atoi(line); err == nil {
				acknowledged = max(acknowledged, n)
			} else if line != "" {
				t.Fatalf("the program printed %q", line)
			}
			return line != ""
		}
		for range rng.IntN(6) {
			if !read() {
				t.Fatalf("the program ended by itself: %v", c.Wait())
			}
		}
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for read() {
		}
		c.Wait() // killed: an error, always
		checkAttached(t, dir, acknowledged)
		if acknowledged > 80 { // all of them are read after each kill
			dir, acknowledged = t.TempDir(), 0
		}
	}
	t.Logf("%d files acknowledged at last", acknowledged)
}

// checkAttached checks the library against what is known to have been attached.
func checkAttached(t *testing.T, dir string, acknowledged int) {
	t.Helper()
	l, err := storage.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if r, err := l.Check(context.Background()); err != nil || !r.Intact() {
		t.Fatalf("check: %v\n%v", err, r)
	}
	list, err := l.Attachments(genesis(1).DocID())
	if err != nil || len(list) < acknowledged || len(list) > acknowledged+1 {
		t.Fatalf("%d files are held of %d acknowledged, %v", len(list), acknowledged, err)
	}
	by := map[string]storage.Attached{}
	lengths := map[storage.FileHash]int{}
	for _, a := range list {
		by[a.Name] = a
		lengths[a.Hash] = int(a.Length)
	}
	for n := range list {
		name, want := nthFile(n)
		got, err := contentOf(l, by[name].Hash)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%s: %d bytes, want %d (%v)", name, len(got), len(want), err)
		}
	}
	if err := l.SweepDestroyed(); err != nil {
		t.Fatal(err)
	}
	var sizes []int
	for _, n := range lengths {
		sizes = append(sizes, n)
	}
	checkParts(t, l, sizes...)
}
