package storage_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"inkling/crdt"
	"inkling/storage"
	"inkling/storage/disktest"
)

// takingTrial is a library that is written in, takes blocks of another one, and is compacted, one act after the other. After
// n acts it holds all of held[n]; told[n] is the position of the disk when act n had returned.
type takingTrial struct {
	disk *disktest.Disk
	all  map[crdt.Hash]bool
	held []map[crdt.Hash]bool
	told []int
}

// takings are the acts of a takingTrial.
const takings = 14

// runTaking does the acts. The other library gets half of the changes of a document whose chains fork, this one the other half,
// and blocks.
func runTaking(t *testing.T, rng *rand.Rand) *takingTrial {
	t.Helper()
	changes := signed(forking(rng, 60, 3))
	tr := &takingTrial{disk: disktest.New(), all: map[crdt.Hash]bool{}, held: []map[crdt.Hash]bool{{}}}
	for _, c := range changes {
		tr.all[c.Hash] = true
	}
	other := disktest.New()
	defer other.Close()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(storage.CreateIn(other))
	must(storage.CreateIn(tr.disk))
	from, err := storage.OpenIn(other)
	must(err)
	l, err := storage.OpenIn(tr.disk)
	must(err)
	doc := add(t, from, 1)
	add(t, l, 1)
	tr.disk.Record()
	given, own := 0, 0
	for range takings {
		now := map[crdt.Hash]bool{}
		for h := range tr.held[len(tr.held)-1] {
			now[h] = true
		}
		switch dice := rng.IntN(4); {
		case dice == 0:
			given = min(given+1+rng.IntN(20), len(changes))
			mustSave(t, from, doc, changes[:given]...)
			compactAll(t, from, doc)
			_, err := take(l, doc, baseOf(t, from, doc))
			must(err)
			for _, c := range changes[:given] {
				now[c.Hash] = true
			}
		case dice == 1 && len(now) > 0:
			_, err := l.Compact(context.Background(), doc, storage.Always)
			must(err)
		default:
			n := min(max(given, own)+1+rng.IntN(4), len(changes))
			mustSave(t, l, doc, changes[:n]...)
			own = n
			for _, c := range changes[:n] {
				now[c.Hash] = true
			}
		}
		tr.held, tr.told = append(tr.held, now), append(tr.told, tr.disk.Position())
	}
	must(errors.Join(from.Close(), l.Close()))
	return tr
}

// judge looks at what a power cut left when the disk was at position: the library is whole, holds all that it held after the acts
// that had returned, nothing that nobody wrote, and goes on.
func (tr *takingTrial) judge(image *disktest.Disk, position int) (lost, corrupt error) {
	l, err := storage.OpenIn(image)
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	defer l.Close()
	if err := checkAll(l); err != nil {
		return nil, err
	}
	done := 0
	for done < len(tr.told) && tr.told[done] <= position {
		done++
	}
	for range 2 { // as it was left, and compacted
		has := map[crdt.Hash]bool{}
		for c, err := range l.Changes(genesis(1).DocID()) {
			if err != nil {
				return nil, err
			}
			if has[c.Hash] || !tr.all[c.Hash] {
				return nil, fmt.Errorf("the change at %d of replica %s is there twice, or nobody wrote it", c.Seq, c.Replica)
			}
			has[c.Hash] = true
		}
		for h := range tr.held[done] {
			if !has[h] {
				return fmt.Errorf("%d changes are left of %d", len(has), len(tr.held[done])), nil
			}
		}
		for more := len(has) > 0; more; {
			if more, err = l.Compact(context.Background(), genesis(1).DocID(), storage.Always); err != nil {
				return nil, fmt.Errorf("compact: %w", err)
			}
		}
	}
	return nil, checkAll(l)
}

// Whenever the power fails while blocks are taken, nothing that was told is lost.
func TestCrashWhileBlocksAreTaken(t *testing.T) {
	c := lookAtTaking(t, max(*imagesWanted/4, 25), t.Errorf)
	t.Logf("images=%d lost=%d corrupt=%d", c.images, c.lost, c.corrupt)
}

// The same run finds the losses of a library that does not wait for the disk.
func TestCrashTestsOfTakingHaveTeeth(t *testing.T) {
	defer storage.SetPragma("synchronous", "normal")()
	var c crashes
	for range 20 {
		if c = lookAtTaking(t, 25, func(string, ...any) {}); c.lost > 0 {
			return
		}
	}
	t.Errorf("%+v: nothing lost with synchronous=NORMAL", c)
}

func lookAtTaking(t *testing.T, enough int, tell func(format string, args ...any)) (c crashes) {
	t.Helper()
	rng := crashSeed(t)
	for c.images < enough && !t.Failed() {
		restore := storage.SetPragma("wal_autocheckpoint", []string{"4", "64", "256"}[rng.IntN(3)])
		small := func() {}
		if rng.IntN(2) == 0 {
			small = storage.SmallSteps()
		}
		synctest.Test(t, func(t *testing.T) {
			tr := runTaking(t, rng)
			defer tr.disk.Close()
			c.sample(tr.disk.Replay(rng), rng, enough, 40/float64(tr.disk.Position()), tr.judge, tell)
		})
		small()
		restore()
	}
	return c
}
