package storage

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"inkling/crdt"
)

// Remains is what can be read of a library's file that is not in use: of the one that a salvage has kept, for instance. What could not be placed
// then may be placed now, when others have sent what was missing.
type Remains struct {
	r       *remains
	scratch string
	numbers map[crdt.DocID]int64
	list    []RemainingDocument
}

// RemainingDocument is a document of which something can be read.
type RemainingDocument struct {
	Genesis crdt.Genesis
	Title   string
}

// OpenRemains looks at all pages of the file at path, or of library.db in that folder. It must not be the library that is open in dir, in
// which it works for a moment. known are documents that the caller knows: one of them may be one whose name the file has lost.
func OpenRemains(ctx context.Context, path, dir string, known []Document) (_ *Remains, err error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, databaseFile)
	}
	file, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("storage: salvage from a file: %w", err)
	}
	if own, err := os.Stat(filepath.Join(dir, databaseFile)); err == nil && os.SameFile(own, file) {
		return nil, fmt.Errorf("%q is the library that is open; name the file of another one, or run `inkling salvage` alone", path)
	}
	o := &Remains{scratch: filepath.Join(dir, scratchFolder), numbers: map[crdt.DocID]int64{}}
	if err := errors.Join(os.RemoveAll(o.scratch), os.MkdirAll(o.scratch, 0o700)); err != nil {
		return nil, err
	}
	w, err := openWreck(path, o.scratch)
	if err == nil {
		if o.r, err = look(ctx, w); err != nil {
			err = errors.Join(err, w.close())
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("storage: salvage from %q: %w", path, err), os.RemoveAll(o.scratch))
	}
	o.name(known)
	if len(o.list) == 0 {
		return nil, errors.Join(fmt.Errorf("storage: salvage from %q: %w", path, ErrNothingReadable), o.Close())
	}
	return o, nil
}

// name finds out which documents there are.
func (o *Remains) name(known []Document) {
	for _, number := range o.r.numbers() {
		row, has := o.r.docs[number]
		if has && row.destroyed != nil {
			continue
		}
		g := row.genesis
		if !has {
			g, has = o.r.genesisOf(number)
		}
		for i := 0; !has && i < len(known); i++ {
			g, has = known[i].Genesis, o.r.opensIn(number, known[i].ID) && len(o.r.find(known[i].ID, number).rows) > 0
		}
		if has {
			o.numbers[g.DocID()] = number
			o.list = append(o.list, RemainingDocument{g, o.r.listings[number].title})
		}
	}
}

// Documents returns the documents that were not destroyed.
func (o *Remains) Documents() []RemainingDocument { return o.list }

// Changes returns what can be read of a document's changes, oldest first, as they travel: none of it is verified but that it is what was written.
// key is that of this device: what it wrote itself it signs anew where the signature is lost; nil: it does not.
func (o *Remains) Changes(g crdt.Genesis, key ed25519.PrivateKey) ([]*crdt.Change, error) {
	r := &rescue{genesis: g, key: key}
	return r.seal(o.r.find(g.DocID(), o.numbers[g.DocID()]).changes())
}

// Close gives the file up.
func (o *Remains) Close() error { return errors.Join(o.r.w.close(), os.RemoveAll(o.scratch)) }
