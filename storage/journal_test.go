package storage_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"inkling/crdt"
	"inkling/storage"
	"inkling/storage/storagetest"
)

func TestJournalIsTheSameAfterReopening(t *testing.T) {
	rng := seeded(t)
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	changes := typing(rng, 400, 5)
	for i := 0; i < len(changes); {
		n := min(1+rng.IntN(20), len(changes)-i)
		mustSave(t, l, doc, changes[i:i+n]...)
		i += n
	}
	for range 2 {
		i := 0
		for c, err := range l.Changes(doc) {
			if err != nil || c.Hash != changes[i].Hash {
				t.Fatalf("change %d: %v, hash %x, want %x", i, err, c.Hash, changes[i].Hash)
			}
			i++
		}
		if !equalFrames(frames(t, l, doc), encoded(changes)) {
			t.Fatal("the journal differs from what was appended")
		}
		checkHeads(t, l, doc, headsOf(changes))
		l = storagetest.Reopen(t, l)
	}
}

// What Since gives is exactly what the asking copy lacks, in order, whatever it has of chains
// that did not fork, and the heads it gives are those that the copy then has.
func TestSinceIsWhatIsLacking(t *testing.T) {
	rng := seeded(t)
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	changes := typing(rng, 300, 4)
	mustSave(t, l, doc, changes...)
	for range 200 {
		var have, lacking []*crdt.Change
		ends := map[crdt.ReplicaID]bool{}
		for _, c := range changes {
			if ends[c.Replica] = ends[c.Replica] || rng.IntN(40) == 0; ends[c.Replica] {
				lacking = append(lacking, c)
			} else {
				have = append(have, c)
			}
		}
		told := slices.Collect(maps.Keys(headsOf(have)))
		if n := len(have); n > 0 { // what it also had before says nothing more
			if older := headOf(have[rng.IntN(n)]); !slices.Contains(told, older) {
				told = append(told, older)
			}
		}
		maxBytes := rng.IntN(8000)
		got, then, err := l.Since(doc, told, maxBytes)
		if err != nil {
			t.Fatal(err)
		}
		want := headsOf(append(have, lacking[:len(got)]...))
		for _, h := range then {
			if !want[h] {
				t.Fatalf("then it has %v, want %v", then, want)
			}
		}
		edits := 0
		for _, c := range lacking {
			edits += int(c.Next - c.Seq)
		}
		if n, err := l.Lacking(doc, told); n != edits || err != nil || len(then) != len(want) {
			t.Fatalf("%d edits are lacking, %v, want %d; then it has %v, want %v", n, err, edits, then, want)
		}
		if len(got) > len(lacking) || !equalFrames(got, encoded(lacking[:len(got)])) {
			t.Fatalf("since %v: %d frames, not the first of the %d lacking", told, len(got), len(lacking))
		}
		checkAmount(t, got, lacking, maxBytes)
	}
}

// checkAmount checks that got is as long as maxBytes allows, at least one, and goes
// on until all of it is signed.
func checkAmount(t *testing.T, got [][]byte, lacking []*crdt.Change, maxBytes int) {
	t.Helper()
	want, total := 0, 0
	unsigned := map[crdt.ReplicaID]bool{}
	for _, c := range lacking {
		if total += len(c.AppendFrame(nil)); total > maxBytes && want > 0 && len(unsigned) == 0 {
			break
		}
		want++
		if unsigned[c.Replica] = true; c.Signature != nil {
			delete(unsigned, c.Replica)
		}
	}
	if len(got) != want {
		t.Fatalf("%d frames within %d bytes, want %d", len(got), maxBytes, want)
	}
}

