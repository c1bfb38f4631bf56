package disktest

import sqlite3 "modernc.org/sqlite/lib"

// fileLock is who holds SQLite's locks on a database file. See "File Locking And
// Concurrency In SQLite Version 3" (sqlite.org/lockingv3.html).
type fileLock struct {
	shared   int // handles with at least a shared lock
	reserved *handle
	pending  *handle // keeps new shared locks out
}

// lock raises h's lock to level, or says that others are in the way.
func (h *handle) lock(level int32) (ok bool) {
	l := &h.file.lock
	if h.level >= level {
		return true
	}
	if h.level == sqlite3.SQLITE_LOCK_NONE {
		if l.pending != nil {
			return false
		}
		l.shared++
		h.level = sqlite3.SQLITE_LOCK_SHARED
	}
	if level == sqlite3.SQLITE_LOCK_SHARED {
		return true
	}
	if l.reserved != nil && l.reserved != h {
		return false
	}
	l.reserved, h.level = h, max(h.level, sqlite3.SQLITE_LOCK_RESERVED)
	if level == sqlite3.SQLITE_LOCK_RESERVED {
		return true
	}
	l.pending, h.level = h, sqlite3.SQLITE_LOCK_PENDING
	if l.shared > 1 {
		return false
	}
	h.level = sqlite3.SQLITE_LOCK_EXCLUSIVE
	return true
}

// unlock lowers h's lock to level: shared or none.
func (h *handle) unlock(level int32) {
	l := &h.file.lock
	if h.level <= level {
		return
	}
	if l.reserved == h {
		l.reserved = nil
	}
	if l.pending == h {
		l.pending = nil
	}
	if level == sqlite3.SQLITE_LOCK_NONE {
		l.shared--
	}
	h.level = level
}

// shm is the memory that the connections to a database in WAL mode share, with its
// locks. It holds nothing lasting: it goes when the last of them closes.
type shm struct {
	users   int
	regions []uintptr
	// locks: of each, how many handles share it; -1 when one has it alone.
	locks [sqlite3.SQLITE_SHM_NLOCK]int
}

// lockShm takes or gives back the n locks from first on, as SQLite's xShmLock.
func (h *handle) lockShm(first, n, flags int32) (ok bool) {
	for i := first; i < first+n; i++ {
		if flags&sqlite3.SQLITE_SHM_LOCK != 0 && !h.mayLock(i, flags) {
			return false
		}
	}
	for i := first; i < first+n; i++ {
		if flags&sqlite3.SQLITE_SHM_UNLOCK != 0 {
			h.releaseShm(i)
		} else {
			h.takeShm(i, flags)
		}
	}
	return true
}

func (h *handle) mayLock(i, flags int32) bool {
	others := h.file.shm.locks[i]
	if flags&sqlite3.SQLITE_SHM_SHARED != 0 {
		return others >= 0
	}
	return others == 0
}

func (h *handle) takeShm(i, flags int32) {
	switch {
	case flags&sqlite3.SQLITE_SHM_EXCLUSIVE != 0:
		h.file.shm.locks[i] = -1
		h.alone |= 1 << i
	case h.sharing&(1<<i) == 0:
		h.file.shm.locks[i]++
		h.sharing |= 1 << i
	}
}

func (h *handle) releaseShm(i int32) {
	if h.alone&(1<<i) != 0 {
		h.file.shm.locks[i] = 0
	} else if h.sharing&(1<<i) != 0 {
		h.file.shm.locks[i]--
	}
	h.alone &^= 1 << i
	h.sharing &^= 1 << i
}
