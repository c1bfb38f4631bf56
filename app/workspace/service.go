package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"inkling/crdt"
	"inkling/netsync"
	"inkling/storage"
)

// Service says how a program without a window serves: it keeps the documents that people put to it and passes them on.
type Service struct {
	// Accept names those whose documents are taken without asking: by name, by the beginning of the device's key in
	// hexadecimal (8 digits at least), or [Anyone]. Those whose device was paired with this one while it served are
	// taken from as well, then and later: its owner has typed or shown a code for that.
	Accept []string
	// Quota is how many bytes the library's folder may have, backups included. When it has them, nothing more is taken
	// from others; what has been begun is finished. 0: as many as there is room for.
	Quota int64
}

// Anyone stands for all devices that this one was paired with, by a code or an invite.
const Anyone = "anyone-paired"

// keyDigits is how many digits of a key name it at least.
const keyDigits = 8

// service is a Service at work. nil takes from nobody and has no quota.
type service struct {
	quota  int64
	anyone bool

	mu   sync.Mutex
	from map[PeerID]bool
	full bool // as the peers were told
}

// guestsKey is where the library remembers the devices that were paired with the service: 32 bytes each.
const guestsKey = "served"

// maxGuests is how many these are at most.
const maxGuests = 1_024

// startService reads from whom documents are taken.
func (w *Workspace) startService(cfg *Service) error {
	if cfg == nil {
		return nil
	}
	s := &service{quota: cfg.Quota, from: map[PeerID]bool{}}
	guests, err := w.lib.State(crdt.DocID{}, guestsKey)
	if err != nil {
		return fmt.Errorf("read from whom documents are taken: %w", err)
	}
	for key := range slices.Chunk(guests, len(PeerID{})) {
		if len(key) == len(PeerID{}) {
			s.from[PeerID(key)] = true
		}
	}
	for _, who := range cfg.Accept {
		if who == Anyone {
			s.anyone = true
			continue
		}
		id, err := w.FindPerson(who)
		if err != nil {
			return err
		}
		s.from[id] = true
	}
	w.service = s
	return nil
}

// FindPerson returns the device of somebody who is known, by the name or by the beginning of the key. The error is a
// sentence.
func (w *Workspace) FindPerson(who string) (PeerID, error) {
	paired, err := w.paired()
	if err != nil {
		return PeerID{}, err
	}
	var found []PeerID
	for id, p := range paired {
		key := len(who) >= keyDigits && strings.HasPrefix(fmt.Sprintf("%x", id[:]), strings.ToLower(who))
		if key || strings.EqualFold(w.nameOf(p), who) {
			found = append(found, id)
		}
	}
	switch len(found) {
	case 0:
		return PeerID{}, fmt.Errorf("nobody called %q is known here. Let the devices know each other first: show a code on one by `inkling serve --pair`, and type it on the other", who)
	case 1:
		return found[0], nil
	}
	var keys []string
	for _, id := range found {
		keys = append(keys, fmt.Sprintf("%x", id[:keyDigits/2]))
	}
	slices.Sort(keys)
	return PeerID{}, fmt.Errorf("%d devices are called %q: say which by its key, %s", len(found), who, strings.Join(keys, " or "))
}

// takesFrom says whether what a device that is paired puts here is taken without asking.
func (s *service) takesFrom(id PeerID) bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.anyone || s.from[id]
}

// trust has documents taken from a device that was paired, and remembers that.
func (s *service) trust(lib *storage.Library, id PeerID) error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	guests, err := lib.State(crdt.DocID{}, guestsKey)
	if err != nil {
		return err
	}
	known := false
	for key := range slices.Chunk(guests, len(id)) {
		known = known || slices.Equal(key, id[:])
	}
	switch {
	case known:
	case len(guests) >= maxGuests*len(id):
		return fmt.Errorf("documents are taken from %d devices already", maxGuests)
	default:
		err = lib.SetState(crdt.DocID{}, guestsKey, append(slices.Clone(guests), id[:]...))
	}
	if err == nil {
		s.from[id] = true
	}
	return err
}

// roomPause is how often a service with a quota looks whether there is room again: by the compaction of what it has, or because its person
// has made some.
const roomPause = 5 * time.Second

// watchRoom tells the peers whether there is room, until the workspace is closed.
func (w *Workspace) watchRoom() {
	for {
		w.full()
		select {
		case <-time.After(roomPause):
		case <-w.life.Done():
			return
		}
	}
}

// full says whether the quota is reached, and tells the peers when that changes.
func (w *Workspace) full() bool {
	s := w.service
	if s == nil || s.quota == 0 || w.node == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	used, err := folderSize(w.dir)
	if err != nil {
		w.log.Error("measure the library's folder", "err", err)
		return s.full
	}
	if full := used >= s.quota; full != s.full {
		s.full = full
		w.node.SetFull(full)
		w.events.tell(SavingChanged{})
	}
	return s.full
}

// Room returns how many bytes the library's folder has, and how many it may have; 0: as many as there is room for.
func (w *Workspace) Room() (used, quota int64, err error) {
	if w.service != nil {
		quota = w.service.quota
	}
	used, err = folderSize(w.dir)
	return used, quota, err
}

// folderSize adds up the files in a folder and below. Those that go meanwhile do not count.
func folderSize(dir string) (size int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			var info fs.FileInfo
			if info, err = entry.Info(); err == nil {
				size += info.Size()
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	return size, err
}

// roomFor gives [netsync.ErrNoRoom] when nothing more is taken from others.
func (w *Workspace) roomFor() error {
	if w.full() {
		return netsync.ErrNoRoom
	}
	return nil
}
