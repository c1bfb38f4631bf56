//go:build unix

package handover

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
)

// runtimeVariable names the environment variable that moves the socket.
const runtimeVariable = "XDG_RUNTIME_DIR or TMPDIR"

// runtimeFolder returns the folder of the sockets. A runtime folder of another
// user is not used: sudo may leave the variable as it was.
func runtimeFolder() string {
	folder := os.Getenv("XDG_RUNTIME_DIR")
	if info, err := os.Lstat(folder); err == nil && filepath.IsAbs(folder) && info.IsDir() && own(info) {
		return filepath.Join(folder, "inkling")
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("inkling-%d", os.Getuid()))
}

func makePrivate(folder string) error { return os.Mkdir(folder, 0o700) }

// own says whether the file belongs to this user.
func own(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Getuid()
}

// private says whether the folder belongs to this user and nobody else may
// look into it.
func private(info fs.FileInfo) bool { return own(info) && info.Mode().Perm()&0o077 == 0 }

// thisUser is the user that both ends must be; tests are another one.
var thisUser = os.Getuid

// sameUser returns an error unless the process at the other end of conn runs as
// this user.
func sameUser(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return fmt.Errorf("handover: ask who is at the other end: %w", err)
	}
	var uid int
	var failed error
	if err := raw.Control(func(fd uintptr) { uid, failed = peerUser(int(fd)) }); err != nil {
		return fmt.Errorf("handover: ask who is at the other end: %w", err)
	}
	if failed != nil {
		return fmt.Errorf("handover: ask who is at the other end: %w", failed)
	}
	if uid != thisUser() {
		return fmt.Errorf("handover: the other end belongs to user %d, not to you (%d)", uid, thisUser())
	}
	return nil
}

// refusedByNobody says whether err is the answer of a socket that no process has.
func refusedByNobody(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT)
}
