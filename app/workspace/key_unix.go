//go:build !windows

package workspace

import (
	"errors"
	"io/fs"
	"os"
)

// keyExposed says whether others than the owner may read the file.
func keyExposed(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
