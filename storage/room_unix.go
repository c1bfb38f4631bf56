//go:build !windows

package storage

import "golang.org/x/sys/unix"

// diskRoom returns how many bytes the disk of dir has free for this person, and how many in all.
func diskRoom(dir string) (free, all int64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), int64(s.Blocks) * int64(s.Bsize), nil
}
