package workspace

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"inkling/crdt"
	"inkling/storage"
)

// A damaged library is salvaged while nobody has it open: at a start, before anything else. Who has it open asks for that and starts again.

// Salvage makes a new library of what can be read of the damaged one in dir, which nobody may have open, and returns the report.
func Salvage(ctx context.Context, dir string) (*storage.SalvageReport, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	path, err := KeyPath(dir)
	if err != nil {
		return nil, err
	}
	var key ed25519.PrivateKey
	if !isAbsent(path) {
		if key, err = deviceKey(dir); err != nil {
			return nil, err
		}
	}
	return storage.Salvage(ctx, dir, key)
}

// salvageIfAsked does what [Workspace.AskSalvage] asked for.
func salvageIfAsked(dir string) error {
	if !storage.SalvageAsked(dir) {
		return nil
	}
	_, err := Salvage(context.Background(), dir)
	var locked *storage.LockedError
	if errors.As(err, &locked) {
		return err // the one who has it will do it
	}
	return errors.Join(err, storage.ForgetSalvage(dir))
}

// AskSalvage has the next start salvage the library. It says so in words when there is nothing to salvage.
func (w *Workspace) AskSalvage(ctx context.Context) (nothing string, err error) {
	if w.lib != nil && w.device != (PeerID{}) { // it could be opened to write
		report, err := w.Check(ctx)
		if err != nil {
			return "", err
		}
		if report.Intact() {
			return "The library is intact: there is nothing to salvage.", nil
		}
	}
	return "", storage.AskSalvage(w.dir)
}

// Taken says what was taken from another library's file for one document.
type Taken struct {
	Title   string
	ID      crdt.DocID
	Changes int
	// Left are changes that still cannot be placed.
	Left []*crdt.Change
}

// SalvageFrom takes from the file at path, a library's that nobody has open, every change that this library lacks and can place. Documents that
// were deleted here for ever stay so.
func (w *Workspace) SalvageFrom(ctx context.Context, path string) (list []Taken, err error) {
	known, err := w.everyDocument()
	if err != nil {
		return nil, err
	}
	remains, err := storage.OpenRemains(ctx, path, w.dir, known)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, remains.Close()) }()
	for _, d := range remains.Documents() {
		changes, err := remains.Changes(d.Genesis, w.key)
		if err != nil {
			return list, err
		}
		t, err := w.takeFrom(ctx, d, changes)
		if err != nil {
			return list, fmt.Errorf("take %q: %w", d.Title, err)
		}
		if t.Changes > 0 || len(t.Left) > 0 {
			list = append(list, t)
		}
	}
	return list, nil
}

// everyDocument lists the documents, those in the bin too.
func (w *Workspace) everyDocument() ([]Document, error) {
	list, err := w.lib.Documents()
	if err != nil {
		return nil, err
	}
	binned, err := w.lib.Bin()
	for _, b := range binned {
		list = append(list, b.Document)
	}
	return list, err
}

// takeFrom merges changes into a document.
func (w *Workspace) takeFrom(ctx context.Context, d storage.RemainingDocument, changes []*crdt.Change) (t Taken, err error) {
	t = Taken{Title: d.Title, ID: d.Genesis.DocID()}
	row, err := w.lib.Document(t.ID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		if !begins(d.Genesis, changes) {
			t.Left = changes
			return t, nil
		}
		if err := w.lib.Add(d.Genesis, w.now()); err != nil {
			return t, err
		}
		if row, err = w.lib.Document(t.ID); errors.Is(err, storage.ErrNotFound) {
			return t, nil // it was destroyed here
		}
		if err == nil {
			err = w.welcome(d.Genesis)
		}
	}
	if err != nil {
		return t, err
	}
	before, err := w.lib.Place(row.ID)
	if err != nil {
		return t, err
	}
	s, err := w.acquire(row.ID)
	if err != nil {
		return t, err
	}
	err = s.receive(ctx, slices.Chunk(changes, applyBatch))
	w.release(s)
	if err != nil && !errors.Is(err, crdt.ErrPendingFull) {
		return t, err
	}
	after, err := w.lib.Place(row.ID)
	t.Changes = int(after - before)
	if err != nil {
		return t, err
	}
	have := map[crdt.Stamp]bool{}
	for c, err := range w.lib.Changes(row.ID) {
		if err != nil {
			return t, err
		}
		have[c.Stamp] = true
	}
	for _, c := range changes {
		if !have[c.Stamp] {
			t.Left = append(t.Left, c)
		}
	}
	if row, err = w.lib.Document(row.ID); err == nil {
		t.Title = Titled(row)
	}
	return t, err
}

// begins says whether any of changes can be placed in an empty document.
func begins(g crdt.Genesis, changes []*crdt.Change) bool {
	a, _ := crdt.New(g).Apply(changes...) // what is refused does not count
	return len(a.Changes) > 0
}

// salvageReport is the name of the file with the report, beside what a salvage has kept.
const salvageReport = "salvage.txt"

// SalvageText returns the report of the salvage that the library came out of, if the person was not told yet; "" otherwise.
func (p Past) SalvageText() string {
	if p.Salvaged == "" {
		return ""
	}
	text, err := os.ReadFile(filepath.Join(p.Replaced, salvageReport))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
