package workspace

import (
	"context"
	"errors"
	"fmt"
	"time"

	"inkling/crdt"
	"inkling/storage"
)

// indexRest is how long a document is left alone by everybody before it is indexed. One that is written in without a
// rest is found by what it said before.
const indexRest = 2 * time.Second

// Found is a document that fits a search, and Piece a part of the line of its text that is shown.
type (
	Found = storage.Found
	Piece = storage.Piece
)

// Search gives the documents that fit what a person typed, the best first; see [storage.Library.Search]. What was
// written in the last seconds may not be found yet: [Workspace.CatchUp] sees to that.
func (w *Workspace) Search(ctx context.Context, typed string) ([]Found, error) {
	return w.lib.Search(ctx, typed)
}

// CatchUp has every document found by what it says now. It returns when that is so: about 1 ms for a page of text.
func (w *Workspace) CatchUp(ctx context.Context) error {
	list, err := w.lib.Lagging()
	if err != nil {
		return err
	}
	for _, id := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.index(id); err != nil {
			return err
		}
	}
	return nil
}

// Rebuild drops what the documents are found by and derives it anew from their changes. It returns how many there are.
func (w *Workspace) Rebuild(ctx context.Context) (documents int, err error) {
	if err := w.lib.DropIndex(); err != nil {
		return 0, err
	}
	list, err := w.lib.Lagging()
	if err != nil {
		return 0, err
	}
	return len(list), w.CatchUp(ctx)
}

// index has a document found by what it says now. A document that is gone needs no index.
func (w *Workspace) index(id crdt.DocID) error {
	place, err := w.lib.Place(id)
	if err != nil {
		return ignoreGone(err)
	}
	title, text, err := w.textToIndex(id)
	if err != nil {
		return ignoreGone(fmt.Errorf("index a document: %w", err))
	}
	return ignoreGone(w.lib.Index(id, place, title, text))
}

func ignoreGone(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return err
}

// textToIndex returns title and text of a document, with all of it given to the library: that of the session, if there
// is one, and otherwise what the changes say, for a session stays loaded for a while.
func (w *Workspace) textToIndex(id crdt.DocID) (title, text string, err error) {
	w.mu.Lock()
	s := w.sessions[id]
	w.mu.Unlock()
	if s != nil {
		<-s.ready
		if s.err != nil {
			return "", "", s.err
		}
		s.mu.Lock()
		title, text = titleOf(s.doc), s.doc.Text()
		s.mu.Unlock()
		s.sync() // what was in it and not on the disk yet must be there before the index says so
		return title, text, nil
	}
	doc, err := w.lib.Load(id)
	if err != nil {
		return "", "", err
	}
	return titleOf(doc), doc.Text(), nil
}
