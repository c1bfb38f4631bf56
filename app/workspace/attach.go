package workspace

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"inkling/crdt"
	"inkling/crdt/portable"
	"inkling/storage"
)

// A document can hold files. They are in the library, so in its backups, and go along where the document is saved with
// its history. The people one writes with do not get them.

// Attached is a file that a document holds.
type Attached = storage.Attached

// Attach makes a document hold a file under the last part of its path, and returns when that is on the disk. It must be
// a regular file.
func (w *Workspace) Attach(ctx context.Context, id crdt.DocID, path string) (Attached, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Attached{}, fmt.Errorf("there is no file %s", path)
	case err != nil:
		return Attached{}, err
	case !info.Mode().IsRegular():
		return Attached{}, fmt.Errorf("%s is not a file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return Attached{}, err
	}
	defer f.Close()
	a, err := w.lib.Attach(ctx, id, filepath.Base(path), info.Size(), f, w.now())
	if err != nil {
		return Attached{}, fmt.Errorf("attach %s: %w", path, err)
	}
	w.noteWrite()
	return a, nil
}

// Attachments lists the files that a document holds, by name, those that were detached among them.
func (w *Workspace) Attachments(id crdt.DocID) ([]Attached, error) { return w.lib.Attachments(id) }

// Detach takes a file off a document. It stays for some days, as in the bin.
func (w *Workspace) Detach(id crdt.DocID, a Attached) error {
	if err := w.lib.Detach(id, a.Name, a.Hash, w.now()); err != nil {
		return fmt.Errorf("detach %s: %w", a.Name, err)
	}
	w.noteWrite()
	return nil
}

// Reattach brings back a file that was detached.
func (w *Workspace) Reattach(id crdt.DocID, a Attached) error {
	if err := w.lib.Reattach(id, a.Name, a.Hash); err != nil {
		return fmt.Errorf("attach %s again: %w", a.Name, err)
	}
	w.noteWrite()
	return nil
}

// Extract writes an attached file to path, by way of a new one beside it. Only what is just what was attached gets that name.
func (w *Workspace) Extract(ctx context.Context, a Attached, path string) error {
	return WriteBeside(path, func(f *os.File) error {
		content, err := w.lib.Attachment(ctx, a.Hash)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, content)
		return err
	})
}

// FindAttached returns the file that a person means by words: its name, the beginning of its hash (at least 4
// hexadecimal digits), or something in its name, without regard to case. The first of these that fits any decides; when
// it fits several, or none does, it says so.
func FindAttached(list []Attached, words string) (Attached, error) {
	want := strings.ToLower(strings.TrimSpace(words))
	tests := []func(a Attached) bool{
		func(a Attached) bool { return a.Name == words },
		func(a Attached) bool { return len(want) >= 4 && strings.HasPrefix(hex.EncodeToString(a.Hash[:]), want) },
		func(a Attached) bool { return strings.ToLower(a.Name) == want },
		func(a Attached) bool { return strings.Contains(strings.ToLower(a.Name), want) },
	}
	for _, fits := range tests {
		var found []Attached
		for _, a := range list {
			if want != "" && fits(a) {
				found = append(found, a)
			}
		}
		if len(found) == 1 {
			return found[0], nil
		}
		if len(found) > 1 {
			return Attached{}, fmt.Errorf("%d files are called %q: name one by its hash, as `inkling attachments` shows it", len(found), words)
		}
	}
	return Attached{}, fmt.Errorf("no file is called %q: see `inkling attachments`", words)
}

// A LeftOutError says that a document was saved or taken in, with all of its history, and that files which go along with
// it were not.
type LeftOutError struct {
	Done  string   // what was done all the same
	Names []string // of the files; may be empty where these cannot be told
	Why   error
}

func (e *LeftOutError) Error() string {
	if len(e.Names) == 0 {
		return fmt.Sprintf("%s, but not all that goes along with it: %v", e.Done, e.Why)
	}
	names := make([]string, len(e.Names))
	for i, n := range e.Names {
		names[i] = fmt.Sprintf("%q", n)
	}
	return fmt.Sprintf("%s, but not the attached %s: %v", e.Done, strings.Join(names, ", "), e.Why)
}

// because notes the first reason.
func (e *LeftOutError) because(err error) {
	if e.Why == nil {
		e.Why = err
	}
}

// Unwrap returns why.
func (e *LeftOutError) Unwrap() error { return e.Why }

// parcelFiles returns what goes along with a document. What cannot be listed is left out; the error says why.
func (w *Workspace) parcelFiles(id crdt.DocID) (files []portable.Attachment, err error) {
	list, err := w.lib.Attachments(id)
	for _, a := range list {
		if !a.IsDetached() {
			files = append(files, portable.Attachment{Name: a.Name, Hash: a.Hash, Length: a.Length})
		}
	}
	return files, err
}

// content opens the content of an attached file, until the workspace is closed.
func (w *Workspace) content(hash portable.ContentHash) (io.Reader, error) {
	return w.lib.Attachment(w.life, hash)
}

// takeFiles attaches what goes along in a file whose document was taken in. What cannot be taken is left out, and the
// error, a [*LeftOutError], says so.
func (w *Workspace) takeFiles(ctx context.Context, name string, f *portable.Reader) error {
	left := &LeftOutError{Done: name + " was imported"}
	taken := map[portable.Attachment]bool{}
	for {
		c, err := f.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			left.because(fmt.Errorf("what follows the document in it is damaged; ask for the file again (%w)", err))
			break
		}
		for _, as := range c.Names {
			err := w.takeFile(ctx, f, as, c)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			taken[portable.Attachment{Name: as, Hash: c.Hash, Length: c.Length}] = err == nil
			left.because(err)
		}
	}
	for _, a := range f.Attachments() {
		if !taken[a] {
			left.Names = append(left.Names, a.Name)
		}
	}
	slices.Sort(left.Names)
	if f.Skipped() {
		left.because(errors.New("a newer Inkling saved it with more than this one understands; update yours and open the file again"))
	}
	if left.Why == nil {
		return nil
	}
	return left
}

// takeFile attaches a content under one of its names. It is read from the file only if the library lacks it.
func (w *Workspace) takeFile(ctx context.Context, f *portable.Reader, name string, c *portable.Content) error {
	id := f.Parcel().Doc().ID()
	err := w.lib.AttachKnown(ctx, id, name, c.Hash, w.now())
	if errors.Is(err, storage.ErrNotFound) {
		_, err = w.lib.Attach(ctx, id, name, c.Length, f, w.now())
	}
	var damaged *portable.FormatError
	if errors.As(err, &damaged) {
		err = fmt.Errorf("what the file has of it is damaged; ask for the file again (%w)", err)
	}
	return err
}
