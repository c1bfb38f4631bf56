package workspace

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"inkling/crdt"
	"inkling/crdt/portable"
	"inkling/storage"
)

// A document with all its history leaves as one file, NAME.inkling, and comes back by it: package portable has the bytes. What
// comes is believed only when all of it has been verified, and is merged then as what a peer sends; so it does no
// harm to open a file twice, or an old one.

// ParcelExtension is what the name of a document's file with its history ends in.
const ParcelExtension = portable.Extension

// IsParcel says whether a file's name is that of a document with its history.
func IsParcel(name string) bool { return strings.EqualFold(filepath.Ext(name), portable.Extension) }

// WriteParcel writes a document with all its history, and the files attached to it, to out. What was edited before the
// call is in it.
func (w *Workspace) WriteParcel(id crdt.DocID, out io.Writer) error {
	p, err := w.gather(id)
	if err != nil {
		return err
	}
	files, err := w.parcelFiles(id)
	if err != nil {
		return err
	}
	_, err = p.WriteWith(out, files, w.content)
	return err
}

// SaveParcel writes a document with all its history, and the files attached to it, to a file, by way of a new one beside
// it, which is read and verified before it takes the place of what is there. Where attached files are damaged it is
// saved without these, and a [*LeftOutError] says so.
func (w *Workspace) SaveParcel(id crdt.DocID, path string) error {
	p, err := w.gather(id)
	if err != nil {
		return err
	}
	left := &LeftOutError{Done: path + " was saved"}
	files, err := w.parcelFiles(id)
	if err != nil {
		left.Why = err
	}
	err = WriteBeside(path, func(f *os.File) error {
		err := w.writeParcel(f, p, files)
		for bad := (*portable.ContentError)(nil); errors.As(err, &bad); err = w.writeParcel(f, p, files) {
			left.Names, left.Why = append(left.Names, bad.Names...), errors.Join(left.Why, bad.Err)
			files = slices.DeleteFunc(files, func(a portable.Attachment) bool { return a.Hash == bad.Hash })
		}
		if err == nil {
			err = verifyParcel(f, p)
		}
		return err
	})
	if err == nil && left.Why != nil {
		return left
	}
	return err
}

// writeParcel makes f the file of p, whatever it was before.
func (w *Workspace) writeParcel(f *os.File, p *portable.Parcel, files []portable.Attachment) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	out := bufio.NewWriter(f)
	_, err := p.WriteWith(out, files, w.content)
	return errors.Join(err, out.Flush())
}

// verifyParcel reads f from its beginning to its end, and compares it with p.
func verifyParcel(f *os.File, p *portable.Parcel) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	written, err := portable.Read(f)
	if err == nil && written.Root() != p.Root() {
		err = errors.New("it holds something else")
	}
	if err != nil {
		return fmt.Errorf("what was written cannot be read again, so the disk may be failing: %w", err)
	}
	return nil
}

// gather takes a document's edits to disk and returns all that is there of it. Nothing leaves this computer that is not
// on its disk.
func (w *Workspace) gather(id crdt.DocID) (*portable.Parcel, error) {
	if _, err := w.Saving(); err != nil {
		return nil, fmt.Errorf("the newest words are not on the disk yet, so the history would lack them: export the text instead (%w)", err)
	}
	s, err := w.acquire(id)
	if err != nil {
		return nil, err
	}
	w.release(s) // it saves what is not saved yet
	row, err := w.lib.Document(id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, errNothingWritten
	}
	if err != nil {
		return nil, err
	}
	p, err := portable.Gather(row.Genesis, w.lib.Changes(id))
	var forged *portable.ForgedError
	switch {
	case errors.As(err, &forged):
		return nil, fmt.Errorf("the history of %s in the library is damaged, so only its text can be exported; `inkling doctor` says more: %w", Titled(row), err)
	case errors.Is(err, portable.ErrTooLarge):
		return nil, fmt.Errorf("the history of %s is too large for one file: only its text can be exported", Titled(row))
	case err != nil:
		return nil, err
	case len(p.Changes()) == 0:
		return nil, errNothingWritten
	}
	return p, nil
}

var errNothingWritten = errors.New("nothing is written in this document yet, so there is nothing to save")

