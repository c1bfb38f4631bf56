package crdttest

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"inkling/crdt"
)

// TestBodiesReadAsWritten: what a scribe writes the oracle reads as it was meant.
func TestBodiesReadAsWritten(t *testing.T) {
	a, b, c := crdt.ReplicaID{1}, crdt.ReplicaID{2}, crdt.ReplicaID{3}
	before := chain{replica: a, next: 300, minutes: 5, table: []Cause{{b, 70_000}}}
	front := uint32(200)
	want := Body{
		Minutes: 29_536_560, Causes: []Cause{{b, 70_001}, {c, 9}},
		Ops: []Op{
			InsertOp(crdt.ID{Replica: a, Seq: 299}, "wör\n👍"), DeleteOp(crdt.ID{Replica: c, Seq: 2}, 5),
			InsertOp(crdt.ID{}, "x"), {Kind: crdt.Insert, Seqs: 1, Text: "y", Chain: &front},
			RestoreOp(crdt.ID{Replica: a, Seq: 305}), PassOp(), GrantOp(NewPerson("Ben")),
			{Kind: 9, Seqs: 70, Unknown: &[2]bool{true, false}, Payload: []byte("?")},
		},
	}
	bytes, after := before.encode(want)
	got, end, err := before.decode(bytes)
	end.ways = ways{}
	if err != nil || !reflect.DeepEqual(got, want) || !reflect.DeepEqual(end, after) {
		t.Errorf("read %+v, %+v, %v; want %+v, %+v", got, end, err, want, after)
	}
}

func TestNetwork(t *testing.T) {
	frames := func(n int) (all [][]byte) {
		for i := range n {
			all = append(all, []byte{byte(i)})
		}
		return all
	}
	n := NewNetwork(3)
	for _, f := range frames(4) {
		n.Send(0, f)
	}
	if n.Waiting(0) != 0 || n.Waiting(1) != 4 || n.Waiting(2) != 4 || n.Quiet() {
		t.Errorf("%d, %d, %d wait", n.Waiting(0), n.Waiting(1), n.Waiting(2))
	}
	n.Lose(1, 6, 1) // the third
	n.Repeat(1, 0)
	if got := n.Receive(1, 2, 9); !reflect.DeepEqual(got, [][]byte{{3}, {0}, {0}, {1}}) {
		t.Errorf("received %v", got)
	}
	n.Receive(2, 0, 9)
	n.Cut(0b100)
	n.Send(1, []byte{7})
	n.Retransmit()
	if got := n.Receive(1, 0, 9); !reflect.DeepEqual(got, [][]byte{{2}}) || n.Waiting(0) != 1 || n.Waiting(2) != 0 {
		t.Errorf("received %v", got)
	}
	n.Cut(0)
	n.Retransmit()
	if n.Waiting(2) != 1 || n.Quiet() {
		t.Error("what the cut kept back is gone")
	}
	n.Receive(0, 0, 9)
	n.Receive(2, 0, 9)
	if n.Repeat(1, 0); !n.Quiet() {
		t.Error("it is not quiet")
	}
}

// TestViewFindsWrongPatches: a view that follows anything would prove nothing.
func TestViewFindsWrongPatches(t *testing.T) {
	for name, e := range map[string]crdt.Edit{
		"outside":            {At: 6, Inserted: 1},
		"another paragraph":  {At: 3, Inserted: 1},
		"newlines removed":   {At: 1, Removed: 2},
		"newlines too many":  {At: 1, Removed: 1, Inserted: 1, LinesRemoved: 1},
		"nothing":            {At: 1},
		"too little":         {At: 0, Removed: 1},
		"paragraphs of none": {At: 0, Removed: 1, Inserted: 1, LinesInserted: 1},
		"in the wrong place": {At: 1, Removed: 1, Inserted: 1},
	} {
		v := NewView()
		if err := v.Follow(crdt.Patch{{Inserted: 5, LinesInserted: 1}}, "ab\ncd"); err != nil {
			t.Fatal(err)
		}
		if err := v.Follow(crdt.Patch{e}, "Xb\ncd"); err == nil {
			t.Errorf("%s: followed %+v", name, e)
		}
	}
}

func TestFugueMaxDoesNotMixRuns(t *testing.T) {
	lists := []*FugueMax{NewFugueMax(crdt.ReplicaID{1}), NewFugueMax(crdt.ReplicaID{2})}
	var ops [2][]FugueOp
	for i, word := range []string{"abc", "xyz"} {
		for _, r := range word {
			ops[i] = append(ops[i], lists[i].Insert(0, string(r))...)
		}
		ops[i] = append(ops[i], lists[i].Insert(3, word)...)
	}
	lists[0].Apply(ops[1]...)
	lists[1].Apply(ops[0]...)
	lists[1].Apply(ops[0]...) // again: nothing
	if a, b := lists[0].Text(), lists[1].Text(); a != b || a != "cbaabczyxxyz" {
		t.Errorf("texts %q and %q", a, b)
	}
	lists[0].Apply(lists[1].Delete(0, 3)...)
	if a, b := lists[0].Text(), lists[1].Text(); a != b || a != "abczyxxyz" {
		t.Errorf("texts %q and %q", a, b)
	}
}

// TestFugueMaxConverges in all orders of delivery that keep each one's own.
func TestFugueMaxConverges(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		lists := []*FugueMax{NewFugueMax(crdt.ReplicaID{1}), NewFugueMax(crdt.ReplicaID{2}), NewFugueMax(crdt.ReplicaID{3})}
		for range 4 {
			var ops [][]FugueOp
			for _, l := range lists {
				var own []FugueOp
				edits := NewEdits(rng)
				for range rng.IntN(5) {
					e := edits.Next(len([]rune(l.Text())))
					own = append(own, l.Delete(e.At, e.At+e.Delete)...)
					own = append(own, l.Insert(e.At, e.Insert)...)
				}
				ops = append(ops, own)
			}
			for i, l := range lists {
				for _, k := range rng.Perm(len(lists)) {
					if k != i {
						l.Apply(ops[k]...)
					}
				}
			}
			if a, b, c := lists[0].Text(), lists[1].Text(), lists[2].Text(); a != b || b != c {
				t.Fatalf("texts %q, %q, %q", a, b, c)
			}
		}
	}
}

func TestPeopleAreTheSameAgain(t *testing.T) {
	p, q := People(2), People(2)
	if !reflect.DeepEqual(p, q) || p[0].Author == p[1].Author || p[0].Again(2).Author == p[0].Author || p[0].Again(2).Key.Equal(p[1].Key) {
		t.Error("keys are not those of the names")
	}
	if slices.Equal(p[0].Author.Device[:], p[1].Author.Device[:]) {
		t.Error("two people have one device")
	}
}
