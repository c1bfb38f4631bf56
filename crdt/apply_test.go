package crdt_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// table is a document written by hand: by Ana, who created it, and Ben, whom her
// first op grants. Ana's "abcd" has the Seqs 1 to 4, her deletion of "bc" 5.
type table struct {
	t        testing.TB
	oracle   *crdttest.Naive
	genesis  crdt.Genesis
	ana, ben *crdttest.Scribe
	base     *crdt.Change
}

func newTable(t testing.TB) *table {
	ana, ben := crdttest.NewPerson("Ana"), crdttest.NewPerson("Ben")
	x := &table{t: t, genesis: ana.Genesis(), oracle: crdttest.NewNaive(ana.Genesis())}
	x.ana = crdttest.NewScribe(x.oracle, ana, nil)
	x.ben = crdttest.NewScribe(x.oracle, ben, &crdt.ID{Replica: x.ana.Replica})
	x.base = x.ana.Write(nil, crdttest.GrantOp(ben), crdttest.InsertOp(crdt.ID{}, "abcd"), crdttest.DeleteOp(x.of(x.ana, 2), 2))
	return x
}

func (x *table) of(s *crdttest.Scribe, seq uint32) crdt.ID {
	return crdt.ID{Replica: s.Replica, Seq: seq}
}

// seen is Ana's chain so far as a cause.
func (x *table) seen() []crdttest.Cause {
	return []crdttest.Cause{{Replica: x.ana.Replica, Next: x.ana.Next()}}
}

// doc returns a document that has the changes.
func (x *table) doc(changes ...*crdt.Change) *crdt.Doc {
	x.t.Helper()
	d := crdt.New(x.genesis)
	apply(x.t, d, changes...)
	return d
}

// agrees compares d with the oracle.
func (x *table) agrees(d *crdt.Doc) {
	x.t.Helper()
	check(x.t, d)
	if d.Text() != x.oracle.Text() || !d.Version().Equal(x.oracle.Version()) || !slices.Equal(d.Order(), x.oracle.Order()) {
		x.t.Fatalf("text %q at %v, want %q at %v\n%s", d.Text(), d.Version(), x.oracle.Text(), x.oracle.Version(), d.Dump())
	}
}

// TestVoidOps: ops that refer to what is not there do nothing, but take their Seqs.
func TestVoidOps(t *testing.T) {
	x := newTable(t)
	ana, ben := func(seq uint32) crdt.ID { return x.of(x.ana, seq) }, func(seq uint32) crdt.ID { return x.of(x.ben, seq) }
	seven := uint32(7)
	for name, op := range map[string]crdttest.Op{
		"insert behind a delete":      crdttest.InsertOp(ana(5), "xy"),
		"insert behind a grant":       crdttest.InsertOp(ana(0), "xy"),
		"insert behind a void one":    crdttest.InsertOp(ben(2), "xy"),
		"delete of a delete":          crdttest.DeleteOp(ana(5), 1),
		"delete of more than text":    crdttest.DeleteOp(ana(3), 3),
		"delete of void text":         crdttest.DeleteOp(ben(0), 3),
		"restore of an insert":        crdttest.RestoreOp(ben(0)),
		"restore of a restore":        crdttest.RestoreOp(ben(1)),
		"restore of a void delete":    crdttest.RestoreOp(ben(4)),
		"chain of a void op":          {Kind: crdt.Insert, Seqs: 1, Origin: ana(5), Text: "x", Chain: &seven},
		"pass":                        crdttest.PassOp(),
		"second grant":                crdttest.GrantOp(x.ben.Person),
		"grant to the creator":        crdttest.GrantOp(x.ana.Person),
		"an op of a kind to come":     {Kind: 9, Seqs: 1, Payload: []byte("later")},
		"one that takes many seqs":    {Kind: 31, Seqs: 300, Unknown: &[2]bool{true, true}},
		"insert behind an op to come": crdttest.InsertOp(ben(6), "!"),
	} {
		t.Run(name, func(t *testing.T) {
			x := newTable(t)
			change := x.ben.Write(x.seen(),
				crdttest.InsertOp(crdt.ID{}, "B"), crdttest.RestoreOp(ben(0)),
				crdttest.InsertOp(ana(5), "??"), crdttest.DeleteOp(ana(5), 1), crdttest.PassOp(),
				crdttest.Op{Kind: 9, Seqs: 1}, crdttest.InsertOp(ana(4), "?"), op, crdttest.InsertOp(ana(4), "!"))
			d := x.doc(x.base, change)
			x.agrees(d)
			if got := d.Text(); got != "Bad!?" {
				t.Errorf("text %q", got)
			}
			if !d.NeedsNewer() {
				t.Error("it has ops of kinds to come, but needs no newer program")
			}
			succeed(t, sameChanges(d.DeltaSince(nil), []*crdt.Change{x.base, change}))
			succeed(t, d.Verify())
		})
	}
}

