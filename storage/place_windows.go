package storage

import "golang.org/x/sys/windows"

// cloudAttributes are given to files and folders by programs that keep them elsewhere and fetch them when they are
// read (winnt.h): OneDrive, iCloud, Dropbox, Google Drive.
const cloudAttributes = windows.FILE_ATTRIBUTE_RECALL_ON_OPEN | windows.FILE_ATTRIBUTE_RECALL_ON_DATA_ACCESS |
	0x00080000 | 0x00100000 // FILE_ATTRIBUTE_PINNED, FILE_ATTRIBUTE_UNPINNED

// remoteKind returns what the file system of dir is called if it is on another computer, else "".
func remoteKind(dir string) (string, error) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return "", err
	}
	root := make([]uint16, len(dir)+windows.MAX_PATH)
	if err := windows.GetVolumePathName(name, &root[0], uint32(len(root))); err != nil {
		return "", err
	}
	if windows.GetDriveType(&root[0]) == windows.DRIVE_REMOTE {
		return "network drive", nil
	}
	return "", nil
}

// cloudAttribute returns who keeps a folder elsewhere, if its attributes say that somebody does.
func cloudAttribute(folder string) string {
	name, err := windows.UTF16PtrFromString(folder)
	if err != nil {
		return ""
	}
	attributes, err := windows.GetFileAttributes(name)
	if err != nil || attributes&cloudAttributes == 0 { // what is not there has no attributes
		return ""
	}
	return "a cloud program (OneDrive or another)"
}
