package portable

import (
	"bytes"
	"flag"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

var (
	runsFlag = flag.Int("runs", 6, "random runs of each kind")
	seedFlag = flag.Uint64("seed", 0, "seed of the first random run; 0: another one each time")
)

// eachSeed runs f on fresh seeds and names the seed of one that fails.
func eachSeed(t *testing.T, f func(t *testing.T, rng *rand.Rand)) {
	first := *seedFlag
	if first == 0 {
		first = uint64(time.Now().UnixNano()) % 1_000_000_007
	}
	for seed := first; seed < first+uint64(*runsFlag); seed++ {
		name := fmt.Sprintf("seed-%d", seed)
		if !t.Run(name, func(t *testing.T) { f(t, rand.New(rand.NewPCG(seed, 1))) }) {
			t.Fatalf("again with -run '^%s$' -seed %d -runs 1", t.Name(), seed)
		}
	}
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// writer is one copy of a document on somebody's device, with its disk.
type writer struct {
	t       testing.TB
	person  crdttest.Person
	copies  int // of the document on this device
	doc     *crdt.Doc
	disk    []*crdt.Change
	commits []int // lengths of disk
	edits   *crdttest.Edits
	now     time.Time
}

// newGroup returns people with a document of the first, who has let the others in.
func newGroup(t testing.TB, rng *rand.Rand, n int) (group []*writer) {
	people := crdttest.People(n)
	for _, p := range people {
		w := &writer{t: t, person: p, copies: 1, doc: crdt.New(people[0].Genesis()), edits: crdttest.NewEdits(rng), now: noon}
		group = append(group, w)
	}
	first := group[0]
	first.attach()
	for _, p := range people[1:] {
		first.doc.Grant(p.Author.Device, p.Name, noon)
	}
	first.flush()
	return group
}

func (w *writer) commit(changes []*crdt.Change) {
	w.disk = append(w.disk, changes...)
	w.commits = append(w.commits, len(w.disk))
}

// attach makes w ready to write, in a new chain if that of before went on elsewhere. It says whether w may.
func (w *writer) attach() bool {
	if w.doc.Forked() {
		w.copies++
		w.person = w.person.Again(w.copies)
	}
	err := w.doc.Attach(w.person.Author)
	if err == crdt.ErrForked {
		w.copies++
		w.person = w.person.Again(w.copies)
		err = w.doc.Attach(w.person.Author)
	}
	return err == nil
}

func (w *writer) flush() { w.commit(w.person.Flush(w.doc)) }

// write makes one edit, perhaps as a change of its own.
func (w *writer) write(rng *rand.Rand) {
	if !w.attach() {
		return
	}
	w.now = w.now.Add(time.Duration(rng.IntN(90)) * time.Second)
	e := w.edits.Next(w.doc.Len())
	w.doc.Delete(e.At, e.At+e.Delete, w.now)
	w.doc.Insert(e.At, e.Insert, w.now)
	if rng.IntN(8) == 0 {
		w.doc.Undo(w.now)
	}
	if rng.IntN(3) > 0 {
		w.flush()
	}
}

// receive applies changes as they came.
func (w *writer) receive(changes []*crdt.Change) {
	w.t.Helper()
	w.flush()
	a, err := w.doc.Apply(travelled(w.t, changes)...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.commit(a.Changes)
}

// setBack makes w's disk an older one.
func (w *writer) setBack(rng *rand.Rand) {
	w.flush()
	n := w.commits[rng.IntN(len(w.commits))]
	w.disk, w.doc = slices.Clone(w.disk[:n]), crdt.New(w.doc.Genesis())
	for i, at := range w.commits {
		if at == n {
			w.commits = w.commits[:i+1]
			break
		}
	}
	for _, c := range w.disk {
		if _, err := w.doc.Load(c); err != nil {
			w.t.Fatal(err)
		}
	}
}

// journal gives what is on w's disk.
func (w *writer) journal() iter.Seq2[*crdt.Change, error] { return journal(w.disk) }

func journal(changes []*crdt.Change) iter.Seq2[*crdt.Change, error] {
	return func(yield func(*crdt.Change, error) bool) {
		for _, c := range changes {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// play lets a group write, meet and, if it may, set its disks back, and calls now and then what the test wants to see.
func play(rng *rand.Rand, group []*writer, steps int, forks bool, now func(w *writer)) {
	for range steps {
		w := group[rng.IntN(len(group))]
		switch k := rng.IntN(20); {
		case k < 13:
			w.write(rng)
		case k < 18:
			if other := group[rng.IntN(len(group))]; other != w {
				other.flush()
				w.receive(other.disk)
			}
		case k == 18 && forks && rng.IntN(4) == 0:
			w.setBack(rng)
		default:
			w.flush()
			now(w)
		}
	}
}

// settle gives everybody everything.
func settle(group []*writer) {
	for range 3 {
		for _, w := range group {
			w.flush()
			for _, other := range group {
				if other != w {
					other.receive(w.disk)
				}
			}
		}
	}
}

// travelled returns changes as they come from elsewhere.
func travelled(t testing.TB, changes []*crdt.Change) (all []*crdt.Change) {
	t.Helper()
	for _, frame := range crdttest.Frames(changes) {
		c, _, err := crdt.DecodeFrame(frame)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// gather returns the parcel of what is on w's disk.
func (w *writer) gather() *Parcel {
	w.t.Helper()
	w.flush()
	p, err := Gather(w.doc.Genesis(), w.journal())
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// file returns p as a file.
func file(t testing.TB, p *Parcel) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := p.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("%d bytes of %d: %v", n, b.Len(), err)
	}
	return b.Bytes()
}

func read(t testing.TB, b []byte) *Parcel {
	t.Helper()
	p, err := Read(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return p
}