func TestSecondRestoreOfOneDeleteDoesNothing(t *testing.T) {
	x := newTable(t)
	own := func(seq uint32) crdt.ID { return x.of(x.ana, seq) }
	d := x.doc(x.base, x.ana.Write(nil,
		crdttest.DeleteOp(own(1), 2), crdttest.RestoreOp(own(5)), crdttest.RestoreOp(own(5)), crdttest.RestoreOp(own(7))))
	x.agrees(d)
	if d.Text() != "cd" {
		t.Errorf("text %q, want cd", d.Text())
	}
}

// TestLiarsChains: chains that name what they must not make elements of their own chains.
func TestLiarsChains(t *testing.T) {
	x := newTable(t)
	named := func(seq uint32) *uint32 { return &seq }
	front := func(text string, chain *uint32) crdttest.Op {
		return crdttest.Op{Kind: crdt.Insert, Seqs: uint32(len(text)), Text: text, Chain: chain}
	}
	ben := x.ben.Write(x.seen(), crdttest.InsertOp(crdt.ID{}, "12"), crdttest.PassOp(), front("34", named(0)))
	changes := []*crdt.Change{x.base, ben,
		x.ben.Write(nil, front("5", named(1)), // another origin
			front("6", named(2)), // no element
			front("7", named(3)), front("8", named(0)),
			crdttest.Op{Kind: crdt.Insert, Seqs: 1, Text: "9", Origin: x.of(x.ben, 0), Chain: named(1)}),
		x.ana.Write([]crdttest.Cause{{Replica: x.ben.Replica, Next: 5}}, front("A", named(1)), front("B", named(0))),
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		x.agrees(x.doc(changes...))
		rng.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
	}
}

// TestStateIsAFunctionOfTheSet: changes that no honest copy would make, with random
// references and prepend chains, give one state in any order, any batches, and again;
// also where only the last change of each chain is signed, and some others.
func TestStateIsAFunctionOfTheSet(t *testing.T) {
	eachSeed(t, func(t *testing.T, rng *rand.Rand) {
		oracle, changes := strangeChanges(rng, 2+rng.IntN(4), *stepsFlag/2)
		if rng.IntN(2) == 0 {
			stripSignatures(rng, changes)
		}
		for range 3 {
			rng.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
			d := crdt.New(crdttest.People(1)[0].Genesis())
			if second := crdttest.NewNaive(d.Genesis()); true {
				second.Apply(crdttest.Frames(changes)...)
				if second.Text() != oracle.Text() || len(second.Refused) > 0 {
					t.Fatalf("the oracle itself: text %q, want %q", second.Text(), oracle.Text())
				}
			}
			view := crdttest.NewView()
			for rest := travelled(t, changes); len(rest) > 0; {
				n := 1 + rng.IntN(min(len(rest), 9))
				applied := apply(t, d, rest[:n]...)
				succeed(t, view.Follow(applied.Patch, d.Text()))
				if again := apply(t, d, rest[:n]...); len(again.Changes) > 0 || len(again.Patch) > 0 {
					t.Fatalf("the second time it gave %+v", again)
				}
				rest = rest[n:]
			}
			check(t, d)
			if d.Text() != oracle.Text() || !slices.Equal(d.Order(), oracle.Order()) || !d.Version().Equal(oracle.Version()) || d.Pending() > 0 {
				t.Fatalf("text %q, want %q\n%s", d.Text(), oracle.Text(), d.Dump())
			}
			succeed(t, d.Verify())
			succeed(t, sameChanges(d.DeltaSince(nil), changes))
		}
	})
}

