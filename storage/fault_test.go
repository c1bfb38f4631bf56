package storage_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/storage"
	"inkling/storage/disktest"
	"inkling/storage/storagetest"
)

var faultStep = flag.Int("faultstep", 5, "of so many writes and syncs the tests of faults let one fail at a time; 1: each of them")

// entriesPerFault makes sessions with many dozens of writes and syncs, checkpoints
// among them.
const entriesPerFault = 16

// Whichever write, sync or read the disk refuses, once or from then on: nothing is told to be
// committed that is not, trouble is told as long as something waits, and when the disk
// works again all is committed, in order. Also when the power fails on top of that.
func TestEveryWriteAndEverySyncMayFail(t *testing.T) {
	rng := crashSeed(t)
	for _, f := range []disktest.Fault{
		{Kind: disktest.FullWrite}, {Kind: disktest.FullWrite, Lasting: true},
		{Kind: disktest.FailedSync}, {Kind: disktest.FailedSync, Lasting: true},
		{Kind: disktest.FailedRead}, {Kind: disktest.FailedRead, Lasting: true},
	} {
		restore := storage.SetPragma("wal_autocheckpoint", "8")
		entries := writing(t, rng, entriesPerFault)
		waited := 0
		tried := 0
		for f.Nth = 1 + rng.IntN(*faultStep); !t.Failed(); f.Nth += *faultStep {
			s := newSession(t, rng, entries)
			hit := s.runBroken(f, &waited)
			s.disk.Close()
			if !hit {
				break // all were tried
			}
			tried++
		}
		restore()
		t.Logf("%v, lasting %v: %d tried, changes had to wait in %d", f.Kind, f.Lasting, tried, waited)
		if t.Failed() {
			break
		}
		if tried == 0 || f.Lasting && waited == 0 {
			t.Error("no fault was met, or none kept anything waiting: the test says nothing")
		}
	}
}

// runBroken runs a session on a disk with a fault, and says whether it was met. When
// the fault lasts, the disk is healed after all entries were appended; otherwise it may
// also be met in closing.
func (s *session) runBroken(f disktest.Fault, waited *int) (hit bool) {
	s.bubble(func(t *testing.T) {
		s.open()
		for _, e := range s.entries {
			s.must(s.library.Add(genesis(e.document), day))
			s.added[e.document] = s.disk.Position()
		}
		s.disk.Break(f)
		s.appendAll()
		time.Sleep(20 * time.Second) // longer than the longest pause before another try
		s.checkTrouble(waited)
		if f.Lasting {
			hit = s.disk.Refusals() > 0
			s.disk.Heal()
			time.Sleep(20 * time.Second)
		}
		if _, err := s.library.Trouble(); err != nil || len(s.told) < len(s.entries) {
			t.Errorf("%v at %d: after the disk works again %d of %d are committed, trouble: %v", f.Kind, f.Nth, len(s.told), len(s.entries), err)
		}
		refused := s.disk.Refusals()
		if err := s.library.Close(); err != nil && s.disk.Refusals() == refused {
			t.Errorf("%v at %d: close: %v", f.Kind, f.Nth, err)
		}
		hit = hit || s.disk.Refusals() > 0
		for _, err := range s.refused {
			t.Errorf("%v at %d: %v", f.Kind, f.Nth, err)
		}
	})
	s.cutPower(f)
	return hit
}

// appendAll appends all entries and counts in between.
func (s *session) appendAll() {
	for s.appended < len(s.entries) {
		s.append()
		time.Sleep(time.Duration(s.rng.IntN(100)) * time.Millisecond)
		if s.rng.IntN(3) > 0 {
			continue
		}
		value := fmt.Append(nil, len(s.counted))
		if err := s.library.SetState(genesis(1).DocID(), counter, value); err == nil {
			s.counted = append(s.counted, s.disk.Position())
		}
	}
}

// checkTrouble says that trouble is told exactly when something waits, and that there
// is no room for remote changes then.
func (s *session) checkTrouble(waited *int) {
	since, err := s.library.Trouble()
	waiting := len(s.told) < s.appended
	if waiting != (err != nil) || waiting == since.IsZero() {
		s.t.Errorf("%d of %d told, and trouble is %v, since %v", len(s.told), s.appended, err, since)
	}
	if s.disk.Refusals() == 0 {
		return
	}
	if room := s.library.AwaitRoom(context.Background()); waiting != (room != nil) {
		s.t.Errorf("%d of %d told, and room for remote changes: %v", len(s.told), s.appended, room)
	}
	if waiting {
		*waited++
	}
}

