package storage

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// sumsFile lists the files of a copy with their SHA-256, as sha256sum prints it. It
// is written last: a copy without it is not complete.
const sumsFile = "SHA256SUMS"

// copyPrefix begins the names of folders with copies.
const copyPrefix = "damaged-"

// copyAside copies the files of the damaged library in dir to a new folder
// damaged-YYYYMMDD-HHMMSS in it and returns that folder. When an earlier copy holds
// the same, that one is returned. No connection may be open.
func copyAside(dir string) (string, error) {
	sums, err := sumsOf(dir)
	if err != nil {
		return "", fmt.Errorf("storage: read damaged library: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", fmt.Errorf("storage: look for copies: %w", err)
	}
	for _, entry := range entries {
		if copied := filepath.Join(dir, entry.Name()); strings.HasPrefix(entry.Name(), copyPrefix) && holds(copied, sums) {
			return copied, nil
		}
	}
	target, err := newFolder(filepath.Join(dir, copyPrefix+time.Now().Format("20060102-150405")))
	if err != nil {
		return "", fmt.Errorf("storage: copy damaged library: %w", err)
	}
	if err := copyFiles(dir, target, sums); err != nil {
		return "", fmt.Errorf("storage: copy damaged library: %w", err)
	}
	return target, nil
}

// holds says whether the copy in folder is complete and has these sums.
func holds(folder, sums string) bool {
	text, err := os.ReadFile(filepath.Join(folder, sumsFile))
	return err == nil && string(text) == sums
}

// sumsOf returns the text of sumsFile for the library in dir. The -shm file is not
// in it: it holds nothing lasting and any reader may alter it.
func sumsOf(dir string) (string, error) {
	var b strings.Builder
	for _, suffix := range []string{"", walSuffix} {
		f, err := os.Open(filepath.Join(dir, databaseFile+suffix))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		h := sha256.New()
		size, err := io.Copy(h, f)
		f.Close()
		if err != nil {
			return "", err
		}
		if size > 0 || suffix == "" { // an empty -wal file is as good as none
			fmt.Fprintf(&b, "%x  %s\n", h.Sum(nil), databaseFile+suffix)
		}
	}
	return b.String(), nil
}

// newFolder makes a folder that was not there, named path or path-2, path-3, ….
func newFolder(path string) (string, error) {
	name := path
	for n := 2; ; n++ {
		err := os.Mkdir(name, 0o700)
		if !errors.Is(err, fs.ErrExist) {
			return name, err
		}
		name = fmt.Sprintf("%s-%d", path, n)
	}
}

func copyFiles(dir, target, sums string) error {
	for _, suffix := range []string{"", walSuffix, shmSuffix} {
		name := databaseFile + suffix
		if err := copyFile(filepath.Join(dir, name), filepath.Join(target, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	have, err := sumsOf(target)
	if err != nil {
		return err
	}
	if have != sums {
		return fmt.Errorf("the copy in %s is not equal to the original", target)
	}
	if err := os.WriteFile(filepath.Join(target, sumsFile), []byte(sums), 0o600); err != nil {
		return err
	}
	return errors.Join(syncDir(target), syncDir(dir))
}

// copyFile copies from to a new file to, and makes it durable.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
