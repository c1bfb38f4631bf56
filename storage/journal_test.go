package storage_test

import (
	"context"
	"errors"
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
		if v, err := l.Version(doc); err != nil || !v.Equal(versionOf(changes)) {
			t.Fatalf("version %v, %v", v, err)
		}
		l = storagetest.Reopen(t, l)
	}
}

// What Since gives is exactly what the asking copy lacks, in order, whatever it has:
// also versions that end inside a change.
func TestSinceIsWhatIsLacking(t *testing.T) {
	rng := seeded(t)
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	changes := typing(rng, 300, 4)
	mustSave(t, l, doc, changes...)
	for range 200 {
		have := crdt.VersionVector{}
		for r, next := range versionOf(changes) {
			if rng.IntN(3) > 0 {
				have[r] = uint32(rng.IntN(int(next) + 2))
			}
		}
		var lacking []*crdt.Change
		for _, c := range changes {
			if have[c.Replica] < c.Next {
				lacking = append(lacking, c)
			}
		}
		maxBytes := rng.IntN(8000)
		got, err := l.Since(doc, have, maxBytes)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) > len(lacking) || !equalFrames(got, encoded(lacking[:len(got)])) {
			t.Fatalf("since %v: %d frames, not the first of the %d lacking", have, len(got), len(lacking))
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
	v, err := l.Version(doc)
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
	if !seen.Covers(v) {
		t.Errorf("journal %v behind version %v", seen, v)
	}
	if _, err := l.Since(doc, v, 1000); err != nil {
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
	if v, err := readOnly.Version(doc); err != nil || v[ana.replica] != 2 {
		t.Errorf("version %v, %v: not that of its owner", v, err)
	}
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
