package storage

import "fmt"

// A copy of the library is only made where the disk then still has spareBytes free, or, on a small disk, the part
// 1/spareShare of it: what a person writes comes first.
var ( // for tests
	spareBytes int64 = 512 << 20
	spareShare int64 = 20
)

// A RoomError says that a disk is too full for a copy of the library, or for a file to be attached.
type RoomError struct {
	Dir        string
	Free, Want int64  // bytes
	File       string // name of the file to be attached; "": a copy of the library was to be made
}

func (e *RoomError) Error() string {
	if e.File != "" {
		return fmt.Sprintf("the disk with %q has %d MB free, and to attach %q takes %d MB with what is kept for your writing, so it was not attached; make room on the disk, or attach a smaller file",
			e.Dir, e.Free>>20, e.File, (e.Want+1<<20-1)>>20)
	}
	return fmt.Sprintf("the disk with %q has %d MB free, and a copy of the library needs %d MB, so none was made; make room on the disk, or name a folder on another one",
		e.Dir, e.Free>>20, (e.Want+1<<20-1)>>20)
}

// checkRoom says whether the disk of dir has room for n more bytes and some to spare: nil, or a [*RoomError].
func checkRoom(dir string, n int64) error {
	free, all, err := diskRoom(dir)
	if err != nil {
		return fmt.Errorf("ask for the room on the disk with %q: %w", dir, err)
	}
	if want := n + min(spareBytes, all/spareShare); free < want {
		return &RoomError{Dir: dir, Free: free, Want: want}
	}
	return nil
}
