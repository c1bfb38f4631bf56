package workspace

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"inkling/storage"
)

// How a library is noticed that is not the one that was here last: a backup was put back, or a copy, while the
// others have newer edits of this device. Writing on in it under the old ReplicaIDs would fork their chains.
//
// The library has a token, drawn anew soon after it was written to (renewDelay), and at the end. The same token
// lies in a file beside the device key, outside of the library. At the start the two are
// compared. Where the library has another token than the file, its replicas end: each document's next edit is that
// of a new one. That costs some bytes and nothing else, so it is also done where it might not be necessary:
//
//   - The file gets the new token first, with the old one beside it; then the library; then the old one goes from
//     the file. After a crash between the first two the library still has the old one: its replicas end.
//   - With any other token the library is surely an older one. Its open invites are void, too, for they may have
//     been used since, and the person is told.
//
// A copy has the token of what is written after it until the next is drawn. Where the program is killed within that
// time and the copy put back before the next start, nothing is noticed. Nor is it when the computer was set back as a
// whole, with the file. Then the replica goes on, gets its own newer edits back from the others, or forks (fork.go).

// tokenSuffix is behind the name of the device key's file, in place of its own.
const tokenSuffix = ".token"

// lineage is what the file says: which token the library has, and, while that is being renewed, which it had before.
// Each is a line of 32 hexadecimal digits; zeros stand for none.
type lineage struct{ now, before storage.Token }

// tokenPath returns the path of the file for the library in dir.
func tokenPath(dir string) (string, error) {
	key, err := KeyPath(dir)
	return strings.TrimSuffix(key, keySuffix) + tokenSuffix, err
}

// readLineage reads the file; ok says whether there is one. One that cannot be understood counts as none: it is
// written anew.
func readLineage(dir string) (l lineage, ok bool, err error) {
	path, err := tokenPath(dir)
	if err != nil {
		return l, false, err
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return l, false, nil
	}
	if err != nil {
		return l, false, fmt.Errorf("read which library was here last: %w", err)
	}
	l, ok = parseLineage(string(text))
	return l, ok, nil
}

// parseLineage reads what [lineage.text] writes; ok says whether it is that.
func parseLineage(text string) (l lineage, ok bool) {
	lines := strings.Split(text, "\n")
	if len(lines) != 3 || lines[2] != "" {
		return lineage{}, false
	}
	for i, t := range []*storage.Token{&l.now, &l.before} {
		b, err := hex.DecodeString(lines[i])
		if err != nil || len(b) != len(t) {
			return lineage{}, false
		}
		copy(t[:], b)
	}
	return l, true
}

func (l lineage) text() string { return fmt.Sprintf("%x\n%x\n", l.now, l.before) }

// write replaces the file, as a whole or not at all.
func (l lineage) write(dir string) error {
	path, err := tokenPath(dir)
	if err != nil {
		return err
	}
	if err := writeWhole(path, l.text()); err != nil {
		return fmt.Errorf("note which library is here: %w", err)
	}
	return nil
}

// followToken compares the library with what was here last, and ends its replicas if it is not the same. foreign says
// that this device has never worked in it, so that there is nothing to compare.
func (w *Workspace) followToken(foreign bool) error {
	has, err := w.lib.Token()
	if err != nil {
		return err
	}
	l, known, err := readLineage(w.dir)
	if err != nil {
		return err
	}
	renewing := l.before != (storage.Token{})
	if known && has == l.now {
		if renewing || w.lib.Written() { // it was not closed
			return w.renewToken()
		}
		return nil
	}
	crashed := renewing && has == l.before
	if err := w.lib.SetBack(!crashed); err != nil {
		return err
	}
	if known && !crashed && !foreign {
		w.log.Warn("this is not the library that was here last: each document is written on as a new replica")
		w.past.SetBack = true
	}
	return w.renewToken()
}

// renewToken draws another token.
func (w *Workspace) renewToken() error {
	w.tokenMu.Lock()
	defer w.tokenMu.Unlock()
	var l lineage
	rand.Read(l.now[:]) // never fails (crypto/rand)
	var err error
	if l.before, err = w.lib.Token(); err != nil {
		return err
	}
	if err := l.write(w.dir); err != nil {
		return err
	}
	if err := w.lib.SetToken(l.now); err != nil {
		return err
	}
	l.before = storage.Token{}
	return l.write(w.dir)
}

// renewWritten draws another token if the library was written to since it got its own.
func (w *Workspace) renewWritten() error {
	if !w.lib.Written() {
		return nil
	}
	return w.renewToken()
}

// writeWhole writes text to a file that only its owner may read, by way of a new file beside it: after a power cut
// the old text is there, or the new one.
func writeWhole(path, text string) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, "new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return err
	}
	return syncFolder(folder)
}
