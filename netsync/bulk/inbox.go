package bulk

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"inkling/crdt"
	"inkling/netsync/wire"
)

// Limits of an inbox.
const (
	MaxItems = 16
	MaxBytes = 4 * wire.MaxBlock
)

// ErrBusy says that somebody fills the item already, or that there is no room beside those that are being filled.
var ErrBusy = errors.New("bulk: no room for one more block at a time")

// Inbox is a folder of items: one file each, named by document and hash. Its methods are safe for concurrent use.
type Inbox struct {
	folder string

	mu   sync.Mutex
	open map[crdt.DocID]*Item // that are being filled
}

// NewInbox returns the inbox in a folder, which is made when the first item comes.
func NewInbox(folder string) *Inbox {
	return &Inbox{folder: folder, open: map[crdt.DocID]*Item{}}
}

// Item is a block of which some bytes have come. It is used by one goroutine at a time.
type Item struct {
	inbox  *Inbox
	file   *os.File
	doc    crdt.DocID
	hash   wire.Hash
	length int
	have   int // bytes
}

func itemName(doc crdt.DocID, hash wire.Hash) string {
	return hex.EncodeToString(doc[:]) + "-" + hex.EncodeToString(hash[:])
}

// Open returns the item of a block, with what came of it earlier. The error may be [ErrBusy].
func (in *Inbox) Open(doc crdt.DocID, hash wire.Hash, length int) (*Item, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.open[doc] != nil {
		return nil, ErrBusy
	}
	if err := os.MkdirAll(in.folder, 0o700); err != nil {
		return nil, fmt.Errorf("bulk: keep a block: %w", err)
	}
	if err := in.makeRoom(doc, hash, length); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(in.folder, itemName(doc, hash)), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("bulk: keep a block: %w", err)
	}
	have, err := f.Seek(0, io.SeekEnd)
	if err == nil && have > int64(length) {
		have, err = 0, f.Truncate(0) // it is none of ours
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("bulk: keep a block: %w", err)
	}
	i := &Item{inbox: in, file: f, doc: doc, hash: hash, length: length, have: int(have)}
	in.open[doc] = i
	return i, nil
}

// makeRoom removes all that nobody is filling, if there is no room for one more. The caller holds in.mu.
func (in *Inbox) makeRoom(doc crdt.DocID, hash wire.Hash, length int) error {
	entries, err := os.ReadDir(in.folder)
	if err != nil {
		return fmt.Errorf("bulk: keep a block: %w", err)
	}
	count, size := 1, int64(length)
	var idle []string
	for _, e := range entries {
		info, err := e.Info()
		path := filepath.Join(in.folder, e.Name())
		if err != nil || e.Name() == itemName(doc, hash) {
			continue
		}
		count, size = count+1, size+info.Size()
		if !in.filling(e.Name()) {
			idle = append(idle, path)
		}
	}
	for _, i := range in.open {
		size += int64(i.length - i.have)
	}
	if count <= MaxItems && size <= MaxBytes {
		return nil
	}
	for _, path := range idle {
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("bulk: make room: %w", err)
		}
	}
	if len(in.open) >= MaxItems {
		return ErrBusy
	}
	size = int64(length)
	for _, i := range in.open {
		size += int64(i.length)
	}
	if size > MaxBytes {
		return ErrBusy
	}
	return nil
}

// Filling says whether an item of doc is being filled.
func (in *Inbox) Filling(doc crdt.DocID) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.open[doc] != nil
}

func (in *Inbox) filling(name string) bool {
	for _, i := range in.open {
		if itemName(i.doc, i.hash) == name {
			return true
		}
	}
	return false
}

// Forget removes what has come of doc, when nothing of that is wanted any more.
func (in *Inbox) Forget(doc crdt.DocID) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.open[doc] != nil {
		return
	}
	own, _ := filepath.Glob(filepath.Join(in.folder, hex.EncodeToString(doc[:])+"-*")) // the pattern is well-formed
	for _, path := range own {
		os.Remove(path) // if that fails, it goes when there is no room
	}
}

// Have returns how many bytes have come.
func (i *Item) Have() int { return i.have }

// Whole says whether all have come.
func (i *Item) Whole() bool { return i.have == i.length }

// Add keeps the next bytes. More than the block has are an error, a [*wire.Error].
func (i *Item) Add(part []byte) error {
	if len(part) > i.length-i.have {
		return &wire.Error{Code: wire.TooLarge, Reason: fmt.Sprintf("more than the %d bytes of the block", i.length)}
	}
	if _, err := i.file.WriteAt(part, int64(i.have)); err != nil {
		return fmt.Errorf("bulk: keep a part: %w", err)
	}
	i.have += len(part)
	return nil
}

// ErrOtherBytes says that all bytes have come, and are not those of the hash.
var ErrOtherBytes = errors.New("bulk: these are not the bytes that were announced")

// Bytes returns the whole block.
func (i *Item) Bytes() ([]byte, error) {
	body := make([]byte, i.length)
	if _, err := i.file.ReadAt(body, 0); err != nil {
		return nil, fmt.Errorf("bulk: read a block: %w", err)
	}
	if sha256.Sum256(body) != i.hash {
		return nil, ErrOtherBytes
	}
	return body, nil
}

// Close ends the filling: what has come stays, for the next time.
func (i *Item) Close() {
	i.inbox.mu.Lock()
	defer i.inbox.mu.Unlock()
	if i.inbox.open[i.doc] == i {
		delete(i.inbox.open, i.doc)
		i.file.Close() // nothing relies on it: the hash is compared when all is there
	}
}

// Remove is Close, and what has come goes.
func (i *Item) Remove() {
	i.Close()
	os.Remove(i.file.Name()) // if that fails, it goes when there is no room
}
