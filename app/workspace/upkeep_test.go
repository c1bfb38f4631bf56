package workspace

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"inkling/storage"
)

// TestFirstBackup: the first backup of a start comes an hour after the newest, but never in the first minute, and soon
// where the clock says that the newest is still to come.
func TestFirstBackup(t *testing.T) {
	w := openTest(t, t.TempDir())
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	folder := filepath.Join(w.Dir(), "backups")
	if got := w.firstBackup(now).Sub(now); got != backupAfterStart {
		t.Errorf("without any: in %v", got)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for age, want := range map[time.Duration]time.Duration{
		10 * time.Minute:      50 * time.Minute,
		59*time.Minute + 30e9: backupAfterStart,
		40 * time.Hour:        backupAfterStart,
		-40 * time.Hour:       backupAfterStart,
	} {
		path := filepath.Join(folder, now.Add(-age).Format("20060102T150405Z")+".db")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := w.firstBackup(now).Sub(now); got != want {
			t.Errorf("the newest is %v old: in %v, want %v", age, got, want)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBackUpByItself(t *testing.T) {
	w := openTest(t, t.TempDir())
	if _, err := w.Import("file", []byte("text")); err != nil {
		t.Fatal(err)
	}
	if next := w.backUp(); next != backupEvery {
		t.Errorf("a backup, and again in %v", next)
	}
	if next := w.backUp(); next != backupRetry {
		t.Errorf("nothing new, and again in %v", next)
	}
	if list, err := w.Backups(); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
	dir := w.Dir()
	closeTest(t, w)
	w = openTest(t, dir)
	if next := w.backUp(); next != backupRetry {
		t.Errorf("nothing new after a restart, and again in %v", next)
	}
}

// TestBinIsEmptied: the 30th running day after a deletion destroys a document, and not before; a window that shows it
// puts that off.
func TestBinIsEmptied(t *testing.T) {
	w := openTest(t, t.TempDir())
	id, err := w.Import("file", []byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, w, id)
	if err := w.Delete(id); err != nil {
		t.Fatal(err)
	}
	if err := w.Destroy(id); !errors.Is(err, errInUse) {
		t.Errorf("destroyed while it is open: %v", err)
	}
	s.Close()
	now := w.now()
	w.emptyBin() // counts today
	for i := range storage.BinDays {
		if bin, err := w.Bin(); len(bin) != 1 || err != nil || bin[0].Left > storage.BinDays {
			t.Fatalf("after %d more days: %v, %v", i, bin, err)
		}
		if _, err := w.lib.CountDay(now.AddDate(0, 0, i+1)); err != nil {
			t.Fatal(err)
		}
		if i < storage.BinDays-2 { // the day of the deletion may have been counted after it
			w.emptyBin()
		}
	}
	w.emptyBin()
	if bin, err := w.Bin(); len(bin) != 0 || err != nil {
		t.Errorf("%v, %v", bin, err)
	}
	if _, err := w.lib.Document(id); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("%v", err)
	}
}
