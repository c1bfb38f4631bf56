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
		if !equalBodies(bodies(t, l, doc), encoded(changes)) {
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
			if have[c.Replica] < c.Next() {
				lacking = append(lacking, c)
			}
		}
		maxBytes := rng.IntN(8000)
		got, err := l.Since(doc, have, maxBytes)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) > len(lacking) || !equalBodies(got, encoded(lacking[:len(got)])) {
			t.Fatalf("since %v: %d bodies, not the first of the %d lacking", have, len(got), len(lacking))
		}
		checkAmount(t, got, encoded(lacking), maxBytes)
	}
}

// checkAmount checks that got is as long as maxBytes allows, and at least one.
func checkAmount(t *testing.T, got, lacking [][]byte, maxBytes int) {
	t.Helper()
	want, total := 0, 0
	for _, b := range lacking {
		if total += len(b); total > maxBytes && want > 0 {
			break
		}
		want++
	}
	if len(got) != want {
		t.Fatalf("%d bodies within %d bytes, want %d", len(got), maxBytes, want)
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
	if !equalBodies(bodies(t, l, doc), encoded(changes)) {
		t.Fatal("the journal differs from what was appended")
	}
	if d, err := l.Document(doc); err != nil || d.Title != "title" || !d.Modified.Equal(day) {
		t.Errorf("listing %+v, %v: changed without a change", d, err)
	}
}

func TestAppendRefusesWhatIsWrong(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	mustSave(t, l, doc, insert(replica(1), 0, "abc"))
	var seqErr *storage.SeqError
	for name, c := range map[string]*crdt.Change{
		"gap":         insert(replica(1), 4, "x"),
		"overlap":     insert(replica(1), 1, "xyz"),
		"not from 0":  insert(replica(2), 1, "x"),
		"nothing":     {Replica: replica(2)},
		"nobody":      insert(crdt.ReplicaID{}, 0, "x"),
		"too large":   insert(replica(2), 0, strings.Repeat("x", crdt.MaxChangeBytes)),
		"seq too big": insert(replica(2), 1<<32-1, "x"),
	} {
		good := insert(replica(3), 0, "not stored")
		err := save(l, doc, []*crdt.Change{good, c}, "title", day)
		if err == nil || errors.As(err, &seqErr) != strings.Contains("gap overlap not from 0", name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := save(l, genesis(9).DocID(), []*crdt.Change{insert(replica(1), 0, "x")}, "", day); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("unknown document: %v", err)
	}
	if got := bodies(t, l, doc); len(got) != 1 {
		t.Errorf("%d changes in the journal, want the first one only", len(got))
	}
}

func TestListingFollowsTheJournal(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	long := strings.Repeat("ü", 2000)
	seq := uint32(0)
	for title, want := range map[string]string{
		"Plan":     "Plan",
		"a\xff\"'": "a\uFFFD\"'",
		long:       long[:1024],
		"x" + long: "x" + long[:1022],
	} {
		now := day.Add(time.Duration(seq) * time.Hour)
		if err := save(l, doc, []*crdt.Change{insert(replica(1), seq, "z")}, title, now); err != nil {
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
			for i := range each {
				if err := save(l, doc, []*crdt.Change{insert(replica(w), uint32(i), "x")}, "title", day); err != nil {
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
	if got := len(bodies(t, l, doc)); got != writers*each {
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
		seen[c.Replica] = c.Next()
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
	var order []int
	last := make(chan struct{})
	for i := range 20 {
		l.Append(doc, []*crdt.Change{insert(replica(1), uint32(i), "x")}, "", day, func(err error) {
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
	change := []*crdt.Change{insert(replica(1), 0, "x")}
	mustSave(t, l, doc, change...)
	readOnly, err := storage.OpenReadOnly(l.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer readOnly.Close()
	if got := bodies(t, readOnly, doc); !equalBodies(got, encoded(change)) {
		t.Error("read while its owner has it open: not what was written")
	}
	more := []*crdt.Change{insert(replica(1), 1, "y")}
	mustSave(t, l, doc, more...)
	if v, err := readOnly.Version(doc); err != nil || v[replica(1)] != 2 {
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
