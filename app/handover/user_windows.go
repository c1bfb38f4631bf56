package handover

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// runtimeVariable names the environment variable that moves the socket.
const runtimeVariable = "LocalAppData"

// runtimeFolder returns the folder of the sockets, in the user's local
// application data: Windows gives only the user, the administrators and the
// system access to what is in there.
func runtimeFolder() string {
	folder, err := os.UserCacheDir() // %LocalAppData%
	if err != nil {
		folder = os.TempDir() // lies in there too
	}
	return filepath.Join(folder, "Inkling", "run")
}

func makePrivate(folder string) error { return os.MkdirAll(folder, 0o700) }

// private is what the access list that the folder inherits already says.
func private(fs.FileInfo) bool { return true }

// sameUser has nothing to ask: Windows does not tell the user at the other end
// of a Unix socket. The access list of the folder has let him through.
func sameUser(*net.UnixConn) error { return nil }

// refusedByNobody says whether err is the answer of a socket that no process has.
func refusedByNobody(err error) bool {
	return errors.Is(err, windows.WSAECONNREFUSED) || errors.Is(err, fs.ErrNotExist)
}