// ImportFile brings in a file: a document with its history, as [Workspace.SaveParcel] writes it, or text; see
// [Workspace.Import]. A document that is known gets what it lacks, and comes back from the bin; another one is new in
// the list. It returns when all of it is on disk; when it fails, a document has what it had, or more. Attached files
// that cannot be taken are left out: then the document is there, and a [*LeftOutError] is returned with its id. name is
// for messages.
func (w *Workspace) ImportFile(ctx context.Context, name string, r io.Reader) (crdt.DocID, error) {
	in := bufio.NewReader(r)
	first, err := in.Peek(portable.Sniff)
	if err != nil && !errors.Is(err, io.EOF) {
		return crdt.DocID{}, fmt.Errorf("read %s: %w", name, err)
	}
	if portable.IsPortable(first) || IsParcel(name) {
		return w.importParcel(ctx, name, in)
	}
	text, err := io.ReadAll(io.LimitReader(in, MaxImport+1))
	if err != nil {
		return crdt.DocID{}, fmt.Errorf("read %s: %w", name, err)
	}
	return w.Import(name, text)
}

func (w *Workspace) importParcel(ctx context.Context, name string, r io.Reader) (crdt.DocID, error) {
	f, err := portable.Open(r)
	if err != nil {
		return crdt.DocID{}, parcelError(name, err)
	}
	p := f.Parcel()
	if len(p.Changes()) == 0 {
		return crdt.DocID{}, fmt.Errorf("%s is empty: there is nothing to import", name)
	}
	if err := w.takeIn(ctx, p); err != nil {
		return crdt.DocID{}, fmt.Errorf("import %s: %w", name, err)
	}
	defer w.noteWrite()
	return p.Doc().ID(), w.takeFiles(ctx, name, f)
}

// parcelError says in a person's words why a file cannot be read.
func parcelError(name string, err error) error {
	var format *portable.FormatError
	var newer *portable.NewerError
	var forged *portable.ForgedError
	switch {
	case errors.As(err, &format):
		return fmt.Errorf("%s is damaged, or not a document that Inkling saved. Nothing was imported. Ask for the file again, or take an older copy (%w)", name, err)
	case errors.As(err, &newer):
		return fmt.Errorf("%s was saved by a newer Inkling: update yours to open it. Nothing was imported (%w)", name, err)
	case errors.As(err, &forged):
		return fmt.Errorf("%s is not what the people in that document wrote and signed. Nothing was imported. Ask one of them for the file (%w)", name, err)
	}
	return fmt.Errorf("read %s: %w", name, err)
}

// maxPart is how many bytes of changes are applied at once at most: what the library takes in one go.
const maxPart = 32 << 20

// takeIn merges a parcel into the library.
func (w *Workspace) takeIn(ctx context.Context, p *portable.Parcel) error {
	parts := p.Parts()
	for _, part := range parts {
		size := 0
		for _, c := range part {
			size += len(c.Body)
		}
		if size > maxPart {
			return fmt.Errorf("%d MB of it have no signature in between, and at most %d MB can be taken in one go", size>>20, maxPart>>20)
		}
	}
	if err := w.welcome(p.Doc().Genesis()); err != nil {
		return err
	}
	s, err := w.acquire(p.Doc().ID())
	if err != nil {
		return err
	}
	defer w.release(s)
	if err := s.receive(ctx, slices.Values(parts)); err != nil {
		return err
	}
	if s.lacks(p.Doc().Heads()) {
		s.sync() // edits of this copy were in the making when its own older ones came
	}
	if s.lacks(p.Doc().Heads()) {
		return errors.New("some of it could not be merged; open it once more")
	}
	return nil
}

// welcome makes a document one of the library's, in the list.
func (w *Workspace) welcome(g crdt.Genesis) error {
	if err := w.lib.Welcome(g, w.device, w.now()); err != nil {
		return fmt.Errorf("add the document: %w", err)
	}
	w.sharingChanged(g.DocID())
	return nil
}

// lacks says whether a copy with the given heads has changes that s has not. It holds the mutex for O(changes) when a head is
// more than some hundred changes old.
func (s *Session) lacks(heads []crdt.Head) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	here := s.doc.Heads()
	beyond := func(h crdt.Head) bool {
		return !slices.ContainsFunc(here, func(k crdt.Head) bool { return k.Replica == h.Replica && k.Next >= h.Next })
	}
	return slices.ContainsFunc(heads, beyond) || len(s.doc.Strange(heads)) > 0
}

// WriteBeside writes the file at path by way of a new file beside it, so that a full disk or a power cut leaves the old file
// whole. write gets the new one, empty.
func WriteBeside(path string, write func(f *os.File) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".inkling-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(f.Name())
	err = write(f)
	if err == nil {
		err = errors.Join(f.Chmod(0o644), f.Sync())
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
