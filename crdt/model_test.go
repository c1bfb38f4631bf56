package crdt_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// The order rule is proved for a model (proof/), and a program is made from that model: the oracle. Here documents are
// compared with it, element by element, tombstones included: live with the program, if there is one, and
// otherwise with what it once said of the histories in testdata/model (modelgolden_test.go).

// oracleVariable names the environment variable that has the path of the oracle.
const oracleVariable = "INKLING_ORACLE"

var modelHistories = flag.Int("model.histories", 300, "histories that are compared with the oracle, if "+oracleVariable+" names it")

// TestModel compares documents with the proved model on random histories such as people would hardly make.
func TestModel(t *testing.T) {
	oracle := startOracle(t)
	eachHistory(t, *modelHistories, func(t *testing.T, seed uint64) {
		fails := func(h *crdttest.History) error { return compareAll(h, oracle.ask(t, h), seed) }
		h := drawHistory(seed)
		if err := fails(h); err != nil {
			t.Errorf("seed %d: %v", seed, err)
			h = crdttest.ShrinkHistory(h, 3000, func(h *crdttest.History) bool { return fails(h) != nil })
			t.Errorf("shrunk to\n%s? %s\n%v", h, oracle.ask(t, h), fails(h))
		}
	})
}

// drawHistory returns the history of a seed: at most 40 ops, in some a hundred, and in a few a thousand, for which the document
// needs more than a leaf.
func drawHistory(seed uint64) *crdttest.History {
	most := 40
	switch {
	case seed%250 == 0:
		most = 1000
	case seed%10 == 0:
		most = 100
	}
	return crdttest.DrawHistory(rand.New(rand.NewPCG(seed, 1)), most)
}

// TestModelOfPeople compares with it what people do: the peers of a random world, who edit, undo and lose.
func TestModelOfPeople(t *testing.T) {
	oracle := startOracle(t)
	eachHistory(t, (*modelHistories+19)/20, func(t *testing.T, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 1))
		n := 2 + rng.IntN(3)
		w := playedWorld(t, n, draw(rng, n, 20+rng.IntN(40)))
		h := w.history()
		for _, p := range w.peers {
			if err := compare(h, p.doc, oracle.ask(t, h)); err != nil {
				t.Errorf("seed %d: %v\n%s", seed, err, h)
			}
		}
	})
}

// eachHistory runs f with fresh seeds, up to one that fails.
func eachHistory(t *testing.T, histories int, f func(t *testing.T, seed uint64)) {
	t.Helper()
	first := *seedFlag
	if first == 0 {
		first = uint64(time.Now().UnixNano()) % 1_000_000_007
	}
	t.Logf("%d histories from seed %d on", histories, first)
	for seed := first; seed < first+uint64(histories); seed++ {
		if f(t, seed); t.Failed() {
			t.Fatalf("again with -run '^%s$' -seed %d -model.histories 1", t.Name(), seed)
		}
	}
}

// playedWorld returns the world in which a script was played and everything has arrived.
func playedWorld(t *testing.T, n int, s crdttest.Script) *world {
	t.Helper()
	w := newWorld(n)
	for _, step := range s {
		must(t, w.step(step))
	}
	must(t, w.settle())
	return w
}

// history returns what all peers of a settled world have seen.
func (w *world) history() *crdttest.History {
	n := crdttest.NewNaive(w.peers[0].genesis)
	n.Apply(crdttest.Frames(w.peers[0].disk)...)
	return n.History()
}

// compareAll brings a history in several orders of arrival into documents and says what is wrong with one, or
// what is other than the oracle's answer. The orders follow from the seed.
func compareAll(h *crdttest.History, want string, seed uint64) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	rng := rand.New(rand.NewPCG(seed, 2))
	var d *crdt.Doc
	for _, order := range arrivals {
		d, err = order.bring(h, rng)
		if err == nil && d.Pending() > 0 {
			err = fmt.Errorf("%d changes wait", d.Pending())
		}
		if err == nil {
			err = compare(h, d, want)
		}
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", order.name, err, d.Dump())
		}
	}
	if seed%25 == 0 {
		return compareThrough(h, d, want)
	}
	return nil
}

