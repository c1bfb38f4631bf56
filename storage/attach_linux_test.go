package storage_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"inkling/storage"
)

// A file that does not fit on the disk is refused at once where its length is known, and else as soon as the room gets
// tight: then what came in is removed, its room is used again, the reserve is still there, and typing goes on.
func TestAttachOnASmallDisk(t *testing.T) {
	needsRoot(t)
	root := t.TempDir()
	command(t, "mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", root)
	t.Cleanup(func() { command(t, "umount", root) })
	l, err := storage.Open(filepath.Join(root, "library"))
	must(t, err)
	doc := add(t, l, 1)
	ana := newHand(1, 1)
	mustSave(t, l, doc, ana.insert(0, "before"))
	film := func(n int64) io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{1}), n) }
	var full *storage.RoomError
	if _, err := l.Attach(context.Background(), doc, "film", 60<<20, film(0), day); !errors.As(err, &full) {
		t.Errorf("a film of which the length is known: %v", err)
	}
	for range 2 {
		if _, err := l.Attach(context.Background(), doc, "film", -1, film(60<<20), day); !errors.As(err, &full) {
			t.Errorf("a film of which it is not: %v", err)
		}
		checkHeld(t, l, doc, nil)
		checkParts(t, l)
	}
	t.Log(full)
	mustSave(t, l, doc, ana.insert(6, "after"))
	if !l.HasReserve() {
		t.Error("the reserve is gone")
	}
	must(t, errors.Join(checkAll(l), l.Close()))
}
