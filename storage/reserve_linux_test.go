package storage_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"inkling/crdt"
	"inkling/storage"
)

// Something else fills the disk. What is typed then is saved in the room of the reserve until that is full, too, and waits
// from there on. When there is room, what waited is saved and the reserve taken anew. Opened on a full disk, the library
// takes what it needs from its reserve, and all is there.
func TestFullDiskWithReserve(t *testing.T) {
	needsRoot(t)
	root := t.TempDir()
	command(t, "mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", root)
	t.Cleanup(func() { command(t, "umount", root) })
	dir, film := filepath.Join(root, "library"), filepath.Join(root, "film")
	l, err := storage.Open(dir)
	must(t, err)
	doc := add(t, l, 1)
	if !l.HasReserve() || l.DiskTight() {
		t.Fatalf("on an empty disk: reserve %v, tight %v", l.HasReserve(), l.DiskTight())
	}
	fill(t, film)
	if !l.DiskTight() {
		t.Error("a full disk is not tight")
	}

	const size = 20_000
	ana := newHand(1, 1)
	saved := 0
	typed := func() chan error {
		told := make(chan error, 1)
		c := ana.insert(uint32(saved*size), strings.Repeat("x", size))
		l.Append(doc, []*crdt.Change{c}, "title", day, func(err error) { told <- err })
		return told
	}
	waiting := typed()
	for refused := false; !refused; {
		select {
		case err := <-waiting:
			must(t, err)
			saved++
			waiting = typed()
		case <-time.After(10 * time.Millisecond):
			_, err := l.Trouble()
			refused = err != nil
		}
	}
	t.Logf("%d changes of %d bytes found room on a full disk", saved, size)
	if _, err := l.Trouble(); saved*size < 1<<20 || l.HasReserve() || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("%d saved, reserve %v, trouble %v", saved, l.HasReserve(), err)
	}
	var room *storage.RoomError
	if err := l.TakeReserve(); !errors.As(err, &room) {
		t.Errorf("a reserve on a full disk: %v", err)
	}

	must(t, os.Remove(film))
	must(t, <-waiting)
	must(t, l.TakeReserve())
	if _, err := l.Trouble(); err != nil || !l.HasReserve() || l.DiskTight() {
		t.Errorf("with room again: trouble %v, reserve %v, tight %v", err, l.HasReserve(), l.DiskTight())
	}
	must(t, errors.Join(checkAll(l), l.Close()))

	fill(t, film)
	l, err = storage.Open(dir)
	must(t, err)
	if got := frames(t, l, doc); len(got) != saved+1 {
		t.Errorf("%d changes are there, want %d", len(got), saved+1)
	}
	saved++
	must(t, <-typed())
	must(t, errors.Join(checkAll(l), l.Close()))
}

// fill writes a file until its disk has no room at all.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	must(t, err)
	defer f.Close()
	for block := make([]byte, 64<<10); err == nil; {
		if _, err = f.Write(block); errors.Is(err, unix.ENOSPC) && len(block) > 1 {
			block, err = block[:len(block)/2], nil
		}
	}
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
}
