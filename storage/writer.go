package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"inkling/crdt"
)

// writer owns the only connection that writes. Its goroutine commits one group of
// the queue after the other.
type writer struct {
	path     string
	queue    *queue
	tails    *tails
	archives *archives
	reserve  *reserve
	stopped  chan struct{} // closed when run has ended
	commits  atomic.Uint64 // how many, since the library was opened, of what a backup is for

	// db is nil after a failure: what the connection then holds in memory is not
	// to be relied on (a sync that failed once may succeed the next time without
	// having written anything), so it is closed, and the truth read again.
	db           *sql.DB
	insertChange *sql.Stmt
	setListing   *sql.Stmt
}

const insertChangeSQL = `
INSERT INTO change (id, doc, replica, seq, next_seq, previous, hash, signature, checksum, codec, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const insertForkSQL = `INSERT INTO fork (doc, replica) VALUES (?, ?) ON CONFLICT DO NOTHING`

// setListingSQL leaves a listing as it is, and its pages unwritten, when it has the title and is not a second old.
const setListingSQL = `
INSERT INTO listing (doc, title, modified) VALUES (?, ?, ?)
    ON CONFLICT (doc) DO UPDATE SET title = excluded.title, modified = excluded.modified
     WHERE title <> excluded.title OR abs(modified - excluded.modified) >= 1000`

// connect opens the connection unless it is open.
func (w *writer) connect() error {
	if w.db != nil {
		return nil
	}
	db, err := openWriter(w.path)
	if err != nil {
		return err
	}
	insert, err := db.Prepare(insertChangeSQL)
	if err == nil {
		w.setListing, err = db.Prepare(setListingSQL)
	}
	if err != nil {
		db.Close()
		return fmt.Errorf("storage: open %s: %w", w.path, err)
	}
	w.db, w.insertChange = db, insert
	return nil
}

// disconnect drops the connection and what was known through it.
func (w *writer) disconnect() {
	if w.db == nil {
		return
	}
	w.db.Close() // the failure that led here is the one that is reported
	w.db = nil
	w.tails.forget()
}

// run commits groups until the queue is closed and empty.
func (w *writer) run() {
	defer close(w.stopped)
	defer w.queue.stop()
	for group := w.queue.next(); group != nil; group = w.queue.next() {
		if err := w.attempt(group); err != nil {
			w.queue.refused(group, err, time.Now())
			continue
		}
		w.queue.committed(group)
	}
}

// attempt commits group, in the room of the reserve when there is no other. After a failure nothing of group is on disk.
func (w *writer) attempt(group []*job) error {
	err := w.commit(group)
	if err == nil {
		return nil
	}
	w.disconnect()
	if wantsRoom(err, filepath.Dir(w.path)) && w.reserve.release() {
		if err = w.commit(group); err == nil {
			return nil
		}
		w.disconnect()
	}
	if saysFull(err) {
		return fmt.Errorf("%w (%v)", errDiskFull, err)
	}
	return err
}

// commit writes group in one transaction. Jobs that are wrong in themselves get an
// err and do not hold up the others; the error returned is the database's.
func (w *writer) commit(group []*job) error {
	if err := w.connect(); err != nil {
		return err
	}
	if group[0].write == nil {
		return w.commitChanges(group)
	}
	var broken *brokenError
	group[0].err = group[0].write(w.db)
	if errors.As(group[0].err, &broken) {
		return broken.err
	}
	return nil
}

func (w *writer) commitChanges(group []*job) error {
	grown := map[crdt.DocID]*tail{}
	err := transact(w.db, func(tx *sql.Tx) error {
		for _, j := range group {
			t, err := w.tailFor(j.doc, grown)
			if errors.Is(err, ErrNotFound) {
				j.err = err
				continue
			}
			if err != nil {
				return err
			}
			if err := w.commitJob(tx, t, j); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("storage: commit changes: %w", err)
	}
	w.tails.publish(grown)
	w.commits.Add(1)
	return nil
}

// commitJob writes those changes of j that t lacks, and moves t past them.
func (w *writer) commitJob(tx *sql.Tx, t *tail, j *job) error {
	e := extension{tx: tx, tail: t.clone(), archive: func() (*archive, error) {
		return w.archives.get(context.Background(), j.doc, t.base.block)
	}}
	for _, c := range j.changes {
		if err := e.add(c); errors.As(err, new(*SeqError)) || errors.As(err, new(*BlockError)) {
			j.err = err
			return nil
		} else if err != nil {
			return err
		}
	}
	if len(e.fresh) == 0 {
		return nil
	}
	*t = *e.tail
	return w.insert(tx, t, j, &e)
}

// tailFor returns the tail of doc as the group has left it so far.
func (w *writer) tailFor(doc crdt.DocID, grown map[crdt.DocID]*tail) (*tail, error) {
	if t := grown[doc]; t != nil {
		return t, nil
	}
	t, err := w.tails.get(doc)
	if err != nil {
		return nil, err
	}
	grown[doc] = t.clone()
	return grown[doc], nil
}

// insert writes what e found to be fresh of j; t counts that already.
func (w *writer) insert(tx *sql.Tx, t *tail, j *job, e *extension) error {
	place := t.place - int64(len(e.fresh))
	for _, c := range e.fresh {
		place++
		sum := checksumOf(c)
		_, err := tx.Stmt(w.insertChange).Exec(changeID(t.id, place), t.id, c.Replica[:], c.Seq, c.Next, previousColumn(c), c.Hash[:],
			c.Signature, sum[:], codecChange, c.Body)
		if err != nil {
			return err
		}
	}
	for _, r := range e.forked {
		if _, err := tx.Exec(insertForkSQL, t.id, r[:]); err != nil {
			return err
		}
	}
	_, err := tx.Stmt(w.setListing).Exec(t.id, trimTitle(j.title), j.now.UnixMilli())
	return err
}

// shut empties the -wal file into the database and closes the connection. The
// queue has ended.
func (w *writer) shut() error {
	if err := w.connect(); err != nil {
		return err
	}
	err := emptyWAL(w.db)
	if err != nil && wantsRoom(err, filepath.Dir(w.path)) && w.reserve.release() {
		err = emptyWAL(w.db)
	}
	if err != nil {
		err = fmt.Errorf("storage: move the newest commits into %s: %w", w.path, err)
	}
	return errors.Join(err, w.db.Close())
}
