package workspace

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	found, err := w.lib.Search(ctx, typed)
	if isDamaged(err) && !w.lib.ReadOnly() {
		if err = w.dropDamaged(err); err == nil {
			w.resting.anew()
			err = errIndexAnew
		}
	}
	return found, err
}

// errIndexAnew is the answer to a search that found the index damaged.
var errIndexAnew = errors.New("what documents are found by was damaged, and is being made anew from their texts; search again in a moment")

// CatchUp has every document found by what it says now. It returns when that is so: about 1 ms for a page of text. Where
// the text of one cannot be read, it says so and does the others. A damaged index is made anew. In a library that is open to be read only,
// nothing is done.
func (w *Workspace) CatchUp(ctx context.Context) error {
	if w.lib.ReadOnly() {
		return nil
	}
	err := w.catchUp(ctx)
	if isDamaged(err) {
		if err = w.dropDamaged(err); err == nil {
			err = w.catchUp(ctx)
		}
	}
	return err
}

func (w *Workspace) catchUp(ctx context.Context) error {
	list, err := w.lib.Lagging()
	if err != nil {
		return err
	}
	for _, id := range list {
		if ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		failed := w.index(id)
		if isDamaged(failed) {
			return failed
		}
		err = errors.Join(err, failed)
	}
	return err
}

func isDamaged(err error) bool { return errors.As(err, new(*storage.IndexDamageError)) }

// dropDamaged drops an index that is damaged, and says so. All documents lag then.
func (w *Workspace) dropDamaged(reason error) error {
	w.log.Error("what documents are found by is damaged and is made anew from their texts; nothing else is", "err", reason)
	return w.lib.DropIndex()
}

// Rebuild makes anew all that is derived from the changes: what documents are found and listed by, and what the
// library notes of their journals. It returns how many documents have changes. Of a document whose changes cannot be read it
// says so, and does the others. The time of the last change stays as it is in the list: it is when this library took that
// change, which no change says.
func (w *Workspace) Rebuild(ctx context.Context) (documents int, err error) {
	if err := w.lib.DropIndex(); err != nil {
		return 0, err
	}
	list, err := w.lib.Lagging()
	if err != nil {
		return 0, err
	}
	for _, id := range list {
		if ctx.Err() != nil {
			return 0, errors.Join(err, ctx.Err())
		}
		err = errors.Join(err, ignoreGone(w.lib.Rederive(ctx, id)))
	}
	return len(list), errors.Join(err, w.CatchUp(ctx))
}

// index has a document found by what it says now. A document that is gone needs no index.
func (w *Workspace) index(id crdt.DocID) error {
	place, err := w.lib.Place(id)
	if err != nil {
		return ignoreGone(err)
	}
	content, err := w.contentOf(id)
	if err != nil {
		return ignoreGone(fmt.Errorf("index a document: %w", err))
	}
	return ignoreGone(w.lib.Index(id, place, content))
}

func ignoreGone(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return err
}

// contentOf returns what a document says, with all of it given to the library: that of the session, if there
// is one, and otherwise what the changes say, for a session stays loaded for a while.
func (w *Workspace) contentOf(id crdt.DocID) (c storage.Content, err error) {
	w.mu.Lock()
	s := w.sessions[id]
	w.mu.Unlock()
	if s != nil {
		<-s.ready
		if s.err != nil {
			return c, s.err
		}
		s.mu.Lock()
		c = derive(s.doc)
		s.mu.Unlock()
		s.sync() // what was in it and not on the disk yet must be there before the index says so
		return c, s.noteMembers()
	}
	doc, err := w.lib.Load(id)
	if err != nil {
		return c, err
	}
	return derive(doc), w.meet(id, doc.Members())
}

// derive returns what doc says: a function of the changes in it, in whatever order they came.
func derive(doc *crdt.Doc) storage.Content {
	c := storage.Content{Title: titleOf(doc), Preview: previewOf(doc), Text: doc.Text()}
	var newest int64
	for _, a := range doc.Authors(0, doc.Len()) {
		newest = max(newest, a.Minutes)
		if !slices.Contains(c.People, a.Device) {
			c.People = append(c.People, a.Device)
		}
	}
	if newest > 0 {
		c.Written = time.Unix(newest*60, 0)
	}
	return c
}
