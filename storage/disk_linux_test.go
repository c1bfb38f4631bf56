package storage_test

import (
	"errors"
	"fmt"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"inkling/crdt"
	"inkling/storage"
	"inkling/storage/storagetest"
)

func init() { childTasks["fill"] = fillTheDisk }

// The kernel itself refuses to let files grow, in another process, and gives way
// later: nothing is lost, and trouble is told meanwhile.
func TestDiskThatRefusesAndGivesWay(t *testing.T) {
	dir := t.TempDir()
	c := start(t, "fill", dir)
	for _, want := range []string{"trouble", "saved", "closed"} {
		if line := c.line(); line != want {
			t.Fatalf("child says %q, want %q", line, want)
		}
	}
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	l := storagetest.OpenDir(t, dir)
	if got := frames(t, l, genesis(1).DocID()); !equalFrames(got, encoded(largeChanges())) {
		t.Errorf("%d changes, not those that were appended", len(got))
	}
}

// largeChanges are more than the -wal file of fillTheDisk may hold.
func largeChanges() []*crdt.Change {
	const size = 500_000
	ana := newHand(1, 1)
	var list []*crdt.Change
	for i := range 8 {
		list = append(list, ana.insert(uint32(i*size), strings.Repeat("x", size)))
	}
	return list
}

func fillTheDisk(dir string) error {
	l, err := storage.Open(dir)
	if err != nil {
		return err
	}
	if err := l.Add(genesis(1), day); err != nil {
		return err
	}
	signal.Ignore(syscall.SIGXFSZ) // the write fails with EFBIG instead
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	small := limit
	small.Cur = 1 << 20
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		return err
	}
	told := make(chan error, 8)
	for _, c := range largeChanges() {
		l.Append(genesis(1).DocID(), []*crdt.Change{c}, "title", day, func(err error) { told <- err })
	}
	if err := waitForTrouble(l); err != nil {
		return err
	}
	fmt.Println("trouble")
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	for range 8 {
		if err := <-told; err != nil {
			return err
		}
	}
	if _, err := l.Trouble(); err != nil {
		return fmt.Errorf("trouble after all was saved: %w", err)
	}
	fmt.Println("saved")
	if err := l.Close(); err != nil {
		return err
	}
	fmt.Println("closed")
	return nil
}

// waitForTrouble returns when l has met an error of the disk; another kind of error
// is returned.
func waitForTrouble(l *storage.Library) error {
	for {
		switch _, err := l.Trouble(); {
		case err == nil:
			runtime.Gosched()
		case !errors.Is(err, storage.ErrFull) && strings.Contains(err.Error(), "disk I/O error"):
			return nil
		default:
			return err
		}
	}
}
