package storage

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"inkling/crdt"
)

// writer owns the only connection that writes. Its goroutine commits one group of
// the queue after the other.
type writer struct {
	path    string
	queue   *queue
	tails   *tails
	stopped chan struct{} // closed when run has ended

	// db is nil after a failure: what the connection then holds in memory is not
	// to be relied on (a sync that failed once may succeed the next time without
	// having written anything), so it is closed, and the truth read again.
	db           *sql.DB
	insertChange *sql.Stmt
	setListing   *sql.Stmt
}

const insertChangeSQL = `
INSERT INTO change (id, doc, replica, seq, next_seq, hash, signature, checksum, codec, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const setListingSQL = `
INSERT INTO listing (doc, title, modified) VALUES (?, ?, ?)
    ON CONFLICT (doc) DO UPDATE SET title = excluded.title, modified = excluded.modified`

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
		if err := w.commit(group); err != nil {
			w.disconnect()
			w.queue.refused(group, err, time.Now())
			continue
		}
		w.queue.committed(group)
	}
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
	group[0].err = transact(w.db, group[0].write)
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
			var fresh []*crdt.Change
			if fresh, j.err = t.extend(j.changes); len(fresh) == 0 {
				continue
			}
			if err := w.insert(tx, t, j, fresh); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("storage: commit changes: %w", err)
	}
	w.tails.publish(grown)
	return nil
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

// insert writes the changes of j that are fresh; t counts them already.
func (w *writer) insert(tx *sql.Tx, t *tail, j *job, fresh []*crdt.Change) error {
	place := t.place - int64(len(fresh))
	for _, c := range fresh {
		place++
		sum := checksumOf(c)
		_, err := tx.Stmt(w.insertChange).Exec(changeID(t.id, place), t.id, c.Replica[:], c.Seq, c.Next, c.Hash[:], c.Signature, sum[:], codecChange, c.Body)
		if err != nil {
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
	var busy, pages, moved int
	err := w.db.QueryRow("PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved)
	if err != nil {
		err = fmt.Errorf("storage: move the newest commits into %s: %w", w.path, err)
	}
	return errors.Join(err, w.db.Close())
}
