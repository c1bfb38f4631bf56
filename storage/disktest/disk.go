package disktest

import (
	"fmt"
	"path"
	"strings"
	"sync"
	"sync/atomic"
)

// root is where the folders of all disks are, as SQLite names them. Nothing of the real
// machine is there.
const root = "/disktest/"

var (
	disks    sync.Map // folder -> *Disk
	diskLast atomic.Int64
)

// Disk is files in memory, in one folder. Its methods are safe for concurrent use.
type Disk struct {
	folder string

	mu        sync.Mutex
	names     map[string]*file
	lastFile  int
	recording bool
	base      map[string]baseFile // when recording began
	log       []event
	faults    faults
}

// file is what a name stands for until it is deleted; whoever has it open keeps it.
type file struct {
	id   int // unique in its disk
	data []byte
	lock fileLock
	shm  shm
}

// baseFile is a file when recording began; all of it is taken to be synced.
type baseFile struct {
	id   int
	data []byte
}

// event is an entry of the record.
type event struct {
	kind   kind
	file   int
	offset int64  // of a write; the new length for a truncation
	data   []byte // of a write
	name   string // of a creation or deletion
}

type kind byte

const (
	wrote kind = iota
	truncated
	synced
	syncFailed
	created
	deleted       // its folder not synced
	deletedSynced // with its folder
)

// New returns an empty disk. It must be closed.
func New() *Disk {
	register()
	d := &Disk{folder: fmt.Sprintf("%s%d", root, diskLast.Add(1)), names: map[string]*file{}}
	disks.Store(d.folder, d)
	return d
}

// Close forgets the disk. Nobody may have a file on it open.
func (d *Disk) Close() { disks.Delete(d.folder) }

// Folder returns the folder that is in memory, as an absolute slashed path.
func (d *Disk) Folder() string { return d.folder }

// Path returns the path of a file on d.
func (d *Disk) Path(name string) string { return d.folder + "/" + name }

// Create makes an empty file, or empties the one there is.
func (d *Disk) Create(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.create(name)
}

func (d *Disk) create(name string) *file {
	d.lastFile++
	f := &file{id: d.lastFile}
	d.names[name] = f
	d.note(event{kind: created, file: f.id, name: name})
	return f
}

// Remove deletes a file, if there is one.
func (d *Disk) Remove(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.delete(name, false)
}

// Size returns how many bytes a file has, -1 when there is none.
func (d *Disk) Size(name string) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.names[name]; f != nil {
		return int64(len(f.data))
	}
	return -1
}

// Record begins the record. What is on the disk now counts as synced.
func (d *Disk) Record() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.recording, d.log = true, nil
	d.base = map[string]baseFile{}
	for name, f := range d.names {
		d.base[name] = baseFile{f.id, append([]byte(nil), f.data...)}
	}
}

// Position returns how many events the record has.
func (d *Disk) Position() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.log)
}

// note puts e into the record; its data is not copied.
func (d *Disk) note(e event) {
	if d.recording {
		d.log = append(d.log, e)
	}
}

// find returns the disk that a path is on, and the file's name there; nil when it is
// on none.
func find(p string) (d *Disk, name string) {
	if !strings.HasPrefix(p, root) {
		return nil, ""
	}
	found, ok := disks.Load(path.Dir(p))
	if !ok {
		return nil, ""
	}
	return found.(*Disk), path.Base(p)
}
