package storage_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"inkling/crdt"
	"inkling/storage"
	"inkling/storage/disktest"
)

// trial is a library in use, on a disk in memory, with what it said and when. Its
// clock is virtual.
type trial struct {
	t       *testing.T
	rng     *rand.Rand
	disk    *disktest.Disk
	library *storage.Library
	entries []entry
	changes map[int][]*crdt.Change // of the entries, by document

	appended int         // entries, so far
	told     []int       // position of the disk when the entry was said to be committed
	added    map[int]int // likewise for documents
	counted  []int       // likewise for the values of a state, 0, 1, 2 …
	refused  []error     // what done functions were told, but for nil
}

// counter names the state that trials count up in.
const counter = "counter"

// newTrial makes an empty library on a new disk that records.
func newTrial(t *testing.T, rng *rand.Rand, entries []entry) *trial {
	t.Helper()
	tr := &trial{t: t, rng: rng, disk: disktest.New(), entries: entries, added: map[int]int{}, changes: map[int][]*crdt.Change{}}
	for _, e := range entries {
		tr.changes[e.document] = append(tr.changes[e.document], e.changes...)
	}
	if err := storage.CreateIn(tr.disk); err != nil {
		t.Fatal(err)
	}
	tr.disk.Record()
	return tr
}

// replay goes through the record of the trial's disk.
func (tr *trial) replay(lying bool) *disktest.Replay {
	r := tr.disk.Replay(tr.rng)
	r.Lying = lying
	return r
}

// run opens the library, appends all entries, and closes it.
func (tr *trial) run() {
	tr.bubble(func(*testing.T) {
		tr.open()
		for tr.appended < len(tr.entries) {
			tr.step()
		}
		tr.close()
	})
}

// bubble runs f in virtual time.
func (tr *trial) bubble(f func(t *testing.T)) {
	outer := tr.t
	defer func() { tr.t = outer }()
	synctest.Test(outer, func(t *testing.T) {
		tr.t = t
		f(t)
	})
}

// step appends an entry, with what a program does beside that: it rests, compacts, gives room back, starts again.
func (tr *trial) step() {
	tr.append()
	switch dice := tr.rng.IntN(40); {
	case dice == 0:
		tr.close()
		tr.open()
	case dice < 4:
		tr.count()
	case dice < 8:
		tr.compact()
	case dice == 8:
		_, err := tr.library.Shrink(context.Background())
		tr.must(err)
	case dice < 22:
		time.Sleep(time.Duration(tr.rng.IntN(120)) * time.Millisecond)
	}
}

func (tr *trial) open() {
	l, err := storage.OpenIn(tr.disk)
	tr.must(err)
	tr.library = l
}

func (tr *trial) close() {
	tr.must(tr.library.Close())
	if len(tr.told) != tr.appended {
		tr.t.Fatalf("%d of %d told by the time Close returned", len(tr.told), tr.appended)
	}
}

// append appends the next entry, into a new document if need be.
func (tr *trial) append() {
	e := tr.entries[tr.appended]
	if _, known := tr.added[e.document]; !known {
		tr.must(tr.library.Add(genesis(e.document), day))
		tr.added[e.document] = tr.disk.Position()
	}
	n := tr.appended
	tr.appended++
	tr.library.Append(e.doc(), e.changes, e.title, e.now, func(err error) {
		if n != len(tr.told) {
			tr.t.Errorf("entry %d told after %d others", n, len(tr.told))
		}
		if err != nil {
			tr.refused = append(tr.refused, fmt.Errorf("entry %d: %w", n, err))
		}
		tr.told = append(tr.told, tr.disk.Position())
	})
}

// compact takes a step of the compaction of a document, the one written in last or another.
func (tr *trial) compact() {
	document := tr.entries[tr.rng.IntN(tr.appended)].document
	_, err := tr.library.Compact(context.Background(), genesis(document).DocID(), storage.Always)
	tr.must(err)
}

func (tr *trial) count() {
	tr.must(tr.library.SetState(genesis(1).DocID(), counter, fmt.Append(nil, len(tr.counted))))
	tr.counted = append(tr.counted, tr.disk.Position())
}

func (tr *trial) must(err error) {
	if err != nil {
		tr.t.Helper()
		tr.t.Fatal(err)
	}
}

// toldBy returns how many entries were said to be committed when the disk was at position.
func (tr *trial) toldBy(position int) (n int) {
	for n < len(tr.told) && tr.told[n] <= position {
		n++
	}
	return n
}

// countedBy likewise for the counter.
func (tr *trial) countedBy(position int) (n int) {
	for n < len(tr.counted) && tr.counted[n] <= position {
		n++
	}
	return n
}
