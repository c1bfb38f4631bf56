//go:build unix

package storage_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// checkModes checks that nobody but the owner may look into the library.
func checkModes(t *testing.T, dir string) {
	t.Helper()
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v, %v", info.Mode(), err)
	}
	for _, name := range []string{"library.db", "library.db-wal", "library.db-shm", "lock"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// copyWithCat copies a file that this process has open through SQLite: by another
// process, so that closing it drops no lock here.
func copyWithCat(t testing.TB, from, to string) {
	t.Helper()
	b, err := exec.Command("cat", from).Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// checkPrivate checks that a folder and a file in it are for their owner only.
func checkPrivate(t *testing.T, folder, file string) {
	t.Helper()
	for path, want := range map[string]os.FileMode{folder: 0o700, file: 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
}