// imagesPerFault are drawn where the power fails in or after a session with a fault.
const imagesPerFault = 2

// cutPower judges images of random moments, and of the end, where all must be there.
func (s *session) cutPower(f disktest.Fault) {
	positions := map[int]bool{s.disk.Position(): true}
	for len(positions) < min(imagesPerFault, s.disk.Position()) {
		positions[s.rng.IntN(s.disk.Position())] = true
	}
	for r := s.replay(false); r.Next(); {
		if !positions[r.Position()] {
			continue
		}
		image := r.Image(s.rng)
		v := s.judge(image)
		image.Close()
		if v.corrupt != nil {
			s.t.Errorf("%v at %d, then power cut at event %d: %v", f.Kind, f.Nth, r.Position(), v.corrupt)
		} else if err := v.lost(s, r.Position()); err != nil {
			s.t.Errorf("%v at %d, then power cut at event %d: %v", f.Kind, f.Nth, r.Position(), err)
		}
	}
}

// A disk that cannot be read just now is told as that: the library is not called
// damaged, and opens when the disk works again.
func TestEveryReadMayFailAtTheOpening(t *testing.T) {
	rng := crashSeed(t)
	s := newSession(t, rng, writing(t, rng, entriesPerFault))
	s.run()
	for n := 1; ; n++ {
		s.disk.Break(disktest.Fault{Kind: disktest.FailedRead, Nth: n})
		l, err := storage.OpenIn(s.disk)
		refused := s.disk.Refusals() > 0
		s.disk.Heal()
		if err == nil {
			err = errors.Join(checkAll(l), l.Close())
		} else if strings.Contains(err.Error(), "I/O error") {
			err = nil
		}
		if err != nil {
			t.Errorf("read %d failed: %v", n, err)
		}
		if !refused {
			t.Logf("%d reads tried", n-1)
			break
		}
	}
	if v := s.judge(s.disk); v.corrupt != nil || v.entries < len(s.entries) {
		t.Errorf("afterwards: %d entries, %v", v.entries, v.corrupt)
	}
}

// A new library is made beside its place and renamed, and that moves one file only: when
// making it has succeeded, all is in that file and safe, whatever failed on the way.
func TestEveryWriteAndEverySyncMayFailWhileALibraryIsMade(t *testing.T) {
	rng := crashSeed(t)
	for _, f := range []disktest.Fault{{Kind: disktest.FullWrite}, {Kind: disktest.FailedSync}, {Kind: disktest.FailedSync, Lasting: true}} {
		made := 0
		for f.Nth = 1; ; f.Nth++ {
			disk := disktest.New()
			disk.Record()
			disk.Break(f)
			err := storage.CreateIn(disk)
			hit := disk.Refusals() > 0
			if err == nil {
				made++
				openAlone(t, disk.Replay(rng), rng)
			}
			disk.Close()
			if !hit {
				break
			}
		}
		t.Logf("%v, lasting %v: %d tried, made nevertheless: %d", f.Kind, f.Lasting, f.Nth-1, made-1)
	}
}

// openAlone opens the library on some images of the end of a record, without its -wal file.
func openAlone(t *testing.T, r *disktest.Replay, rng *rand.Rand) {
	t.Helper()
	for r.Next() {
	}
	for range imagesPerPosition {
		image := r.Image(rng)
		image.Remove("library.db-wal")
		l, err := storage.OpenIn(image)
		if err != nil {
			t.Errorf("a library was made that does not open: %v", err)
		} else if err := l.Close(); err != nil {
			t.Error(err)
		}
		image.Close()
	}
}

// A write that refuses half-way leaves nothing, and is in nobody's way.
func TestARefusedWriteLeavesNothing(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	no := errors.New("no")
	if err := storage.WriteAndRefuse(l, "key", no); !errors.Is(err, no) {
		t.Errorf("told %v, want what it refused with", err)
	}
	mustSave(t, l, doc, newHand(1, 1).insert(0, "x"))
	if value, err := l.State(crdt.DocID{}, "key"); err != nil || value != nil {
		t.Errorf("left behind: %x, %v", value, err)
	}
}