// stripSignatures takes most signatures away, but none that is the last of its chain.
func stripSignatures(rng *rand.Rand, changes []*crdt.Change) {
	last := map[crdt.ReplicaID]bool{}
	for i, c := range slices.Backward(changes) {
		if last[c.Replica] && rng.IntN(4) > 0 {
			changes[i] = unsigned(c)
		}
		last[c.Replica] = true
	}
}

// strangeChanges returns n changes of so many replicas, in a causal order.
func strangeChanges(rng *rand.Rand, replicas, n int) (*crdttest.Naive, []*crdt.Change) {
	all := crdttest.People(replicas)
	oracle := crdttest.NewNaive(all[0].Genesis())
	scribes := []*crdttest.Scribe{crdttest.NewScribe(oracle, all[0], nil)}
	var grants []crdttest.Op
	for i, p := range all[1:] {
		grants = append(grants, crdttest.GrantOp(p))
		scribes = append(scribes, crdttest.NewScribe(oracle, p, &crdt.ID{Replica: scribes[0].Replica, Seq: uint32(i)}))
	}
	changes := []*crdt.Change{scribes[0].Write(nil, grants...)}
	ends := map[crdt.ReplicaID][]uint32{scribes[0].Replica: {scribes[0].Next()}}
	text := crdttest.NewEdits(rng)
	for len(changes) < n {
		s := scribes[rng.IntN(replicas)]
		var causes []crdttest.Cause
		for _, other := range scribes {
			fresh := slices.DeleteFunc(slices.Clone(ends[other.Replica]), func(end uint32) bool { return end <= s.Declared(other.Replica) })
			must := s.Next() == 0 && other == scribes[0]
			if other != s && len(fresh) > 0 && (must || rng.IntN(2) == 0) {
				causes = append(causes, crdttest.Cause{Replica: other.Replica, Next: fresh[rng.IntN(len(fresh))]})
			}
		}
		changes = append(changes, s.Write(causes, strangeOps(rng, s, scribes, causes, text)...))
		ends[s.Replica] = append(ends[s.Replica], s.Next())
	}
	return oracle, changes
}

// strangeOps returns ops that refer to anything that they may.
func strangeOps(rng *rand.Rand, s *crdttest.Scribe, all []*crdttest.Scribe, causes []crdttest.Cause, text *crdttest.Edits) (ops []crdttest.Op) {
	next := s.Next()
	for range 1 + rng.IntN(4) {
		known := map[crdt.ReplicaID]uint32{}
		for _, other := range all {
			known[other.Replica] = s.Declared(other.Replica)
		}
		for _, k := range causes {
			known[k.Replica] = k.Next
		}
		known[s.Replica] = next
		o := strangeOp(rng, s.Replica, known, text)
		if n := len(ops); n > 0 && o.Kind == crdt.Insert && ops[n-1].Kind == crdt.Insert && o.Chain == nil && o.Origin == (crdt.ID{Replica: s.Replica, Seq: next - 1}) {
			continue
		}
		ops = append(ops, o)
		next += o.Seqs
	}
	return ops
}

