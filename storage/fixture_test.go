package storage_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"inkling/crdt"
	"inkling/storage"
)

// day is when these tests happen.
var day = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// device is the key of the device that creates all documents and writes in them.
var device = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

func deviceKey() crdt.DeviceKey { return crdt.DeviceKey(device.Public().(ed25519.PublicKey)) }

// genesis returns the n-th document's start.
func genesis(n int) crdt.Genesis {
	sum := sha256.Sum256(fmt.Append(nil, "document ", n))
	return crdt.Genesis{Creator: deviceKey(), Random: [16]byte(sum[:16])}
}

// author returns the n-th author.
func author(n int) crdt.Author {
	sum := sha256.Sum256(fmt.Append(nil, "nonce ", n))
	return crdt.Author{Device: deviceKey(), Nonce: [16]byte(sum[:16])}
}

// hand makes changes of one replica with any Seqs, without a document. Where they
// follow one another they are a chain as FORMAT.md has it.
type hand struct {
	author  crdt.Author
	replica crdt.ReplicaID
	before  map[uint32]crdt.Hash // by Seq: of the change that ends there
}

// newHand returns the hand of the n-th author in a document.
func newHand(document, n int) *hand {
	doc := genesis(document).DocID()
	h := &hand{author: author(n), replica: author(n).Replica(doc)}
	h.before = map[uint32]crdt.Hash{0: sha256.Sum256(append(doc[:], h.replica[:]...))}
	return h
}

// insert returns a change that types text at the start, its first Seq being seq.
func (h *hand) insert(seq uint32, text string) *crdt.Change {
	body := []byte{0x01}
	if seq == 0 {
		body = append([]byte{0x11}, append(h.author.Device[:], h.author.Nonce[:]...)...)
	}
	n := uint32(utf8.RuneCountInString(text))
	kind := byte(crdt.Insert) | 0x40 // with an origin
	if n > 1 {
		body = binary.AppendUvarint(append(body, kind|0x20), uint64(n))
	} else {
		body = append(body, kind)
	}
	body = binary.AppendUvarint(body, uint64(1+len(text)))
	body = append(append(body, 1), text...) // the origin is the root
	before := h.before[seq]
	hash := crdt.Hash(sha256.Sum256(append(before[:], body...)))
	h.before[seq+n] = hash
	return &crdt.Change{Replica: h.replica, Seq: seq, Next: seq + n, Body: body, Hash: hash, Signature: ed25519.Sign(device, hash[:])}
}

// typing makes n changes of random lengths in the first document, by turns of several
// replicas; the chain of each is gap-free. Some are signed, the last of each replica is.
func typing(rng *rand.Rand, n, replicas int) []*crdt.Change {
	hands := make([]*hand, replicas)
	next := make([]uint32, replicas)
	last := make([]*crdt.Change, replicas)
	list := make([]*crdt.Change, n)
	for i := range list {
		r := rng.IntN(replicas)
		if hands[r] == nil {
			hands[r] = newHand(1, r)
		} else if rng.IntN(3) == 0 {
			last[r].Signature = nil
		}
		list[i] = hands[r].insert(next[r], strings.Repeat("ä", 1+rng.IntN(40)))
		next[r], last[r] = list[i].Next, list[i]
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

// frames returns doc's committed changes as they travel.
func frames(t testing.TB, l *storage.Library, doc crdt.DocID) [][]byte {
	t.Helper()
	var list [][]byte
	for c, err := range l.Changes(doc) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, c.AppendFrame(nil))
	}
	return list
}

// encoded returns changes as they travel.
func encoded(changes []*crdt.Change) [][]byte {
	list := make([][]byte, len(changes))
	for i, c := range changes {
		list[i] = c.AppendFrame(nil)
	}
	return list
}

func equalFrames(a, b [][]byte) bool {
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
		v.Merge(crdt.VersionVector{c.Replica: c.Next})
	}
	return v
}
