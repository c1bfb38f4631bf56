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

var faultStep = flag.Int("faultstep", 7, "of so many writes and syncs the tests of faults let one fail at a time; 1: each of them")

// entriesPerFault makes trials with many dozens of writes and syncs, checkpoints
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
			tr := newTrial(t, rng, entries)
			hit := tr.runBroken(f, &waited)
			tr.disk.Close()
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

// runBroken runs a trial on a disk with a fault, and says whether it was met. When
// the fault lasts, the disk is healed after all entries were appended; otherwise it may
// also be met in closing.
func (tr *trial) runBroken(f disktest.Fault, waited *int) (hit bool) {
	tr.bubble(func(t *testing.T) {
		tr.open()
		for _, e := range tr.entries {
			tr.must(tr.library.Add(genesis(e.document), day))
			tr.added[e.document] = tr.disk.Position()
		}
		tr.disk.Break(f)
		tr.appendAll()
		time.Sleep(20 * time.Second) // longer than the longest pause before another try
		tr.checkTrouble(waited)
		if f.Lasting {
			hit = tr.disk.Refusals() > 0
			tr.disk.Heal()
			time.Sleep(20 * time.Second)
		}
		if _, err := tr.library.Trouble(); err != nil || len(tr.told) < len(tr.entries) {
			t.Errorf("%v at %d: after the disk works again %d of %d are committed, trouble: %v", f.Kind, f.Nth, len(tr.told), len(tr.entries), err)
		}
		refused := tr.disk.Refusals()
		if err := tr.library.Close(); err != nil && tr.disk.Refusals() == refused {
			t.Errorf("%v at %d: close: %v", f.Kind, f.Nth, err)
		}
		hit = hit || tr.disk.Refusals() > 0
		for _, err := range tr.refused {
			t.Errorf("%v at %d: %v", f.Kind, f.Nth, err)
		}
	})
	tr.cutPower(f)
	return hit
}

// appendAll appends all entries and counts in between.
func (tr *trial) appendAll() {
	for tr.appended < len(tr.entries) {
		tr.append()
		time.Sleep(time.Duration(tr.rng.IntN(100)) * time.Millisecond)
		if tr.rng.IntN(3) > 0 {
			continue
		}
		value := fmt.Append(nil, len(tr.counted))
		if err := tr.library.SetState(genesis(1).DocID(), counter, value); err == nil {
			tr.counted = append(tr.counted, tr.disk.Position())
		}
	}
}

// checkTrouble says that trouble is told exactly when something waits, and that there
// is no room for remote changes then.
func (tr *trial) checkTrouble(waited *int) {
	since, err := tr.library.Trouble()
	waiting := len(tr.told) < tr.appended
	if waiting != (err != nil) || waiting == since.IsZero() {
		tr.t.Errorf("%d of %d told, and trouble is %v, since %v", len(tr.told), tr.appended, err, since)
	}
	if tr.disk.Refusals() == 0 {
		return
	}
	if room := tr.library.AwaitRoom(context.Background()); waiting != (room != nil) {
		tr.t.Errorf("%d of %d told, and room for remote changes: %v", len(tr.told), tr.appended, room)
	}
	if waiting {
		*waited++
	}
}

// imagesPerFault are drawn where the power fails in or after a trial with a fault.
const imagesPerFault = 2

// cutPower judges images of random moments, and of the end, where all must be there.
func (tr *trial) cutPower(f disktest.Fault) {
	positions := map[int]bool{tr.disk.Position(): true}
	for len(positions) < min(imagesPerFault, tr.disk.Position()) {
		positions[tr.rng.IntN(tr.disk.Position())] = true
	}
	for r := tr.replay(false); r.Next(); {
		if !positions[r.Position()] {
			continue
		}
		image := r.Image(tr.rng)
		v := tr.judge(image)
		image.Close()
		if v.corrupt != nil {
			tr.t.Errorf("%v at %d, then power cut at event %d: %v", f.Kind, f.Nth, r.Position(), v.corrupt)
		} else if err := v.lost(tr, r.Position()); err != nil {
			tr.t.Errorf("%v at %d, then power cut at event %d: %v", f.Kind, f.Nth, r.Position(), err)
		}
	}
}

// A disk that cannot be read just now is told as that: the library is not called
// damaged, and opens when the disk works again.
func TestEveryReadMayFailAtTheOpening(t *testing.T) {
	rng := crashSeed(t)
	tr := newTrial(t, rng, writing(t, rng, entriesPerFault))
	tr.run()
	for n := 1; ; n++ {
		tr.disk.Break(disktest.Fault{Kind: disktest.FailedRead, Nth: n})
		l, err := storage.OpenIn(tr.disk)
		refused := tr.disk.Refusals() > 0
		tr.disk.Heal()
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
	if v := tr.judge(tr.disk); v.corrupt != nil || v.entries < len(tr.entries) {
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
