package storage_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inkling/crdt"
	"inkling/storage"
	"inkling/storage/storagetest"
)

// TestShrink: the room of a destroyed document goes back to the disk, and what is left is whole; a little room stays.
func TestShrink(t *testing.T) {
	rng := seeded(t)
	l := storagetest.Open(t)
	kept, great := add(t, l, 1), add(t, l, 2)
	changes := typing(rng, 300, 3)
	mustSave(t, l, kept, changes[:100]...)
	writeLong(t, l, great, 8<<20)
	mustSave(t, l, kept, changes[100:]...) // behind the great one in the file
	before := sizeOnDisk(t, l)
	if n, err := l.Shrink(context.Background()); n != 0 || err != nil {
		t.Errorf("nothing is free: %d bytes given back, %v", n, err)
	}
	for _, err := range []error{l.Delete(great, day), l.Destroy(great, day)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	given, err := l.Shrink(context.Background())
	if err != nil || given < 8<<20 {
		t.Errorf("%d bytes given back, %v", given, err)
	}
	if !equalFrames(frames(t, l, kept), encoded(changes)) {
		t.Error("the other document is not whole")
	}
	l = storagetest.Reopen(t, l)
	if after := sizeOnDisk(t, l); after != before-given || after > 1<<20 {
		t.Errorf("library.db has %d bytes, had %d, and %d were given back", after, before, given)
	}
	if err := checkAll(l); err != nil {
		t.Error(err)
	}
	if !equalFrames(frames(t, l, kept), encoded(changes)) {
		t.Error("opened again, the other document is not whole")
	}
}

// TestShrinkWhileOthersWrite: random writing, compaction and giving back, side by side, change nothing that was written.
func TestShrinkWhileOthersWrite(t *testing.T) {
	defer storage.SmallSteps()()
	w := newTwin(t, seeded(t))
	ana, seq := newHand(1, 1), uint32(0)
	for range 120 {
		c := ana.insert(seq, strings.Repeat("x", 1+w.rng.IntN(600)))
		seq = c.Next
		w.save(c)
		switch w.rng.IntN(10) {
		case 0:
			compact(t, w.l, w.doc)
		case 1:
			if _, err := w.l.Shrink(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.same()
	if n := countIn(t, w.l, `SELECT freelist_count FROM pragma_freelist_count`); n > 100 {
		t.Errorf("%d pages are free", n)
	}
}

// writeLong writes a document of that many bytes.
func writeLong(t *testing.T, l *storage.Library, doc crdt.DocID, bytes int) {
	t.Helper()
	ben := newHand(2, 1)
	var list []*crdt.Change
	seq := uint32(0)
	for range bytes / 8192 {
		c := ben.insert(seq, strings.Repeat(string(rune('a'+rand.IntN(26))), 8192))
		list, seq = append(list, c), c.Next
	}
	mustSave(t, l, doc, list...)
}

// sizeOnDisk empties the -wal file and returns the length of library.db.
func sizeOnDisk(t *testing.T, l *storage.Library) int64 {
	t.Helper()
	if err := storage.EmptyWAL(l); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(l.Dir(), "library.db"))
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
