package disktest

import sqlite3 "modernc.org/sqlite/lib"

// handle is a file that a connection has open.
type handle struct {
	disk          *Disk
	file          *file
	name          string
	deleteAtClose bool
	level         int32 // of its lock on the file
	usesShm       bool
	sharing       uint8 // bits of the shm locks that it shares
	alone         uint8 // and of those that it has alone
}

// open finds or makes a file. flags are SQLite's.
func (d *Disk) open(name string, flags int32) (*handle, bool) {
	f := d.names[name]
	if f == nil {
		if flags&sqlite3.SQLITE_OPEN_CREATE == 0 {
			return nil, false
		}
		f = d.create(name)
	}
	return &handle{disk: d, file: f, name: name, deleteAtClose: flags&sqlite3.SQLITE_OPEN_DELETEONCLOSE != 0}, true
}

// read fills b from offset on, with zeros behind the end of the file, and returns
// SQLite's result code.
func (h *handle) read(b []byte, offset int64) int32 {
	if h.disk.faults.refuse(FailedRead) {
		return sqlite3.SQLITE_IOERR_READ
	}
	n := 0
	if offset < int64(len(h.file.data)) {
		n = copy(b, h.file.data[offset:])
	}
	if n < len(b) {
		clear(b[n:])
		return sqlite3.SQLITE_IOERR_SHORT_READ
	}
	return sqlite3.SQLITE_OK
}

// write writes b, or half of it when the disk is full.
func (h *handle) write(b []byte, offset int64) int32 {
	code := int32(sqlite3.SQLITE_OK)
	if h.disk.faults.refuse(FullWrite) {
		b, code = b[:len(b)/2], sqlite3.SQLITE_FULL
	}
	h.file.data = put(h.file.data, b, offset)
	if h.disk.recording {
		h.disk.note(event{kind: wrote, file: h.file.id, offset: offset, data: append([]byte(nil), b...)})
	}
	return code
}

func (h *handle) truncate(length int64) int32 {
	h.file.data = cut(h.file.data, length)
	h.disk.note(event{kind: truncated, file: h.file.id, offset: length})
	return sqlite3.SQLITE_OK
}

func (h *handle) sync() int32 {
	if h.disk.faults.refuse(FailedSync) {
		h.disk.note(event{kind: syncFailed, file: h.file.id})
		return sqlite3.SQLITE_IOERR_FSYNC
	}
	h.disk.note(event{kind: synced, file: h.file.id})
	return sqlite3.SQLITE_OK
}

func (d *Disk) delete(name string, withFolder bool) int32 {
	f := d.names[name]
	if f == nil {
		return sqlite3.SQLITE_IOERR_DELETE_NOENT
	}
	delete(d.names, name)
	k := deleted
	if withFolder {
		k = deletedSynced
	}
	d.note(event{kind: k, file: f.id, name: name})
	return sqlite3.SQLITE_OK
}

// put returns data with b at offset, longer where need be.
func put(data, b []byte, offset int64) []byte {
	if end := offset + int64(len(b)); end > int64(len(data)) {
		data = append(data, make([]byte, end-int64(len(data)))...)
	}
	copy(data[offset:], b)
	return data
}

// cut returns data with the given length, zeros at the end where it was shorter.
func cut(data []byte, length int64) []byte {
	if length <= int64(len(data)) {
		return data[:length]
	}
	return append(data, make([]byte, length-int64(len(data)))...)
}
