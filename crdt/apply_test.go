package crdt_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

var (
	anaID = crdt.ReplicaID{'A'}
	benID = crdt.ReplicaID{'B'}
)

func insertOp(origin crdt.ID, text string) crdt.Op {
	return crdt.Op{Kind: crdt.Insert, Origin: origin, Text: text}
}

func deleteOp(r crdt.ReplicaID, seq, n uint32) crdt.Op {
	return crdt.Op{Kind: crdt.Delete, Target: crdt.Span{Replica: r, Seq: seq, Len: n}}
}

func restoreOp(r crdt.ReplicaID, seq uint32) crdt.Op {
	return crdt.Op{Kind: crdt.Restore, Target: crdt.Span{Replica: r, Seq: seq, Len: 1}}
}

// TestVoidOps: after a line of text and a deletion by Ana, ops that refer to what
// is not there do nothing, but take their Seqs.
func TestVoidOps(t *testing.T) {
	base := &crdt.Change{Replica: anaID, Ops: []crdt.Op{insertOp(crdt.ID{}, "abcd"), deleteOp(anaID, 1, 2)}}
	for name, op := range map[string]crdt.Op{
		"insert after a delete":     insertOp(crdt.ID{Replica: anaID, Seq: 4}, "xy"),
		"delete of a delete":        deleteOp(anaID, 4, 1),
		"delete of more than text":  deleteOp(anaID, 2, 3),
		"restore of another's op":   restoreOp(anaID, 4),
		"restore of an insert":      restoreOp(anaID, 0),
		"restore of an own insert":  restoreOp(benID, 0),
		"restore of an own restore": restoreOp(benID, 1),
	} {
		t.Run(name, func(t *testing.T) {
			d, oracle := crdt.New(), crdttest.NewNaive()
			ben := &crdt.Change{
				Replica: benID, Causes: []crdt.ID{{Replica: anaID, Seq: 4}},
				Ops: []crdt.Op{insertOp(crdt.ID{}, "B"), restoreOp(anaID, 0), op, insertOp(crdt.ID{Replica: anaID, Seq: 3}, "!")},
			}
			for _, c := range []*crdt.Change{base, ben} {
				applyAll(t, d, []*crdt.Change{c})
				oracle.Apply(c)
			}
			if got := d.Text(); got != "Bad!" || oracle.Text() != got {
				t.Errorf("text %q, oracle %q", got, oracle.Text())
			}
			if got := d.Version()[benID]; got != ben.Next() {
				t.Errorf("next Seq %d, want %d", got, ben.Next())
			}
			if err := d.Check(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSecondRestoreOfOneDeleteDoesNothing(t *testing.T) {
	d := crdt.New()
	applied, err := d.Apply(&crdt.Change{Replica: anaID, Ops: []crdt.Op{
		insertOp(crdt.ID{}, "ab"), deleteOp(anaID, 0, 1), deleteOp(anaID, 0, 2), restoreOp(anaID, 3), restoreOp(anaID, 3),
	}})
	if err != nil || d.Text() != "b" {
		t.Errorf("%+v, %v, text %q", applied, err, d.Text())
	}
	if err := d.Check(); err != nil {
		t.Error(err)
	}
}

func TestMalformedChangesAreRefusedWhole(t *testing.T) {
	base := &crdt.Change{Replica: anaID, Ops: []crdt.Op{insertOp(crdt.ID{}, "abcd")}}
	more := &crdt.Change{Replica: anaID, Seq: 4, Ops: []crdt.Op{insertOp(crdt.ID{Replica: anaID, Seq: 3}, "efgh")}}
	ben := &crdt.Change{Replica: benID, Causes: []crdt.ID{{Replica: anaID, Seq: 3}}, Ops: []crdt.Op{insertOp(crdt.ID{Replica: anaID, Seq: 3}, "B")}}
	cause := []crdt.ID{{Replica: anaID, Seq: 3}}
	fine := insertOp(crdt.ID{}, "fine")
	for name, c := range map[string]*crdt.Change{
		"origin not declared":     {Replica: benID, Seq: 1, Ops: []crdt.Op{fine, insertOp(crdt.ID{Replica: anaID, Seq: 4}, "x")}},
		"target not declared":     {Replica: benID, Seq: 1, Ops: []crdt.Op{fine, deleteOp(anaID, 3, 2)}},
		"restore not declared":    {Replica: benID, Seq: 1, Ops: []crdt.Op{fine, restoreOp(anaID, 5)}},
		"own origin not yet made": {Replica: benID, Seq: 1, Ops: []crdt.Op{fine, insertOp(crdt.ID{Replica: benID, Seq: 5}, "x")}},
		"own target not yet made": {Replica: benID, Seq: 1, Ops: []crdt.Op{fine, deleteOp(benID, 4, 2)}},
		"unknown replica":         {Replica: benID, Seq: 1, Ops: []crdt.Op{fine, deleteOp(crdt.ReplicaID{'X'}, 0, 1)}},
		"cause named again":       {Replica: benID, Seq: 1, Causes: cause, Ops: []crdt.Op{fine}},
		"overlaps what is known":  {Replica: benID, Seq: 0, Causes: cause, Ops: []crdt.Op{fine}},
	} {
		t.Run(name, func(t *testing.T) {
			d := crdt.New()
			applyAll(t, d, []*crdt.Change{base, more, ben})
			text, version := d.Text(), d.Version()
			applied, err := d.Apply(c)
			var malformed *crdt.ChangeError
			if !errors.As(err, &malformed) || malformed.Replica != benID {
				t.Errorf("error %v, want a *ChangeError of replica B", err)
			}
			if len(applied.Patch) > 0 || d.Text() != text || !d.Version().Equal(version) {
				t.Errorf("it had an effect: %+v, text %q", applied, d.Text())
			}
			if err := d.Check(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestMalformedChangeThatWaitedIsReported(t *testing.T) {
	d := crdt.New()
	bad := &crdt.Change{Replica: anaID, Seq: 1, Ops: []crdt.Op{deleteOp(benID, 0, 1)}}
	if applied, err := d.Apply(bad); err != nil || len(applied.Changes) > 0 {
		t.Fatalf("a change that comes early gave %+v, %v", applied, err)
	}
	applied, err := d.Apply(&crdt.Change{Replica: anaID, Ops: []crdt.Op{insertOp(crdt.ID{}, "a")}})
	if err != nil || len(applied.Changes) != 1 || len(applied.Refused) != 1 || applied.Refused[0].Seq != 1 {
		t.Errorf("got %+v, %v", applied, err)
	}
	if err := d.Check(); err != nil {
		t.Error(err)
	}
}

// TestAnyWellFormedChangesConverge makes changes that no honest copy would make,
// with random references and prepend chains, and applies them in random orders.
func TestAnyWellFormedChangesConverge(t *testing.T) {
	eachSeed(t, func(t *testing.T, rng *rand.Rand) {
		changes := strangeChanges(rng, 2+rng.IntN(4), *stepsFlag/2)
		oracle := crdttest.NewNaive()
		for _, c := range changes {
			oracle.Apply(c)
		}
		for range 3 {
			rng.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
			d, view := crdt.New(), crdttest.NewView()
			for _, c := range changes {
				applied, err := d.Apply(c)
				if err != nil || len(applied.Refused) > 0 {
					t.Fatalf("apply: %v, %v", err, applied.Refused)
				}
				if err := view.Follow(applied.Patch, d.Text()); err != nil {
					t.Fatal(err)
				}
			}
			if err := d.Check(); err != nil {
				t.Fatalf("%v\n%s", err, d.Dump())
			}
			if got, want := d.Text(), oracle.Text(); got != want {
				t.Fatalf("text %q, want %q\n%s", got, want, d.Dump())
			}
		}
	})
}

// strangeChanges returns n changes of so many replicas, in a causal order.
func strangeChanges(rng *rand.Rand, replicas, n int) (changes []*crdt.Change) {
	next := make([]uint32, replicas)
	deletes := make([][]uint32, replicas)  // Seqs of each replica's Deletes
	declared := make([][]uint32, replicas) // by each replica of each
	for r := range declared {
		declared[r] = make([]uint32, replicas)
	}
	text := crdttest.NewEdits(rng)
	for range n {
		r := rng.IntN(replicas)
		c := &crdt.Change{Replica: crdt.ReplicaID{byte(r + 1)}, Seq: next[r]}
		for other := range replicas {
			if fresh := next[other] - declared[r][other]; other != r && fresh > 0 && rng.IntN(2) == 0 {
				declared[r][other] += 1 + rng.Uint32N(fresh)
				c.Causes = append(c.Causes, crdt.ID{Replica: crdt.ReplicaID{byte(other + 1)}, Seq: declared[r][other] - 1})
			}
		}
		for range 1 + rng.IntN(4) {
			declared[r][r] = c.Next()
			o := strangeOp(rng, c, declared[r], text)
			if own := deletes[r]; len(own) > 0 && rng.IntN(6) == 0 {
				o = restoreOp(c.Replica, own[rng.IntN(len(own))])
			}
			if o.Kind == crdt.Delete {
				deletes[r] = append(deletes[r], c.Next())
			}
			c.Ops = append(c.Ops, o)
		}
		next[r] = c.Next()
		changes = append(changes, c)
	}
	return changes
}

// strangeOp returns an op that refers to anything that it may.
func strangeOp(rng *rand.Rand, c *crdt.Change, declared []uint32, text *crdttest.Edits) crdt.Op {
	other := rng.IntN(len(declared))
	if declared[other] == 0 {
		return insertOp(crdt.ID{}, text.Text(1+rng.IntN(3)))
	}
	id := crdt.ID{Replica: crdt.ReplicaID{byte(other + 1)}, Seq: rng.Uint32N(min(declared[other], 1+rng.Uint32N(declared[other])))}
	switch rng.IntN(8) {
	case 0:
		return deleteOp(id.Replica, id.Seq, 1+rng.Uint32N(declared[other]-id.Seq))
	case 1:
		return restoreOp(id.Replica, id.Seq)
	case 2, 3:
		id = crdt.ID{}
	}
	o := insertOp(id, text.Text(1+rng.IntN(3)))
	if rng.IntN(3) > 0 {
		o.Chained, o.Chain = true, rng.Uint32N(c.Next()+2)
	}
	return o
}

func TestPendingIsBounded(t *testing.T) {
	t.Run("changes", func(t *testing.T) {
		fill(t, "x", crdt.MaxPendingChanges)
	})
	t.Run("bytes", func(t *testing.T) {
		text := strings.Repeat("x", 1<<20-1000)
		fill(t, text, crdt.MaxPendingBytes/len(text))
	})
}

// fill sends changes of text without the first of them: room is how many can wait.
func fill(t *testing.T, text string, room int) {
	size := uint32(len(text))
	change := func(i int) *crdt.Change {
		return &crdt.Change{Replica: anaID, Seq: uint32(i) * size, Ops: []crdt.Op{insertOp(crdt.ID{}, text)}}
	}
	d := crdt.New()
	for i := room; i > 0; i-- {
		for range 2 { // a repeated one takes no room
			if applied, err := d.Apply(change(i)); err != nil || len(applied.Changes) > 0 {
				t.Fatalf("change %d of %d: %+v, %v", i, room, applied, err)
			}
		}
	}
	if _, err := d.Apply(change(room + 1)); !errors.Is(err, crdt.ErrPendingFull) {
		t.Errorf("one too many gave %v, want ErrPendingFull", err)
	}
	if err := d.Check(); err != nil {
		t.Error(err)
	}
	applied, err := d.Apply(change(0))
	if err != nil || len(applied.Changes) != room+1 {
		t.Fatalf("%d changes applied, want %d; %v", len(applied.Changes), room+1, err)
	}
	for i, c := range applied.Changes {
		if c.Seq != uint32(i)*size {
			t.Fatalf("change %d applied at place %d", c.Seq/size, i)
		}
	}
	if err := d.Check(); err != nil {
		t.Error(err)
	}
}