func TestAppendPassesOverWhatItHas(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	changes := typing(seeded(t), 50, 3)
	mustSave(t, l, doc, changes[:30]...)
	mustSave(t, l, doc, changes[10:]...)
	if err := save(l, doc, changes, "another title", day.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if !equalFrames(frames(t, l, doc), encoded(changes)) {
		t.Fatal("the journal differs from what was appended")
	}
	if d, err := l.Document(doc); err != nil || d.Title != "title" || !d.Modified.Equal(day) {
		t.Errorf("listing %+v, %v: changed without a change", d, err)
	}
}

func TestAppendRefusesWhatIsWrong(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	ana, ben, nobody := newHand(1, 1), newHand(1, 2), newHand(1, 4)
	nobody.replica = crdt.ReplicaID{}
	mustSave(t, l, doc, ana.insert(0, "abc"))
	var seqErr *storage.SeqError
	for name, c := range map[string]*crdt.Change{
		"gap":         ana.insert(4, "x"),
		"overlap":     ana.insert(1, "xyz"),
		"not from 0":  ben.insert(1, "x"),
		"nothing":     {Replica: ben.replica},
		"nobody":      nobody.insert(0, "x"),
		"too large":   ben.insert(0, strings.Repeat("x", crdt.MaxChangeBytes)),
		"seq too big": ben.insert(1<<32-1, "x"),
		"unhashed":    {Replica: ben.replica, Next: 1, Body: ben.insert(0, "x").Body},
	} {
		good := newHand(1, 3).insert(0, "not stored")
		err := save(l, doc, []*crdt.Change{good, c}, "title", day)
		if err == nil || errors.As(err, &seqErr) != strings.Contains("gap overlap not from 0", name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := save(l, genesis(9).DocID(), []*crdt.Change{ana.insert(0, "x")}, "", day); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("unknown document: %v", err)
	}
	if got := frames(t, l, doc); len(got) != 1 {
		t.Errorf("%d changes in the journal, want the first one only", len(got))
	}
}

func TestListingFollowsTheJournal(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	long := strings.Repeat("ü", 2000)
	ana := newHand(1, 1)
	seq := uint32(0)
	for title, want := range map[string]string{
		"Plan":     "Plan",
		"a\xff\"'": "a\uFFFD\"'",
		long:       long[:1024],
		"x" + long: "x" + long[:1022],
	} {
		now := day.Add(time.Duration(seq) * time.Hour)
		if err := save(l, doc, []*crdt.Change{ana.insert(seq, "z")}, title, now); err != nil {
			t.Fatal(err)
		}
		seq++
		d, err := l.Document(doc)
		if err != nil || d.Title != want || !d.Modified.Equal(now) || !d.Created.Equal(day) || !utf8.ValidString(d.Title) {
			t.Errorf("%.20q listed as %+v, %v", title, d, err)
		}
	}
}

// A listing is written anew with another title, or when a second has gone by, in either direction of the clock.
func TestListingRestsForASecond(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	ana := newHand(1, 1)
	seq := uint32(0)
	for _, step := range []struct{ now, modified time.Duration }{{2000, 2000}, {2999, 2000}, {1001, 2000}, {3000, 3000}, {2000, 2000}} {
		if err := save(l, doc, []*crdt.Change{ana.insert(seq, "z")}, "same", day.Add(step.now*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		seq++
		d, err := l.Document(doc)
		if want := day.Add(step.modified * time.Millisecond); err != nil || !d.Modified.Equal(want) {
			t.Errorf("after a change at %d ms: modified %v, want %v (%v)", step.now, d.Modified, want, err)
		}
	}
	if err := save(l, doc, []*crdt.Change{ana.insert(seq, "z")}, "another", day.Add(2100*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if d, err := l.Document(doc); err != nil || d.Title != "another" || !d.Modified.Equal(day.Add(2100*time.Millisecond)) {
		t.Errorf("with another title: %+v, %v", d, err)
	}
}

// The newest documents are the first of all of them, without those in the bin.
func TestNewestAreTheFirst(t *testing.T) {
	rng := seeded(t)
	l := storagetest.Open(t)
	const documents = 30
	for i, minutes := range rng.Perm(documents) {
		doc := add(t, l, i)
		if i%5 > 0 { // the others have no change
			now := day.Add(time.Duration(minutes+1) * time.Minute)
			if err := save(l, doc, []*crdt.Change{newHand(i, 1).insert(0, "z")}, "", now); err != nil {
				t.Fatal(err)
			}
		}
		if i%7 == 0 {
			if err := l.Delete(doc, day); err != nil {
				t.Fatal(err)
			}
		}
	}
	all, err := l.Documents()
	if err != nil || len(all) != documents-5 {
		t.Fatal(len(all), err)
	}
	for _, n := range []int{0, 1, 10, len(all) - 4, len(all), documents} {
		newest, err := l.Newest(n)
		if err != nil || len(newest) != min(n, len(all)) {
			t.Fatalf("%d of %d: %v", len(newest), n, err)
		}
		for i, d := range newest {
			if !d.Modified.Equal(all[i].Modified) { // of those that were never changed any may come
				t.Errorf("the newest %d: number %d is of %v, want %v", n, i, d.Modified, all[i].Modified)
			}
		}
	}
}

// Many goroutines append, list and read at once; the race detector watches.
func TestReadingWhileWriting(t *testing.T) {
	const writers, each = 4, 25
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	var writing, reading sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			ana := newHand(1, w)
			for i := range each {
				if err := save(l, doc, []*crdt.Change{ana.insert(uint32(i), "x")}, "title", day); err != nil {
					t.Error(err)
				}
			}
		})
	}
	stop := make(chan struct{})
	for range 3 {
		reading.Go(func() {
			for {
				readAll(t, l, doc)
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	writing.Wait()
	close(stop)
	reading.Wait()
	if got := len(frames(t, l, doc)); got != writers*each {
		t.Errorf("%d changes, want %d", got, writers*each)
	}
}

// readAll reads doc in every way and checks that each answer holds together: what
// was committed when Version answered is in the journal read after it.
func readAll(t *testing.T, l *storage.Library, doc crdt.DocID) {
	heads, err := l.Heads(doc)
	if err != nil {
		t.Error(err)
		return
	}
	seen := crdt.VersionVector{}
	for c, err := range l.Changes(doc) {
		if err != nil {
			t.Error(err)
			return
		}
		if c.Seq != seen[c.Replica] {
			t.Errorf("gap at %d of %s", c.Seq, c.Replica)
		}
		seen[c.Replica] = c.Next
	}
	for _, h := range heads {
		if seen[h.Replica] < h.Next {
			t.Errorf("journal %v behind heads %v", seen, heads)
		}
	}
	if _, _, err := l.Since(doc, heads, 1000); err != nil {
		t.Error(err)
	}
	if _, err := l.Documents(); err != nil {
		t.Error(err)
	}
}

func TestDoneIsToldInOrderAndMayCallTheLibrary(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	ana := newHand(1, 1)
	var order []int
	last := make(chan struct{})
	for i := range 20 {
		l.Append(doc, []*crdt.Change{ana.insert(uint32(i), "x")}, "", day, func(err error) {
			if err == nil {
				err = l.SetState(doc, "caret", []byte{byte(i)})
			}
			if err != nil {
				t.Error(err)
			}
			if order = append(order, i); i == 19 {
				close(last)
			}
		})
	}
	<-last
	for i, n := range order {
		if i != n {
			t.Fatalf("told in the order %v", order)
		}
	}
}

func TestClosedAndReadOnlyLibrariesRefuse(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	ana := newHand(1, 1)
	change := []*crdt.Change{ana.insert(0, "x")}
	mustSave(t, l, doc, change...)
	readOnly, err := storage.OpenReadOnly(l.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer readOnly.Close()
	if got := frames(t, readOnly, doc); !equalFrames(got, encoded(change)) {
		t.Error("read while its owner has it open: not what was written")
	}
	more := []*crdt.Change{ana.insert(1, "y")}
	mustSave(t, l, doc, more...)
	checkHeads(t, readOnly, doc, map[crdt.Head]bool{headOf(more[0]): true})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for library, want := range map[*storage.Library]error{l: storage.ErrClosed, readOnly: storage.ErrReadOnly} {
		for name, err := range map[string]error{
			"Append":    save(library, doc, change, "", day),
			"AwaitRoom": library.AwaitRoom(context.Background()),
			"Add":       library.Add(genesis(2), day),
			"SetState":  library.SetState(doc, "k", nil),
		} {
			if !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
		}
	}
}
