package storage

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

var (
	// ErrNotFound says that the library has no such document, peer or invite.
	ErrNotFound = errors.New("storage: not in the library")
	// ErrReadOnly says that the library was opened with [OpenReadOnly].
	ErrReadOnly = errors.New("storage: the library is open for reading only")
	// ErrClosed says that the library was closed before.
	ErrClosed = errors.New("storage: the library is closed")
)

// Library is one person's documents on disk. Its methods are safe for concurrent
// use. Times are kept to the millisecond.
type Library struct {
	dir      string
	name     string // of the file in dir; "": library.db
	readers  *sql.DB
	archives *archives
	// Of the owner only; nil in a library opened for reading.
	lock    *os.File
	queue   *queue
	tails   *tails
	writer  *writer
	reserve *reserve
	// incoming are the attachments whose contents are coming in.
	incoming incoming
	// compacting is held by who puts blocks in the place of rows.
	compacting sync.Mutex

	scrubbing sync.Mutex // guards scrub
	scrub     *scrub     // nil until it is asked for

	indexRenewed string // see IndexRenewed

	named   atomic.Uint64 // writer.commits when the library got its token
	backing sync.Mutex    // held while a backup is made

	closing  sync.Once
	closeErr error
}

// Open opens the library in dir as its owner, and makes dir and an empty library
// when there is none. Errors: [*LockedError] when somebody else owns it,
// [*NewerError] when a newer Inkling wrote it, [*DamagedError] when it is not what
// was written, [*PlaceError] when it must not lie in dir, [*MigrationError] when it is an older Inkling's and could not be brought to this
// one's format. In none of these cases is anything in it altered. A folder that it
// makes is for the owner's eyes only (0700); one that is there keeps its mode, and
// the files in it are 0600 all the same.
//
// The structure of all tables is checked, in about 1 ms per MB; beyond
// [fullCheckBytes] only part of it.
func Open(dir string) (*Library, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("storage: open %s: %w", dir, err)
	}
	if err := checkPlace(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("storage: make the library's folder: %w", err)
	}
	lock, err := acquireLock(dir)
	if err != nil {
		return nil, err
	}
	l, err := openOwned(dir, lock)
	if err != nil && wantsRoom(err, dir) && newReserve(dir).release() {
		l, err = openOwned(dir, lock)
	}
	if err != nil {
		lock.Close()
		return nil, err
	}
	return l, nil
}

func openOwned(dir string, lock *os.File) (*Library, error) {
	path := filepath.Join(dir, databaseFile)
	if err := finishRestore(dir); err != nil {
		return nil, err
	}
	cut, err := sizeOf(path + walSuffix)
	if err != nil {
		return nil, err
	}
	found, err := ensureSound(dir, path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, fmt.Errorf("storage: open library: %w", err)
	}
	err = mendIndex(path, found)
	if err == nil && found.version < written.version() {
		err = migrate(dir, found.version)
	}
	if err != nil {
		return nil, err
	}
	l, err := begin(dir, lock, cut > 0)
	if err == nil {
		l.indexRenewed = string(found.index)
	}
	return l, err
}

// begin opens the connections to the library in dir, which is sound, and starts the writer. cut says that it was
// not closed the last time.
func begin(dir string, lock *os.File, cut bool) (*Library, error) {
	path := filepath.Join(dir, databaseFile)
	w := &writer{path: path, stopped: make(chan struct{})}
	if err := w.connect(); err != nil {
		return nil, err
	}
	readers, err := openReaders(path, "rw")
	if err != nil {
		w.db.Close()
		return nil, err
	}
	l := &Library{dir: dir, lock: lock, readers: readers, archives: newArchives(readers), tails: newTails(readers), queue: newQueue(),
		writer: w, reserve: newReserve(dir)}
	w.queue, w.tails, w.archives, w.reserve = l.queue, l.tails, l.archives, l.reserve
	_ = l.reserve.take() // HasReserve says that there is none, and TakeReserve why
	if cut {             // nobody knows whether its token came last
		w.commits.Add(1)
	}
	go l.queue.tell()
	go w.run()
	return l, nil
}

