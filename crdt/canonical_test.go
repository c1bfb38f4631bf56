package crdt_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// TestCanonicalOrder: copies that have the same changes give them in the same order, whatever the order in which these came,
// and in that order they can be loaded.
func TestCanonicalOrder(t *testing.T) {
	fewSeeds(t, func(t *testing.T, rng *rand.Rand) {
		peers := playRandom(t, rng)
		d := peers[0].doc
		want := canonical(d)
		for _, p := range peers {
			if got := canonical(p.doc); !bytes.Equal(got, want) {
				t.Fatalf("another order\n%s\nand\n%s", p.doc.Dump(), d.Dump())
			}
		}
		changes := d.DeltaSince(nil)
		rng.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
		shuffled := crdt.New(d.Genesis())
		apply(t, shuffled, travelled(t, changes)...)
		if !bytes.Equal(canonical(shuffled), want) {
			t.Fatalf("another order of\n%s", shuffled.Dump())
		}
		must(t, goesOn(d))
	})
}

// TestCanonicalOrderByItsRule compares with the rule, read as slowly as it is written.
func TestCanonicalOrderByItsRule(t *testing.T) {
	eachSeed(t, func(t *testing.T, rng *rand.Rand) {
		_, changes := strangeChanges(rng, 2+rng.IntN(4), *stepsFlag/2)
		want := byRule(changes)
		rng.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
		d := crdt.New(crdttest.People(1)[0].Genesis())
		apply(t, d, changes...)
		i := 0
		for name, c := range d.Canonical() {
			if w := want[i]; c.Replica != w.Replica || c.Seq != w.Seq || !bytes.Equal(c.Body, w.Body) || name != c.Replica {
				t.Fatalf("change %d is that at %d of %s, want %d of %s\n%s", i, c.Seq, c.Replica, w.Seq, w.Replica, d.Dump())
			}
			i++
		}
		if i != len(want) {
			t.Fatalf("%d changes, want %d", i, len(want))
		}
		must(t, goesOn(d))
	})
}

// canonical returns the changes of d in canonical order, in one row.
func canonical(d *crdt.Doc) (b []byte) {
	for name, c := range d.Canonical() {
		b = append(b, name[:]...)
		c.Signature = nil // copies may keep others
		b = c.AppendFrame(b)
	}
	return b
}

// goesOn says what is wrong with the changes of d as [crdt.Doc.Canonical] gives them, for one who reads them in that order.
func goesOn(d *crdt.Doc) error {
	e, n := crdt.New(d.Genesis()), 0
	for _, c := range d.Canonical() {
		known := e.Version()
		if _, err := e.Load(c); err != nil || e.Version().Equal(known) {
			return fmt.Errorf("change %d: %w", n, err)
		}
		n++
	}
	if err := sameSet(e, d); err != nil {
		return err
	}
	return e.Verify()
}

func sameSet(e, d *crdt.Doc) error {
	if !e.Version().Equal(d.Version()) || e.Text() != d.Text() || !bytes.Equal(canonical(e), canonical(d)) {
		return fmt.Errorf("not the same changes:\n%s\nand\n%s", e.Dump(), d.Dump())
	}
	return nil
}

// ruled is a copy of no more than what the rule of the canonical order speaks of.
type ruled struct {
	next     map[crdt.ReplicaID]uint32
	tables   map[crdt.ReplicaID][]crdttest.Cause
	lamports map[crdt.ID]uint64
}

// byRule sorts changes of chains that did not fork into canonical order.
func byRule(changes []*crdt.Change) (sorted []*crdt.Change) {
	k := ruled{map[crdt.ReplicaID]uint32{}, map[crdt.ReplicaID][]crdttest.Cause{}, map[crdt.ID]uint64{}}
	last := crdt.ReplicaID{}
	for len(sorted) < len(changes) {
		var best *crdt.Change
		for _, c := range changes {
			if k.may(c) && (best == nil || c.Replica == last || best.Replica != last && k.less(c, best)) {
				best = c
			}
		}
		k.take(best)
		sorted, last = append(sorted, best), best.Replica
	}
	return sorted
}

// may says whether all that c builds on is there.
func (k *ruled) may(c *crdt.Change) bool {
	if c.Seq != k.next[c.Replica] {
		return false
	}
	causes, _ := readCauses(c, k.tables[c.Replica])
	return !slices.ContainsFunc(causes, func(cause crdttest.Cause) bool { return k.next[cause.Replica] < cause.Next })
}

func (k *ruled) less(c, d *crdt.Change) bool {
	a, b := k.lamport(c), k.lamport(d)
	return a < b || a == b && c.Replica.Compare(d.Replica) < 0
}

// lamport returns that of c's first Seq.
func (k *ruled) lamport(c *crdt.Change) (lamport uint64) {
	if c.Seq > 0 {
		lamport = k.lamports[crdt.ID{Replica: c.Replica, Seq: c.Seq - 1}]
	}
	causes, _ := readCauses(c, k.tables[c.Replica])
	for _, cause := range causes {
		lamport = max(lamport, k.lamports[crdt.ID{Replica: cause.Replica, Seq: cause.Next - 1}])
	}
	return lamport + 1
}

func (k *ruled) take(c *crdt.Change) {
	lamport := k.lamport(c)
	for seq := c.Seq; seq < c.Next; seq++ {
		k.lamports[crdt.ID{Replica: c.Replica, Seq: seq}] = lamport + uint64(seq-c.Seq)
	}
	k.next[c.Replica] = c.Next
	_, k.tables[c.Replica] = readCauses(c, k.tables[c.Replica])
}

// readCauses returns the causes in a change's body, and its chain's table behind it, given that in front.
func readCauses(c *crdt.Change, table []crdttest.Cause) (causes, after []crdttest.Cause) {
	b, after := c.Body[1:], slices.Clone(table)
	number := func() int {
		v, n := binary.Uvarint(b)
		b = b[n:]
		return int(v)
	}
	if c.Body[0]&0x10 != 0 { // opening
		b = b[32+16:]
	}
	if c.Body[0]&0x20 != 0 { // minutes
		number()
	}
	if c.Body[0]&0x40 == 0 {
		return nil, after
	}
	for range number() {
		place := number()
		if place == 0 {
			after = append(after, crdttest.Cause{Replica: crdt.ReplicaID(b)})
			b, place = b[16:], len(after)
		}
		after[place-1].Next += uint32(number())
		causes = append(causes, after[place-1])
	}
	return causes, after
}
