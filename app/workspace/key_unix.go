//go:build !windows

package workspace

import "io/fs"

// keyExposed says whether others than the owner may read the file.
func keyExposed(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }
