//go:build darwin || freebsd

package storage

import "golang.org/x/sys/unix"

// remoteKind returns what the file system of dir is called if it is on another computer, else "".
func remoteKind(dir string) (string, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return "", err
	}
	if uint64(s.Flags)&unix.MNT_LOCAL != 0 {
		return "", nil
	}
	return fileSystem(&s), nil
}

// fileSystem returns the system's name of a file system: smbfs, nfs, afpfs, webdav.
func fileSystem(s *unix.Statfs_t) string { return unix.ByteSliceToString(s.Fstypename[:]) }

// cloudAttribute finds nothing: iCloud and the others are known by the names of their folders.
func cloudAttribute(string) string { return "" }
