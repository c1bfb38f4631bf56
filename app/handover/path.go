package handover

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// maxPath is the longest path of a socket in bytes: macOS has room for 104 with
// the zero at the end, Linux and Windows for 108.
const maxPath = 103

// SocketPath returns the path of the socket for the library folder dir. Every
// way to write the path of one folder, also through symbolic links, gives the
// same. The socket is in the user's runtime folder: $XDG_RUNTIME_DIR/inkling if
// that is a folder of the user, else inkling-UID in the folder for temporary
// files; on Windows in Inkling\run in the user's local application data.
func SocketPath(dir string) string {
	hash := sha256.Sum256([]byte(resolve(dir)))
	return filepath.Join(runtimeFolder(), hex.EncodeToString(hash[:8])+".sock")
}

// resolve returns dir as an absolute path without symbolic links. What does not
// exist yet is added to what does.
func resolve(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real
	}
	parent := filepath.Dir(dir)
	if parent == dir {
		return dir
	}
	return filepath.Join(resolve(parent), filepath.Base(dir))
}

// checkPath says what is wrong with path as the path of a socket.
func checkPath(path string) error {
	if len(path) > maxPath {
		return fmt.Errorf("handover: the socket's path %s has %d bytes and may have %d: use a shorter runtime folder (%s)",
			path, len(path), maxPath, runtimeVariable)
	}
	return nil
}

// makeFolder makes the folder of path, if it is not there, and checks it.
func makeFolder(path string) error {
	folder := filepath.Dir(path)
	if err := makePrivate(folder); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("handover: make folder %s: %w", folder, err)
	}
	return checkFolder(folder)
}

// checkFolder returns an error unless folder is a folder that only this user
// can enter.
func checkFolder(folder string) error {
	info, err := os.Lstat(folder)
	if err != nil {
		return fmt.Errorf("handover: look at folder %s: %w", folder, err)
	}
	if !info.IsDir() || !private(info) {
		return fmt.Errorf("handover: %s is not a folder that belongs to you alone: remove it and try again", folder)
	}
	return nil
}
