package crdt_test

import (
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// What a block says that it costs is what the document that it holds takes, and about.
func TestBlockCostIsWhatADocumentTakes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	p := crdttest.People(1)[0]
	now := time.Now()
	for name, edit := range map[string]func(d *crdt.Doc){
		"letters": func(d *crdt.Doc) { d.Insert(rng.IntN(d.Len()+1), "x", now) },
		"words":   func(d *crdt.Doc) { d.Insert(rng.IntN(d.Len()+1), strings.Repeat("ab ", 10), now) },
		"some of it deleted": func(d *crdt.Doc) {
			d.Insert(rng.IntN(d.Len()+1), "xyz", now)
			at := rng.IntN(d.Len())
			d.Delete(at, at+1, now)
		},
	} {
		d := crdt.New(p.Genesis())
		if err := d.Attach(p.Author); err != nil {
			t.Fatal(err)
		}
		for range 5000 {
			edit(d)
			p.Flush(d)
		}
		block, err := d.HistoryBlock()
		if err != nil {
			t.Fatal(err)
		}
		cost, err := crdt.BlockCost(block)
		if err != nil {
			t.Fatal(err)
		}
		before := heapBytes()
		loaded, err := crdt.LoadBlock(block)
		if err != nil {
			t.Fatal(err)
		}
		took := heapBytes() - before
		runtime.KeepAlive(loaded)
		if took > 2*cost || cost > 4*took {
			t.Errorf("%s: the block says %d bytes, and takes %d", name, cost, took)
		}
	}
}

// heapBytes returns the bytes of the heap that are in use.
func heapBytes() int {
	runtime.GC()
	runtime.GC() // also what the first one has only marked
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// A block that claims much is refused, or fails, without taking much more than it may.
func TestBombsAsBlocks(t *testing.T) {
	for _, changes := range []uint64{1, 1 << 20, 4_000_000, 5_000_000, 1 << 28} {
		for _, text := range []uint64{0, 1 << 28} {
			bomb := crdttest.BombBlock(crdttest.People(1)[0].Genesis(), changes, text)
			cost, err := crdt.BlockCost(bomb)
			if err != nil || cost < int(changes) {
				t.Fatal(cost, err)
			}
			if cost > crdt.MaxBlockCost {
				continue // who gets such a block goes no further
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := crdt.LoadBlock(bomb); err == nil {
				t.Errorf("%d changes of %d bytes that are not there are no error", changes, text)
			}
			runtime.ReadMemStats(&after)
			if took := after.TotalAlloc - before.TotalAlloc; took > uint64(crdt.MaxBlockCost) {
				t.Errorf("%d changes of %d bytes that are not there take %d bytes of memory", changes, text, took)
			}
		}
	}
}
