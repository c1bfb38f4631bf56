package storage_test

import (
	"fmt"
	"sync"
	"testing"

	"inkling/crdt"
	"inkling/storage"
	"inkling/storage/storagetest"
)

// checkSums compares all sums with those of the heads that each document has.
func checkSums(t *testing.T, l *storage.Library, key [32]byte, when string) {
	t.Helper()
	shared, err := l.SharedWith(key)
	if err != nil {
		t.Fatal(err)
	}
	sums, err := l.SumsWith(key)
	if err != nil || len(sums) != len(shared) {
		t.Fatalf("%s: %d sums of %d documents, %v", when, len(sums), len(shared), err)
	}
	for i, s := range sums {
		heads, err := l.Heads(shared[i])
		if err != nil || s.Doc != shared[i] || s.Sum != crdt.SumHeads(heads) {
			t.Fatalf("%s: document %d: sum %x of %s, want %x of %s, %v", when, i, s.Sum, s.Doc, crdt.SumHeads(heads), shared[i], err)
		}
	}
}

// The sums are those of the heads, whatever happens to the documents: read all at once or one by one, remembered, of chains that
// forked, in blocks, behind blocks.
func TestSumsAreOfTheHeads(t *testing.T) {
	rng := seeded(t)
	l := storagetest.Open(t)
	ben := [32]byte{9}
	const documents = 100
	docs := make([]crdt.DocID, documents)
	changes := make([][]*crdt.Change, documents) // to come
	for i := range docs {
		docs[i] = add(t, l, i+1)
		if err := l.AddMember(docs[i], ben, day); err != nil {
			t.Fatal(err)
		}
		changes[i] = typed(i+1, 2+rng.IntN(8))
		if i == 0 {
			changes[i] = forking(rng, 40, 3)
		}
	}
	checkSums(t, l, ben, "at first")
	for step := range 600 {
		i := rng.IntN(documents)
		if rng.IntN(10) == 0 {
			i = 0
		}
		what := ""
		switch kind := rng.IntN(20); {
		case kind < 14 && len(changes[i]) > 0:
			n := min(1+rng.IntN(2), len(changes[i]))
			mustSave(t, l, docs[i], changes[i][:n]...)
			changes[i] = changes[i][n:]
			what = "saved"
		case kind < 17 && (i > 0 || len(changes[0]) == 0): // of the forked ones some are unsigned up to the last
			compactAll(t, l, docs[i])
			what = "compacted"
		case kind == 17:
			l = storagetest.Reopen(t, l)
			what = "opened anew"
		case kind == 18 && i > 0:
			if err := l.Delete(docs[i], day); err != nil {
				t.Fatal(err)
			}
			what = "deleted"
		}
		if rng.IntN(4) == 0 {
			checkSums(t, l, ben, fmt.Sprintf("step %d, document %d %s", step, i, what))
		}
	}
	checkSums(t, l, ben, "at the end")
	checkSums(t, storagetest.Reopen(t, l), ben, "opened anew")
}

// Sums that are read while documents change are never older than what a reader may rely on: once the commit has returned, the next
// answer has it.
func TestSumsDuringCommits(t *testing.T) {
	l := storagetest.Open(t)
	ben := [32]byte{9}
	const documents = 80
	docs := make([]crdt.DocID, documents)
	for i := range docs {
		docs[i] = add(t, l, i+1)
		if err := l.AddMember(docs[i], ben, day); err != nil {
			t.Fatal(err)
		}
	}
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := l.SumsWith(ben); err != nil {
					t.Error(err)
					return
				}
				storage.ForgetSums(l)
			}
		})
	}
	for i, doc := range docs {
		mustSave(t, l, doc, newHand(i+1, 0).insert(0, "x"))
		sums, err := l.SumsWith(ben)
		if err != nil {
			t.Fatal(err)
		}
		heads, err := l.Heads(doc)
		if err != nil {
			t.Fatal(err)
		}
		want := crdt.SumHeads(heads)
		for _, s := range sums {
			if s.Doc == doc && s.Sum != want {
				t.Fatalf("document %d: the sum is from before the commit", i)
			}
		}
	}
	close(stop)
	readers.Wait()
	checkSums(t, l, ben, "at the end")
}

// typed returns n changes of one replica in the numbered document.
func typed(document, n int) (changes []*crdt.Change) {
	h := newHand(document, 0)
	var last *crdt.Change
	for range n {
		last = h.after(last, "word ")
		changes = append(changes, last)
	}
	return changes
}

// BenchmarkSums reads the sums of 5,000 documents: all for the first time, and again.
func BenchmarkSums(b *testing.B) {
	l := storagetest.Open(b)
	ben := [32]byte{9}
	var all sync.WaitGroup
	for part := range 50 { // at once, so that they share commits
		all.Go(func() {
			for i := part; i < 5_000; i += 50 {
				doc := add(b, l, i+1)
				if err := l.AddMember(doc, ben, day); err != nil {
					b.Error(err)
				}
				mustSave(b, l, doc, typed(i+1, 3)...)
			}
		})
	}
	all.Wait()
	for _, again := range []bool{false, true} {
		b.Run(fmt.Sprintf("again=%v", again), func(b *testing.B) {
			for b.Loop() {
				if !again {
					storage.ForgetSums(l)
				}
				if _, err := l.SumsWith(ben); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
