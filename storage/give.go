package storage

import (
	"context"
	"errors"
	"fmt"

	"inkling/crdt"
)

// How a copy is given what it lacks: change by change, or by the base as a whole.
//
// Rows have the signatures with which they came, so they can always be taken one by one. Of the base few signatures
// are left: of each chain the newest, and those of Grants. So
//
//	a copy that lacks nothing of the base      gets rows
//	one that could not take what it lacks      gets the base: it would have to keep more than maxBare changes or
//	                                           maxBareBytes waiting for a signature
//	one that lacks more than the base is long  gets the base, if it lacks more than smallDelta
//	any other                                  gets changes, out of the archive
//
// Why nobody is left out: a copy keeps up to crdt.MaxPendingChanges changes, or MaxPendingBytes, waiting, twice as many as
// here, so what is given as changes it can take: all chains of the base end with a signature, so a stretch without one
// ends there at the latest. And it gets on by each answer: a delta has at least one change, and who has the base
// lacks nothing of it. A base that would be too long to be given is not made (compose.go).
const (
	maxBare      = 4096
	maxBareBytes = 2 << 20
	smallDelta   = 64 << 10
	frameBytes   = 40 // what a frame has beside the body, and about; a signature is not counted
)

// A Given is what a copy is given that lacks something.
type Given struct {
	Frames [][]byte    // as of [Library.Since]
	Then   []crdt.Head // likewise
	Base   *Base       // in the place of both: the base, as a whole
}

// Base names the block that a journal begins with.
type Base struct {
	Hash   [32]byte // SHA-256
	Length int      // in bytes
	Heads  []crdt.Head
}

// Give is [Library.Since], or says that the copy had better be given the base as a whole, unless declined says of its hash that this copy
// does not take it. A newcomer costs nothing; else, where the copy lacks something of the base, that is unpacked.
func (l *Library) Give(doc crdt.DocID, have []crdt.Head, maxBytes int, declined func(hash [32]byte) bool) (g Given, err error) {
	err = l.upon(doc, func(t *tail) (err error) {
		g = Given{}
		if b := t.block(); b != nil && !declined(b.hash) {
			worth, err := l.worth(doc, t, have)
			if err != nil {
				return fmt.Errorf("storage: find changes of %s: %w", doc, err)
			}
			if worth {
				g.Base = t.given()
				return nil
			}
		}
		g.Frames, g.Then, err = l.since(doc, t, have, maxBytes)
		return err
	})
	return g, err
}

// worth says whether a copy is given t's base.
func (l *Library) worth(doc crdt.DocID, t *tail, have []crdt.Head) (bool, error) {
	b := t.block()
	if len(have) == 0 && b.weight > max(b.length, smallDelta) {
		return true, nil
	}
	if containsAll(have, t.baseHeads().list()) {
		return false, nil
	}
	theirs, err := l.share(doc, t, have)
	if err != nil || theirs.first == 0 || theirs.first > b.covers() {
		return false, err
	}
	a, err := l.archives.get(context.Background(), doc, b)
	if err != nil {
		return false, err
	}
	lacking, size := a.lacking(theirs)
	changes, bytes := stretch(lacking)
	return changes > maxBare || bytes > maxBareBytes || size > max(int(b.length), smallDelta), nil
}

// lacking returns what a copy lacks of a, and how many bytes that is about as frames.
func (a *archive) lacking(theirs *share) (list []*crdt.Change, size int) {
	for i, c := range a.changes[theirs.first-1:] {
		if theirs.includes(&stored{Change: *c, place: theirs.first + int64(i)}) {
			continue
		}
		list, size = append(list, c), size+frameBytes+len(c.Body)
	}
	return list, size
}

// stretch returns how many changes, and bytes of bodies, one who gets them one by one keeps waiting at most, for
// signatures.
func stretch(list []*crdt.Change) (changes, bytes int) {
	waiting, size, bare := 0, 0, map[crdt.Head]bool{}
	for _, c := range list {
		waiting, size = waiting+1, size+len(c.Body)
		delete(bare, previousOf(c))
		if c.Signature == nil {
			bare[headOf(c)] = true
		}
		changes, bytes = max(changes, waiting), max(bytes, size)
		if len(bare) == 0 {
			waiting, size = 0, 0
		}
	}
	return changes, bytes
}

// given returns t's base as it is told to others, nil when there is none.
func (t *tail) given() *Base {
	if t.base == nil {
		return nil
	}
	return &Base{Hash: t.base.hash, Length: int(t.base.length), Heads: t.base.heads.list()}
}

// Base returns the block that doc's journal begins with, nil when its changes are all kept as rows. Unknown documents give
// [ErrNotFound].
func (l *Library) Base(doc crdt.DocID) (*Base, error) {
	t, err := l.tail(doc)
	if err != nil {
		return nil, err
	}
	return t.given(), nil
}

// BaseBytes returns the bytes of doc's base, if that has the given hash; else, and for an unknown document, [ErrNotFound].
func (l *Library) BaseBytes(doc crdt.DocID, hash [32]byte) ([]byte, error) {
	ctx := context.Background()
	b, err := l.baseOf(ctx, doc)
	if err != nil {
		return nil, err
	}
	if b == nil || b.hash != hash {
		return nil, ErrNotFound
	}
	body, err := b.body(ctx, l.readers)
	if errors.Is(err, errGone) && l.moved(ctx, doc, b) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, blockError(l.readers, doc, b, err)
	}
	return body, nil
}

const hasHeadSQL = `SELECT EXISTS (SELECT 1 FROM change WHERE doc = ? AND replica = ? AND next_seq = ? AND substr(hash, 1, 8) = ?)`

// Has says whether all that is at or before the given heads is committed. It may take as long as opening the document.
func (l *Library) Has(doc crdt.DocID, list []crdt.Head) (has bool, err error) {
	err = l.upon(doc, func(t *tail) error {
		for _, h := range list {
			if has, err = l.hasHead(doc, t, h); !has || err != nil {
				return err
			}
		}
		has = true
		return nil
	})
	return has, err
}

func (l *Library) hasHead(doc crdt.DocID, t *tail, h crdt.Head) (has bool, err error) {
	ends := t.heads[h.Replica]
	if containsAll(ends, []crdt.Head{h}) || h.Next > furthest(ends) {
		return containsAll(ends, []crdt.Head{h}), nil
	}
	err = l.readers.QueryRow(hasHeadSQL, t.id, h.Replica[:], h.Next, h.Stamp[:]).Scan(&has)
	if has || err != nil || t.base == nil {
		return has, err
	}
	a, err := l.archives.get(context.Background(), doc, t.base.block)
	return err == nil && a.find(h) > 0, err
}
