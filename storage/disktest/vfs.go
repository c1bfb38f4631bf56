package disktest

import (
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// This file is the border to SQLite, which is C translated to Go: its structures lie
// outside Go's memory and hold addresses as numbers, and it calls functions by numbers.
// See sqlite.org/c3ref/vfs.html and io_methods.html for what each has to do.

// openFile is what SQLite keeps for each file of ours.
type openFile struct {
	sqlite3.Tsqlite3_file
	key uintptr // of handles
}

var (
	registered sync.Once
	before     *sqlite3.Tsqlite3_vfs // the default VFS until then
	beforeAt   uintptr
	methods    uintptr // our sqlite3_io_methods

	handlesMu sync.RWMutex
	handles   = map[uintptr]*handle{}
	lastKey   uintptr
)

// at returns what lies at an address outside Go's memory.
func at[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// bytesAt returns n bytes outside Go's memory.
func bytesAt(address uintptr, n int32) []byte { return unsafe.Slice(at[byte](address), n) }

// numberOf returns the number by which SQLite calls the function f, which is not a closure.
func numberOf[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

// function returns the function that SQLite calls by number.
func function[F any](number uintptr) F { return *(*F)(unsafe.Pointer(&number)) }

// register makes this package SQLite's default way to files, once and for good.
func register() {
	registered.Do(func() {
		tls := libc.NewTLS()
		beforeAt = sqlite3.Xsqlite3_vfs_find(tls, 0)
		before = at[sqlite3.Tsqlite3_vfs](beforeAt)
		vfsAt := libc.Xcalloc(tls, 1, libc.Tsize_t(unsafe.Sizeof(*before)))
		methods = libc.Xcalloc(tls, 1, libc.Tsize_t(unsafe.Sizeof(sqlite3.Tsqlite3_io_methods{})))
		name, err := libc.CString("disktest")
		if err != nil || vfsAt == 0 || methods == 0 {
			panic("disktest: no memory")
		}
		vfs := at[sqlite3.Tsqlite3_vfs](vfsAt)
		*vfs = *before // for what has nothing to do with files: time, dice, sleep
		vfs.FzName = name
		vfs.FszOsFile = max(before.FszOsFile, int32(unsafe.Sizeof(openFile{})))
		vfs.FxOpen = numberOf(xOpen)
		vfs.FxDelete = numberOf(xDelete)
		vfs.FxAccess = numberOf(xAccess)
		vfs.FxFullPathname = numberOf(xFullPathname)
		*at[sqlite3.Tsqlite3_io_methods](methods) = sqlite3.Tsqlite3_io_methods{
			FiVersion:               2, // with shared memory, without mapped files
			FxClose:                 numberOf(xClose),
			FxRead:                  numberOf(xRead),
			FxWrite:                 numberOf(xWrite),
			FxTruncate:              numberOf(xTruncate),
			FxSync:                  numberOf(xSync),
			FxFileSize:              numberOf(xFileSize),
			FxLock:                  numberOf(xLock),
			FxUnlock:                numberOf(xUnlock),
			FxCheckReservedLock:     numberOf(xCheckReservedLock),
			FxFileControl:           numberOf(xFileControl),
			FxSectorSize:            numberOf(xSectorSize),
			FxDeviceCharacteristics: numberOf(xDeviceCharacteristics),
			FxShmMap:                numberOf(xShmMap),
			FxShmLock:               numberOf(xShmLock),
			FxShmBarrier:            numberOf(xShmBarrier),
			FxShmUnmap:              numberOf(xShmUnmap),
		}
		if code := sqlite3.Xsqlite3_vfs_register(tls, vfsAt, 1); code != sqlite3.SQLITE_OK {
			panic("disktest: SQLite does not take the VFS")
		}
	})
}

// handleOf returns the handle of an open file, locked; unlock it by its disk's mutex.
func handleOf(fileAt uintptr) *handle {
	handlesMu.RLock()
	h := handles[at[openFile](fileAt).key]
	handlesMu.RUnlock()
	h.disk.mu.Lock()
	return h
}

func xOpen(tls *libc.TLS, vfs, name, fileAt uintptr, flags int32, out uintptr) int32 {
	var d *Disk
	var base string
	if name != 0 { // else a temporary file
		d, base = find(libc.GoString(name))
	}
	if d == nil {
		type open = func(tls *libc.TLS, vfs, name, fileAt uintptr, flags int32, out uintptr) int32
		return function[open](before.FxOpen)(tls, beforeAt, name, fileAt, flags, out)
	}
	d.mu.Lock()
	h, ok := d.open(base, flags)
	d.mu.Unlock()
	f := at[openFile](fileAt)
	if !ok {
		f.FpMethods = 0 // nothing to close
		return sqlite3.SQLITE_CANTOPEN
	}
	handlesMu.Lock()
	lastKey++
	f.FpMethods, f.key = methods, lastKey
	handles[lastKey] = h
	handlesMu.Unlock()
	if out != 0 {
		*at[int32](out) = flags
	}
	return sqlite3.SQLITE_OK
}

func xClose(tls *libc.TLS, fileAt uintptr) int32 {
	h := handleOf(fileAt)
	defer h.disk.mu.Unlock()
	h.unlock(sqlite3.SQLITE_LOCK_NONE)
	if h.deleteAtClose {
		h.disk.delete(h.name, false)
	}
	handlesMu.Lock()
	defer handlesMu.Unlock()
	delete(handles, at[openFile](fileAt).key)
	return sqlite3.SQLITE_OK
}

func xDelete(tls *libc.TLS, vfs, name uintptr, withFolder int32) int32 {
	d, base := find(libc.GoString(name))
	if d == nil {
		type remove = func(tls *libc.TLS, vfs, name uintptr, withFolder int32) int32
		return function[remove](before.FxDelete)(tls, beforeAt, name, withFolder)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.delete(base, withFolder != 0)
}

func xAccess(tls *libc.TLS, vfs, name uintptr, flags int32, out uintptr) int32 {
	d, base := find(libc.GoString(name))
	if d == nil {
		type access = func(tls *libc.TLS, vfs, name uintptr, flags int32, out uintptr) int32
		return function[access](before.FxAccess)(tls, beforeAt, name, flags, out)
	}
	size := d.Size(base)
	there := size >= 0
	if flags == sqlite3.SQLITE_ACCESS_EXISTS {
		there = size > 0 // as SQLite's own: an empty journal is as good as none
	}
	*at[int32](out) = libc.BoolInt32(there)
	return sqlite3.SQLITE_OK
}

func xFullPathname(tls *libc.TLS, vfs, name uintptr, room int32, out uintptr) int32 {
	p := libc.GoString(name)
	if d, _ := find(p); d == nil {
		type fullPathname = func(tls *libc.TLS, vfs, name uintptr, room int32, out uintptr) int32
		return function[fullPathname](before.FxFullPathname)(tls, beforeAt, name, room, out)
	}
	if len(p) >= int(room) {
		return sqlite3.SQLITE_CANTOPEN
	}
	copy(bytesAt(out, room), p+"\x00")
	return sqlite3.SQLITE_OK
}

func xRead(tls *libc.TLS, fileAt, buffer uintptr, n int32, offset int64) int32 {
	h := handleOf(fileAt)
	defer h.disk.mu.Unlock()
	return h.read(bytesAt(buffer, n), offset)
}

func xWrite(tls *libc.TLS, fileAt, buffer uintptr, n int32, offset int64) int32 {
	h := handleOf(fileAt)
	defer h.disk.mu.Unlock()
	return h.write(bytesAt(buffer, n), offset)
}

func xTruncate(tls *libc.TLS, fileAt uintptr, length int64) int32 {
	h := handleOf(fileAt)
	defer h.disk.mu.Unlock()
	return h.truncate(length)
}

func xSync(tls *libc.TLS, fileAt uintptr, flags int32) int32 {
	h := handleOf(fileAt)
	defer h.disk.mu.Unlock()
	return h.sync()
}

func xFileSize(tls *libc.TLS, fileAt, out uintptr) int32 {
	h := handleOf(fileAt)
	defer h.disk.mu.Unlock()
	*at[int64](out) = int64(len(h.file.data))
	return sqlite3.SQLITE_OK
}

func xLock(tls *libc.TLS, fileAt uintptr, level int32) int32 {
	h := handleOf(fileAt)
	defer h.disk.mu.Unlock()
	return orBusy(h.lock(level))
}

func xUnlock(tls *libc.TLS, fileAt uintptr, level int32) int32 {
	h := handleOf(fileAt)
	defer h.disk.mu.Unlock()
	h.unlock(level)
	return sqlite3.SQLITE_OK
}

func xCheckReservedLock(tls *libc.TLS, fileAt, out uintptr) int32 {
	h := handleOf(fileAt)
	defer h.disk.mu.Unlock()
	*at[int32](out) = libc.BoolInt32(h.file.lock.reserved != nil)
	return sqlite3.SQLITE_OK
}

func xFileControl(tls *libc.TLS, fileAt uintptr, op int32, argument uintptr) int32 {
	return sqlite3.SQLITE_NOTFOUND
}

func xSectorSize(tls *libc.TLS, fileAt uintptr) int32 { return 4096 } // as SQLite's own on unix

// A write leaves the bytes beside it alone: SQLite assumes that of all disks, unless told otherwise.
func xDeviceCharacteristics(tls *libc.TLS, fileAt uintptr) int32 {
	return sqlite3.SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

func xShmMap(tls *libc.TLS, fileAt uintptr, region, size, extend int32, out uintptr) int32 {
	h := handleOf(fileAt)
	defer h.disk.mu.Unlock()
	s := &h.file.shm
	if !h.usesShm {
		h.usesShm = true
		s.users++
	}
	*at[uintptr](out) = 0
	for int(region) >= len(s.regions) {
		if extend == 0 {
			return sqlite3.SQLITE_OK
		}
		memory := libc.Xcalloc(tls, 1, libc.Tsize_t(size))
		if memory == 0 {
			return sqlite3.SQLITE_NOMEM
		}
		s.regions = append(s.regions, memory)
	}
	*at[uintptr](out) = s.regions[region]
	return sqlite3.SQLITE_OK
}

func xShmLock(tls *libc.TLS, fileAt uintptr, first, n, flags int32) int32 {
	h := handleOf(fileAt)
	defer h.disk.mu.Unlock()
	return orBusy(h.lockShm(first, n, flags))
}

// The mutex that handleOf takes is the barrier.
func xShmBarrier(tls *libc.TLS, fileAt uintptr) { handleOf(fileAt).disk.mu.Unlock() }

func xShmUnmap(tls *libc.TLS, fileAt uintptr, remove int32) int32 {
	h := handleOf(fileAt)
	defer h.disk.mu.Unlock()
	if !h.usesShm {
		return sqlite3.SQLITE_OK
	}
	h.usesShm = false
	for i := range int32(sqlite3.SQLITE_SHM_NLOCK) {
		h.releaseShm(i)
	}
	s := &h.file.shm
	if s.users--; s.users == 0 {
		for _, memory := range s.regions {
			libc.Xfree(tls, memory)
		}
		*s = shm{}
	}
	return sqlite3.SQLITE_OK
}

func orBusy(ok bool) int32 {
	if ok {
		return sqlite3.SQLITE_OK
	}
	return sqlite3.SQLITE_BUSY
}