// OpenReadOnly opens the library in dir to look at it or to export from it, also a
// damaged one, and also while its owner has it open. It takes no lock and alters
// neither library.db nor library.db-wal (SQLite may make an empty -wal and a -shm
// file beside them). Methods that write give [ErrReadOnly]. Of a library written by a
// newer Inkling can be read what this one understands; when that is not even the list
// of documents, it gives a [*NewerError].
func OpenReadOnly(dir string) (*Library, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("storage: open %s: %w", dir, err)
	}
	path := filepath.Join(dir, databaseFile)
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("storage: no library in %s: %w", dir, err)
	}
	readers, err := openLenient(path)
	if err != nil {
		return nil, err
	}
	l := &Library{dir: dir, readers: readers, archives: newArchives(readers)}
	var newer *NewerError
	_, err = checkIdentity(readers, dir)
	if errors.As(err, &newer) && l.listable() {
		err = nil
	}
	if err != nil {
		readers.Close()
		return nil, fmt.Errorf("storage: open %s for reading: %w", path, err)
	}
	return l, nil
}

// listable says whether the library has the tables of which the list of documents is made.
func (l *Library) listable() bool {
	_, err := l.documents(`LIMIT 0`)
	return err == nil
}

// ReadOnly says whether the library was opened by [OpenReadOnly] or [OpenBackup].
func (l *Library) ReadOnly() bool { return l.queue == nil }

// Dir returns the library's folder, absolute.
func (l *Library) Dir() string { return l.dir }

// file returns the name of the library's file in its folder.
func (l *Library) file() string { return cmp.Or(l.name, databaseFile) }

// Close commits what is queued, tells everyone waiting, empties the -wal file into
// the database and gives the library up. When the disk refuses to the last, the
// error says how much was not saved. Close must not be called from a done function
// of [Library.Append]. Closing again returns the same.
func (l *Library) Close() error {
	l.closing.Do(func() { l.closeErr = l.close() })
	return l.closeErr
}

func (l *Library) close() error {
	defer l.archives.close()
	if l.writer == nil {
		return l.readers.Close()
	}
	givenUp := l.queue.close()
	<-l.writer.stopped
	<-l.queue.told
	return errors.Join(givenUp(), l.readers.Close(), l.writer.shut(), l.lock.Close())
}

// Trouble says since when nothing can be saved, and why; err is nil while all is
// well. Changes stay in the queue meanwhile and are tried again, at least every
// five seconds.
func (l *Library) Trouble() (since time.Time, err error) {
	if l.queue == nil {
		return time.Time{}, nil
	}
	return l.queue.trouble()
}

// write runs f in a transaction of the writer, in its turn, and returns after the
// commit. f may run again on a new connection only if write is called again.
func (l *Library) write(what string, f func(*sql.Tx) error) error {
	return l.onWriter(what, func(db *sql.DB) error {
		err := transact(db, f)
		if err == nil {
			l.writer.commits.Add(1)
		}
		return err
	})
}

// writeThen is write, with what the writer itself is to do after the commit, before it does anything else.
func (l *Library) writeThen(what string, f func(*sql.Tx) error, then func()) error {
	return l.onWriter(what, func(db *sql.DB) error {
		err := transact(db, f)
		if err == nil {
			l.writer.commits.Add(1)
			then()
		}
		return err
	})
}

// writeAside is write for what is no reason to make a backup.
func (l *Library) writeAside(what string, f func(*sql.Tx) error) error {
	return l.onWriter(what, func(db *sql.DB) error { return transact(db, f) })
}

// onWriter runs f with the connection that writes, in its turn.
func (l *Library) onWriter(what string, f func(*sql.DB) error) error {
	if l.queue == nil {
		return ErrReadOnly
	}
	if err := l.queue.write(f); err != nil {
		return fmt.Errorf("storage: %s: %w", what, err)
	}
	return nil
}
