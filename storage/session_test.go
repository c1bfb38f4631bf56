package storage_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"inkling/storage"
	"inkling/storage/disktest"
)

// session is a library in use, on a disk in memory, with what it said and when. Its
// clock is virtual.
type session struct {
	t       *testing.T
	rng     *rand.Rand
	disk    *disktest.Disk
	library *storage.Library
	entries []entry
	frames  map[int][][]byte // of the entries' changes, by document

	appended int         // entries, so far
	told     []int       // position of the disk when the entry was said to be committed
	added    map[int]int // likewise for documents
	counted  []int       // likewise for the values of a state, 0, 1, 2 …
	refused  []error     // what done functions were told, but for nil
}

// counter names the state that sessions count up in.
const counter = "counter"

// newSession makes an empty library on a new disk that records.
func newSession(t *testing.T, rng *rand.Rand, entries []entry) *session {
	t.Helper()
	s := &session{t: t, rng: rng, disk: disktest.New(), entries: entries, added: map[int]int{}, frames: map[int][][]byte{}}
	for _, e := range entries {
		s.frames[e.document] = append(s.frames[e.document], encoded(e.changes)...)
	}
	if err := storage.CreateIn(s.disk); err != nil {
		t.Fatal(err)
	}
	s.disk.Record()
	return s
}

// replay goes through the record of the session's disk.
func (s *session) replay(lying bool) *disktest.Replay {
	r := s.disk.Replay(s.rng)
	r.Lying = lying
	return r
}

// run opens the library, appends all entries, and closes it.
func (s *session) run() {
	s.bubble(func(*testing.T) {
		s.open()
		for s.appended < len(s.entries) {
			s.step()
		}
		s.close()
	})
}

// bubble runs f in virtual time.
func (s *session) bubble(f func(t *testing.T)) {
	outer := s.t
	defer func() { s.t = outer }()
	synctest.Test(outer, func(t *testing.T) {
		s.t = t
		f(t)
	})
}

// step appends an entry, with what a program does beside that.
func (s *session) step() {
	s.append()
	switch dice := s.rng.IntN(40); {
	case dice == 0:
		s.close()
		s.open()
	case dice < 4:
		s.count()
	case dice < 20:
		time.Sleep(time.Duration(s.rng.IntN(120)) * time.Millisecond)
	}
}

func (s *session) open() {
	l, err := storage.OpenIn(s.disk)
	s.must(err)
	s.library = l
}

func (s *session) close() {
	s.must(s.library.Close())
	if len(s.told) != s.appended {
		s.t.Fatalf("%d of %d told by the time Close returned", len(s.told), s.appended)
	}
}

// append appends the next entry, into a new document if need be.
func (s *session) append() {
	e := s.entries[s.appended]
	if _, known := s.added[e.document]; !known {
		s.must(s.library.Add(genesis(e.document), day))
		s.added[e.document] = s.disk.Position()
	}
	n := s.appended
	s.appended++
	s.library.Append(e.doc(), e.changes, e.title, e.now, func(err error) {
		if n != len(s.told) {
			s.t.Errorf("entry %d told after %d others", n, len(s.told))
		}
		if err != nil {
			s.refused = append(s.refused, fmt.Errorf("entry %d: %w", n, err))
		}
		s.told = append(s.told, s.disk.Position())
	})
}

func (s *session) count() {
	s.must(s.library.SetState(genesis(1).DocID(), counter, fmt.Append(nil, len(s.counted))))
	s.counted = append(s.counted, s.disk.Position())
}

func (s *session) must(err error) {
	if err != nil {
		s.t.Helper()
		s.t.Fatal(err)
	}
}

// toldBy returns how many entries were said to be committed when the disk was at position.
func (s *session) toldBy(position int) (n int) {
	for n < len(s.told) && s.told[n] <= position {
		n++
	}
	return n
}

// countedBy likewise for the counter.
func (s *session) countedBy(position int) (n int) {
	for n < len(s.counted) && s.counted[n] <= position {
		n++
	}
	return n
}
