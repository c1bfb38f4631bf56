//go:build !unix

package storage_test

import (
	"os"
	"testing"
)

// checkModes has nothing to check: here files have no mode bits, and what lies in
// the user's folder is the user's.
func checkModes(*testing.T, string) {}

// copyWithCat copies a file that SQLite has open; closing it drops no lock here.
func copyWithCat(t testing.TB, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// checkPrivate has nothing to check, as checkModes.
func checkPrivate(*testing.T, string, string) {}
