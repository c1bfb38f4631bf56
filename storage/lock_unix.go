//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package storage

import (
	"fmt"
	"os"
	"syscall"
)

// tryLock takes an exclusive flock on f without waiting. Unlike a POSIX record
// lock it belongs to this open file, so it also keeps out a second Library of the
// same process.
func tryLock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch err {
		case syscall.EINTR:
		case syscall.EWOULDBLOCK:
			return errHeld
		default:
			return err
		}
	}
}

// syncDir makes the names in dir durable.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("storage: sync folder: %w", err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("storage: sync folder %s: %w", dir, err)
	}
	return nil
}
