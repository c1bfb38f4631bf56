package storage_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/storage"
)

// day is when these tests happen.
var day = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// genesis returns the n-th document's start.
func genesis(n int) crdt.Genesis {
	sum := sha256.Sum256(fmt.Append(nil, "document ", n))
	return crdt.Genesis{Creator: sha256.Sum256([]byte("creator")), Random: [16]byte(sum[:16])}
}

// replica returns the n-th replica.
func replica(n int) crdt.ReplicaID {
	sum := sha256.Sum256(fmt.Append(nil, "replica ", n))
	return crdt.ReplicaID(sum[:16])
}

// insert returns a change of r that types text at the start, its first Seq being seq.
func insert(r crdt.ReplicaID, seq uint32, text string) *crdt.Change {
	return &crdt.Change{Replica: r, Seq: seq, Minutes: day.Unix() / 60, Ops: []crdt.Op{{Kind: crdt.Insert, Text: text}}}
}

// typing makes n changes of random lengths, by turns of several replicas; the chain
// of each is gap-free.
func typing(rng *rand.Rand, n, replicas int) []*crdt.Change {
	next := make([]uint32, replicas)
	list := make([]*crdt.Change, n)
	for i := range list {
		r := rng.IntN(replicas)
		list[i] = insert(replica(r), next[r], string(bytes.Repeat([]byte("ä"), 1+rng.IntN(40))))
		next[r] = list[i].Next()
	}
	return list
}

// seeded returns a random source whose seed is printed when the test fails.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

// add makes l know the n-th document and returns its name.
func add(t testing.TB, l *storage.Library, n int) crdt.DocID {
	t.Helper()
	g := genesis(n)
	if err := l.Add(g, day); err != nil {
		t.Fatal(err)
	}
	return g.DocID()
}

// save appends changes and waits for what done is told.
func save(l *storage.Library, doc crdt.DocID, changes []*crdt.Change, title string, now time.Time) error {
	told := make(chan error, 1)
	l.Append(doc, changes, title, now, func(err error) { told <- err })
	return <-told
}

func mustSave(t testing.TB, l *storage.Library, doc crdt.DocID, changes ...*crdt.Change) {
	t.Helper()
	if err := save(l, doc, changes, "title", day); err != nil {
		t.Fatalf("append: %v", err)
	}
}

// bodies returns the bytes of doc's committed changes.
func bodies(t testing.TB, l *storage.Library, doc crdt.DocID) [][]byte {
	t.Helper()
	var list [][]byte
	for c, err := range l.Changes(doc) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, c.Bytes())
	}
	return list
}

// encoded returns the bytes of changes.
func encoded(changes []*crdt.Change) [][]byte {
	list := make([][]byte, len(changes))
	for i, c := range changes {
		list[i] = c.Bytes()
	}
	return list
}

func equalBodies(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// versionOf is the vector that changes lead to, computed without the library.
func versionOf(changes []*crdt.Change) crdt.VersionVector {
	v := crdt.VersionVector{}
	for _, c := range changes {
		v.Merge(crdt.VersionVector{c.Replica: c.Next()})
	}
	return v
}
