package storage_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inkling/storage"
	"inkling/storage/storagetest"
)

// What finds no room is saved in that of the reserve at once, without trouble, and the reserve is taken anew.
func TestReserveIsGivenUpForWhatIsTyped(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	ana := newHand(1, 1)
	mustSave(t, l, doc, ana.insert(0, "x"))
	file := filepath.Join(l.Dir(), "reserve")
	checkReserve(t, l, file, true)

	must(t, storage.LimitPages(l, 1))
	mustSave(t, l, doc, ana.insert(1, strings.Repeat("x", 100_000)))
	checkReserve(t, l, file, false)
	if _, err := l.Trouble(); err != nil {
		t.Errorf("trouble, though there was a reserve: %v", err)
	}
	must(t, storage.LimitPages(l, 1))
	large := make([]byte, 200_000)
	if err := l.SetState(doc, "k", large); err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("a write without reserve: %v", err)
	}

	must(t, l.TakeReserve())
	checkReserve(t, l, file, true)
	must(t, storage.LimitPages(l, 1))
	must(t, l.SetState(doc, "k", large)) // other writes are run again
	checkReserve(t, l, file, false)
	if got := frames(t, l, doc); len(got) != 2 {
		t.Errorf("%d changes are there, want 2", len(got))
	}
}

// checkReserve checks that the reserve is there and takes real room, or that it is not there.
func checkReserve(t *testing.T, l *storage.Library, file string, want bool) {
	t.Helper()
	if l.HasReserve() != want || !want && !l.DiskTight() {
		t.Errorf("it has a reserve: %v, the disk is tight: %v; want a reserve: %v", l.HasReserve(), l.DiskTight(), want)
	}
	info, err := os.Stat(file)
	if (err == nil) != want || want && (info.Size() != 4<<20 || roomOf(info) < 4<<20) {
		t.Errorf("the file: %v, %v; want it: %v", info, err, want)
	}
}

// A reserve that lost its room, as by a copy that leaves out zeros, gets it again at the next start.
func TestReserveThatTakesNoRoom(t *testing.T) {
	l := storagetest.Open(t)
	file := filepath.Join(l.Dir(), "reserve")
	must(t, l.Close())
	must(t, os.Truncate(file, 0))
	must(t, os.Truncate(file, 4<<20))
	l = storagetest.OpenDir(t, l.Dir())
	checkReserve(t, l, file, true)
}

// What a library is asked of its disk, it answers after the disk: on a disk that is tight there is no reserve to take.
func TestTightDisk(t *testing.T) {
	dir := t.TempDir()
	free, all, err := storage.DiskRoom(dir)
	must(t, err)
	var tight *storage.RoomError
	if err := storage.CheckTight(dir, free); !errors.As(err, &tight) || tight.Free > all {
		t.Errorf("all that is free is wanted, and still it is not tight: %v", err)
	}
	if err := storage.CheckTight(dir, -all); err != nil {
		t.Errorf("the whole disk would be free: %v", err)
	}
}
