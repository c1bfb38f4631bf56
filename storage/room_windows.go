package storage

import "golang.org/x/sys/windows"

// diskRoom returns how many bytes the disk of dir has free for this person, and how many in all.
func diskRoom(dir string) (free, all int64, err error) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, 0, err
	}
	var forUser, total, inAll uint64
	if err := windows.GetDiskFreeSpaceEx(name, &forUser, &total, &inAll); err != nil {
		return 0, 0, err
	}
	return int64(forUser), int64(total), nil
}