// arrivals are the orders in which a history comes into documents.
var arrivals = []struct {
	name  string
	bring func(*crdttest.History, *rand.Rand) (*crdt.Doc, error)
}{
	{"from a disk", fromDisk}, {"one by one", oneByOne}, {"anyhow", anyhow},
}

// fromDisk brings a history in as from a disk, unchecked.
func fromDisk(h *crdttest.History, _ *rand.Rand) (*crdt.Doc, error) {
	d := crdt.New(h.Genesis())
	for _, c := range h.Changes() {
		kept, err := crdt.NewChange(c.Replica, c.Seq, c.Body, c.Hash, c.Signature)
		if err != nil {
			return d, err
		}
		if _, err := d.Load(kept); err != nil {
			return d, err
		}
	}
	return d, nil
}

// oneByOne brings it in change by change, in another order in which nothing need wait but for signatures.
func oneByOne(h *crdttest.History, rng *rand.Rand) (*crdt.Doc, error) {
	d := crdt.New(h.Genesis())
	for _, c := range h.Causal(rng) {
		if err := arrive(d, c); err != nil {
			return d, err
		}
	}
	return d, nil
}

// anyhow brings it in as a network may: in any order, in batches, some of it twice.
func anyhow(h *crdttest.History, rng *rand.Rand) (*crdt.Doc, error) {
	d := crdt.New(h.Genesis())
	changes := h.Changes()
	for _, c := range changes {
		if rng.IntN(4) == 0 {
			changes = append(changes, c)
		}
	}
	rng.Shuffle(len(changes), func(i, k int) { changes[i], changes[k] = changes[k], changes[i] })
	for len(changes) > 0 {
		n := 1 + rng.IntN(min(4, len(changes)))
		if err := arrive(d, changes[:n]...); err != nil {
			return d, err
		}
		changes = changes[n:]
	}
	return d, nil
}

// arrive applies changes as another copy gets them.
func arrive(d *crdt.Doc, changes ...*crdt.Change) error {
	var came []*crdt.Change
	for _, frame := range crdttest.Frames(changes) {
		c, _, err := crdt.DecodeFrame(frame)
		if err != nil {
			return err
		}
		came = append(came, c)
	}
	_, err := d.Apply(came...)
	return err
}

// compare says what is wrong with a document that has all of a history, whose answer is want.
func compare(h *crdttest.History, d *crdt.Doc, want string) error {
	visible := map[crdt.ID]bool{}
	for at := range d.Len() {
		visible[d.Author(at)] = true
	}
	if got := h.Answer(d.Order(), func(id crdt.ID) bool { return visible[id] }); got != want {
		return fmt.Errorf("it is %s\nwant  %s", got, want)
	}
	return d.Check()
}

// compareThrough compares also what comes of d through its blocks, and the reader made from FORMAT.md.
func compareThrough(h *crdttest.History, d *crdt.Doc, want string) error {
	naive := crdttest.NewNaive(h.Genesis())
	naive.Apply(crdttest.Frames(h.Changes())...)
	shown := naive.Authors()
	if got := h.Answer(naive.Order(), func(id crdt.ID) bool { return slices.Contains(shown, id) }); got != want {
		return fmt.Errorf("the reader made from FORMAT.md has %s\nwant  %s", got, want)
	}
	block, err := d.HistoryBlock()
	if err != nil {
		return err
	}
	if d, err = crdt.LoadBlock(block); err == nil {
		err = errors.Join(compare(h, d, want), d.Verify())
	}
	if err != nil || h.Forked() { // then there is no open-block
		return err
	}
	if block, err = d.OpenBlock(); err != nil {
		return err
	}
	if d, err = crdt.Open(block); err == nil {
		err = compare(h, d, want)
	}
	return err
}