func strangeOp(rng *rand.Rand, own crdt.ReplicaID, known map[crdt.ReplicaID]uint32, text *crdttest.Edits) crdttest.Op {
	all := crdt.VersionVector(known).Replicas()
	of := all[rng.IntN(len(all))]
	if known[of] == 0 {
		return crdttest.InsertOp(crdt.ID{}, text.Text(1+rng.IntN(3)))
	}
	id := crdt.ID{Replica: of, Seq: rng.Uint32N(1 + rng.Uint32N(known[of]))}
	switch k := rng.IntN(20); {
	case k < 3:
		return crdttest.DeleteOp(id, 1+rng.Uint32N(known[of]-id.Seq))
	case k < 6 && known[own] > 0:
		return crdttest.RestoreOp(crdt.ID{Replica: own, Seq: rng.Uint32N(known[own])})
	case k == 6:
		return crdttest.Op{Kind: crdt.OpKind(6 + rng.IntN(26)), Seqs: 1 + rng.Uint32N(3), Unknown: &[2]bool{rng.IntN(2) == 0, rng.IntN(2) == 0}}
	case k < 10:
		id = crdt.ID{}
	}
	o := crdttest.InsertOp(id, text.Text(1+rng.IntN(3)))
	if rng.IntN(3) > 0 && known[own] > 0 {
		seq := rng.Uint32N(known[own])
		o.Chain = &seq
	}
	return o
}

// TestPendingIsBounded: so many wait, one more does not, and what they all waited for
// is taken even so.
func TestPendingIsBounded(t *testing.T) {
	t.Run("changes", func(t *testing.T) { fill(t, "x", crdt.MaxPendingChanges) })
	t.Run("bytes", func(t *testing.T) {
		text := strings.Repeat("x", 1<<20-1000)
		fill(t, text, crdt.MaxPendingBytes/len(text))
	})
}

// fill sends changes of text without the first of them; room is how many can wait.
func fill(t *testing.T, text string, room int) {
	ana, d := solo(t, "Ana")
	var changes []*crdt.Change
	for range room + 2 {
		d.Insert(d.Len(), text, noon)
		changes = append(changes, ana.Flush(d)...)
	}
	other := crdt.New(ana.Genesis())
	for i := room; i > 0; i-- {
		for range 2 { // a repeated one takes no room
			if applied, err := other.Apply(changes[i]); err != nil || len(applied.Changes) > 0 {
				t.Fatalf("change %d of %d: %+v, %v", i, room, applied, err)
			}
		}
	}
	if other.Pending() != room {
		t.Errorf("%d wait, want %d", other.Pending(), room)
	}
	if _, err := other.Apply(changes[room+1]); !errors.Is(err, crdt.ErrPendingFull) {
		t.Errorf("one too many gave %v, want ErrPendingFull", err)
	}
	check(t, other)
	applied, err := other.Apply(changes[0])
	if err != nil || len(applied.Changes) != room+1 || other.Pending() != 0 {
		t.Fatalf("%d changes applied, want %d; %v", len(applied.Changes), room+1, err)
	}
	check(t, other)
	succeed(t, sameChanges(applied.Changes, changes[:room+1]))
}

// TestChainsThatWaitForEachOther: that is no reason to stop, nor to forget others.
func TestChainsThatWaitForEachOther(t *testing.T) {
	x := newTable(t)
	ben := x.ben.Draft(crdttest.Body{Causes: []crdttest.Cause{{Replica: x.ana.Replica, Next: 7}}, Ops: []crdttest.Op{crdttest.PassOp()}})
	ana := x.ana.Draft(crdttest.Body{Causes: []crdttest.Cause{{Replica: x.ben.Replica, Next: 1}}, Ops: []crdttest.Op{crdttest.PassOp()}})
	d := x.doc(x.base)
	apply(t, d, ana, ben)
	apply(t, d, ben, ana)
	x.agrees(d)
	if d.Pending() != 2 {
		t.Errorf("%d wait, want 2", d.Pending())
	}
}
