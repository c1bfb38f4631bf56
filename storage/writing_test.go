package storage_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
)

// entry is what one Append takes.
type entry struct {
	document int // its genesis
	changes  []*crdt.Change
	title    string
	now      time.Time
}

func (e entry) doc() crdt.DocID { return genesis(e.document).DocID() }

// desk is the writing of several people in several documents, each person with a copy
// of each, as far as it has come. All changes are those of real documents.
type desk struct {
	t       testing.TB
	rng     *rand.Rand
	copies  map[int][]*copied // by document
	nonces  int
	entries []entry
	known   map[crdt.Hash]bool // the changes of the entries
}

// copied is somebody's copy of a document.
type copied struct {
	doc  *crdt.Doc
	seen int // entries of the desk that are in it, or of other documents
}

const (
	deskDocuments = 3
	deskPeople    = 2
)

// writing returns n entries. A library that gets them one by one holds them all.
func writing(t testing.TB, rng *rand.Rand, n int) []entry {
	t.Helper()
	d := &desk{t: t, rng: rng, copies: map[int][]*copied{}, known: map[crdt.Hash]bool{}}
	for len(d.entries) < n {
		document := 1 + min(rng.IntN(deskDocuments), len(d.entries)/8) // one after the other comes up
		if rng.IntN(15) == 0 {
			d.writeInAnOldCopy(document)
			continue
		}
		d.write(document)
	}
	return d.entries
}

// write lets somebody write, after a look, at times, at what the others wrote.
func (d *desk) write(document int) {
	for len(d.copies[document]) < deskPeople {
		d.copies[document] = append(d.copies[document], &copied{doc: d.attach(crdt.New(genesis(document)))})
	}
	c := d.copies[document][d.rng.IntN(deskPeople)]
	if d.rng.IntN(2) == 0 {
		d.catchUp(document, c)
	}
	d.edit(c.doc)
	d.take(document, c.doc)
}

// writeInAnOldCopy is what a library does that was set back: its chain forks.
func (d *desk) writeInAnOldCopy(document int) {
	old := crdt.New(genesis(document))
	var writer crdt.ReplicaID
	for _, e := range d.entries[:len(d.entries)/2] {
		for _, c := range e.changes {
			if e.document == document {
				_, err := old.Load(c)
				d.must(err)
				writer = c.Replica
			}
		}
	}
	for n := range d.nonces {
		if author(n).Replica(genesis(document).DocID()) == writer && old.Attach(author(n)) == nil {
			d.edit(old)
			d.take(document, old)
			return
		}
	}
}

func (d *desk) catchUp(document int, c *copied) {
	for _, e := range d.entries[c.seen:] {
		if e.document == document {
			_, err := c.doc.Apply(e.changes...)
			d.must(err)
		}
	}
	c.seen = len(d.entries)
	if c.doc.Forked() {
		d.attach(c.doc)
	}
}

func (d *desk) attach(doc *crdt.Doc) *crdt.Doc {
	d.must(doc.Attach(author(d.nonces)))
	d.nonces++
	return doc
}

// edit types or deletes, mostly little, at times pages.
func (d *desk) edit(doc *crdt.Doc) {
	at := d.rng.IntN(doc.Len() + 1)
	switch dice := d.rng.IntN(20); {
	case dice < 3 && at < doc.Len():
		doc.Delete(at, at+1+d.rng.IntN(min(20, doc.Len()-at)), d.now())
	case dice == 3:
		doc.Insert(at, strings.Repeat("many words, ", 100+d.rng.IntN(700)), d.now())
	default:
		doc.Insert(at, strings.Repeat(string(rune('a'+d.rng.IntN(26))), 1+d.rng.IntN(30)), d.now())
	}
}

// take makes an entry of what was written. Now and then an old copy writes just what was written there before: the same change, which a
// library has only once. That is no entry.
func (d *desk) take(document int, doc *crdt.Doc) {
	batch := doc.Flush()
	changes := batch.Seal(device)
	doc.Sealed(changes)
	if slices.ContainsFunc(changes, func(c *crdt.Change) bool { return d.known[c.Hash] }) {
		return
	}
	for _, c := range changes {
		d.known[c.Hash] = true
	}
	d.entries = append(d.entries, entry{document, changes, fmt.Sprint("title ", len(d.entries)), d.now()})
}

// now goes on by a second with each entry.
func (d *desk) now() time.Time { return day.Add(time.Duration(len(d.entries)) * time.Second) }

func (d *desk) must(err error) {
	if err != nil {
		d.t.Helper()
		d.t.Fatal(err)
	}
}

// In what seven of 60,000 desks wrote one change came twice, which looked as if the library had lost it. These are three of them.
func TestNothingIsWrittenTwice(t *testing.T) {
	for _, seed := range []uint64{1556, 26699, 40497} {
		known := map[crdt.Hash]bool{}
		for i, e := range writing(t, rand.New(rand.NewPCG(seed, 9)), entriesPerTrial) {
			for _, c := range e.changes {
				if known[c.Hash] {
					t.Errorf("seed %d: a change of entry %d came before", seed, i)
				}
				known[c.Hash] = true
			}
		}
	}
}
