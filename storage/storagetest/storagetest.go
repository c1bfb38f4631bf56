// Package storagetest opens libraries for tests and looks, when the test ends,
// whether they are whole.
//
//	library := storagetest.Open(t)            // in t.TempDir
//	library = storagetest.Reopen(t, library)  // as after a restart
//
// It holds no fake: a library in a test is a library on disk. It does not damage
// libraries; the tests of package storage do that.
package storagetest

import (
	"context"
	"testing"

	"inkling/storage"
)

// Open opens a new library in a folder of its own. When the test ends it is checked
// and closed, unless the test closed it.
func Open(t testing.TB) *storage.Library {
	t.Helper()
	return OpenDir(t, t.TempDir())
}

// OpenDir is [Open] for the library in dir.
func OpenDir(t testing.TB, dir string) *storage.Library {
	t.Helper()
	l, err := storage.Open(dir)
	if err != nil {
		t.Fatalf("open library: %v", err)
	}
	t.Cleanup(func() { finish(t, l) })
	return l
}

// Reopen closes l and opens its folder again.
func Reopen(t testing.TB, l *storage.Library) *storage.Library {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatalf("close library: %v", err)
	}
	return OpenDir(t, l.Dir())
}

// finish closes l, so that all that was queued is in it, and checks what is on disk.
func finish(t testing.TB, l *storage.Library) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Errorf("close library: %v", err)
	}
	written, err := storage.OpenReadOnly(l.Dir())
	if err != nil {
		t.Errorf("look at the library after the test: %v", err)
		return
	}
	defer written.Close()
	report, err := written.Check(context.Background())
	if err != nil {
		t.Errorf("check library: %v", err)
	} else if !report.Intact() {
		t.Errorf("the library is not whole after the test:\n%s", report)
	}
}
