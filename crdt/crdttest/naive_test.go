package crdttest

import (
	"crypto/sha256"
	"reflect"
	"slices"
	"testing"

	"inkling/crdt"
)

// script is a document of Ana, who created it, and Ben, whom her first op grants.
type script struct {
	all      *Naive
	ana, ben *Scribe
	base     *crdt.Change
}

func newScript() *script {
	ana, ben := NewPerson("Ana"), NewPerson("Ben")
	s := &script{all: NewNaive(ana.Genesis())}
	s.ana = NewScribe(s.all, ana, nil)
	s.ben = NewScribe(s.all, ben, &crdt.ID{Replica: s.ana.Replica})
	s.base = s.ana.Write(nil, GrantOp(ben), InsertOp(crdt.ID{}, "abcd"), DeleteOp(s.id(2), 2))
	return s
}

// id is an op or element of Ana's.
func (s *script) id(seq uint32) crdt.ID { return crdt.ID{Replica: s.ana.Replica, Seq: seq} }

func (s *script) cause(by *Scribe) []Cause { return []Cause{{by.Replica, by.Next()}} }

// TestNaiveByHand follows a small document by what FORMAT.md says.
func TestNaiveByHand(t *testing.T) {
	s := newScript()
	want := func(text string) {
		t.Helper()
		if got := s.all.Text(); got != text || len(s.all.Refused) > 0 {
			t.Fatalf("text %q, want %q; refused %v", got, text, s.all.Refused)
		}
	}
	want("ad")
	s.ben.Write(s.cause(s.ana), InsertOp(s.id(1), "B")) // a younger sibling of "b"
	want("aBd")
	s.ana.Write(nil, RestoreOp(s.id(5)), RestoreOp(s.id(5)))
	want("aBbcd")
	seen := s.all.Version()
	s.ana.Write(s.cause(s.ben), DeleteOp(crdt.ID{Replica: s.ben.Replica}, 1), InsertOp(s.id(5), "void"), DeleteOp(s.id(5), 1), Op{Kind: 9, Seqs: 3})
	want("abcd")
	front := uint32(1)
	s.ana.Write(nil, Op{Kind: crdt.Insert, Seqs: 1, Text: "-", Chain: &front}, Op{Kind: crdt.Insert, Seqs: 1, Text: "=", Origin: s.id(1), Chain: &front})
	want("-a=bcd")
	if got := s.all.TextAt(seen); got != "aBbcd" {
		t.Errorf("it was %q", got)
	}
	ids := []crdt.ID{s.id(17), s.id(1), s.id(18), {Replica: s.ben.Replica}, s.id(2), s.id(3), s.id(4)}
	if got := s.all.Order(); !slices.Equal(got, ids) {
		t.Errorf("order %v, want %v", got, ids)
	}
	if got := s.all.Authors(); !slices.Equal(got, slices.Delete(slices.Clone(ids), 3, 4)) {
		t.Errorf("authors %v", got)
	}
	for a, want := range map[crdt.Anchor]int{
		{Bias: crdt.After}: 0, {}: 6, {ID: ids[3]}: 3, {ID: ids[3], Bias: crdt.After}: 3, {ID: ids[4], Bias: crdt.After}: 4,
	} {
		if got, known := s.all.Offset(a); got != want || !known {
			t.Errorf("%v at %d %t, want %d", a, got, known, want)
		}
	}
	if _, known := s.all.Offset(crdt.Anchor{ID: s.id(0)}); known {
		t.Error("a Grant is an element")
	}
	if got, want := s.all.InsertOp(s.ana.Replica, 2, "xy"), (Op{Kind: crdt.Insert, Seqs: 2, Origin: ids[1], Chain: &ids[2].Seq, Text: "xy"}); !reflect.DeepEqual(got, want) {
		t.Errorf("insert %+v, want %+v", got, want)
	}
	if got := s.all.Targets(2, 4); !slices.Equal(got, []crdt.ID{ids[2], ids[4]}) {
		t.Errorf("targets %v", got)
	}
	if got := s.all.Ops(s.ben.Replica, 0); len(got) != 1 || s.all.Ops(s.ben.Replica, 1) != nil {
		t.Errorf("ops %v", got)
	}
}

// TestNaiveHash: the hash as the formula has it.
func TestNaiveHash(t *testing.T) {
	s := newScript()
	ben := s.ben.Write(s.cause(s.ana), PassOp())
	doc := sha256.Sum256(s.ana.Person.Genesis().Bytes())
	first := func(r crdt.ReplicaID) [32]byte { return sha256.Sum256(append(doc[:], r[:]...)) }
	a := first(s.ana.Replica)
	ana := sha256.Sum256(append(a[:], s.base.Body...))
	b := first(s.ben.Replica)
	want := sha256.Sum256(append(append(b[:], ana[:]...), ben.Body...))
	if got, ok := s.all.Hash(s.ben.Replica, 1); !ok || got != want || ben.Hash != want {
		t.Errorf("hash %x, want %x", got, want)
	}
	if _, ok := s.all.Hash(s.ben.Replica, 2); ok {
		t.Error("there is a hash of nothing")
	}
}

// TestNaiveWaits: for what a change builds on, and for a signature, in any order.
func TestNaiveWaits(t *testing.T) {
	s := newScript()
	one := *s.ana.Write(nil, InsertOp(s.id(4), "1"))
	one.Signature = nil
	two := s.ben.Write(s.cause(s.ana), InsertOp(s.id(4), "2"))
	three := s.ana.Write(s.cause(s.ben), InsertOp(s.id(4), "3"))
	frames := Frames([]*crdt.Change{s.base, &one, two, three})
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {0, 3, 1, 2}, {2, 0, 1, 3}} {
		n := NewNaive(s.ana.Person.Genesis())
		for k, i := range order {
			n.Apply(frames[i], frames[i])
			if k == len(order)-2 && n.Text() != "ad" && n.Text() != "" {
				t.Errorf("%v: text %q before all had come", order, n.Text())
			}
		}
		if n.Text() != s.all.Text() || len(n.Refused) > 0 {
			t.Errorf("%v: text %q, want %q; refused %v", order, n.Text(), s.all.Text(), n.Refused)
		}
	}
}

// TestNaiveRefuses what only the chain and the members can show; the rest is a matter of
// its decoder, which the document's tests try beside the document's own.
func TestNaiveRefuses(t *testing.T) {
	s := newScript()
	eve := NewScribe(s.all, NewPerson("Eve"), nil)
	liar := NewScribe(s.all, s.ben.Person, &crdt.ID{Replica: s.ana.Replica, Seq: 1})
	misnamed := NewScribe(s.all, s.ben.Person, &crdt.ID{Replica: s.ana.Replica})
	misnamed.Author.Nonce[0]++
	body := Body{Causes: s.cause(s.ana), Ops: []Op{PassOp()}}
	forged := *s.ben.Draft(body)
	forged.Signature = slices.Clone(forged.Signature)
	forged.Signature[0]++
	for name, frame := range map[string][]byte{
		"no member":    eve.Draft(body).AppendFrame(nil),
		"no grant":     liar.Draft(body).AppendFrame(nil),
		"another name": misnamed.Draft(body).AppendFrame(nil),
		"forged":       forged.AppendFrame(nil),
		"no frame":     []byte("\x02"),
		"half a frame": s.base.AppendFrame(nil)[:40],
		"more":         append(s.base.AppendFrame(nil), 0),
	} {
		refused := len(s.all.Refused)
		s.all.Apply(frame)
		if len(s.all.Refused) != refused+1 || s.all.Text() != "ad" {
			t.Errorf("%s: not refused, text %q", name, s.all.Text())
		}
	}
	if !s.all.Version().Equal(crdt.VersionVector{s.ana.Replica: 6}) {
		t.Errorf("version %v", s.all.Version())
	}
}

// TestShrinkFindsTheFault: of a script that fails when two certain steps are in it,
// these two are left; and what is printed is read again.
func TestShrinkFindsTheFault(t *testing.T) {
	s := make(Script, 100)
	for i := range s {
		s[i] = Step{Verb: "step", Peer: i % 3, A: i}
	}
	s[20], s[70] = Step{Verb: "this", Text: "a \"b\"\n"}, Step{Verb: "that"}
	fails := func(s Script) bool {
		this, that := false, false
		for _, step := range s {
			this = this || step.Verb == "this"
			that = that || this && step.Verb == "that"
		}
		return that
	}
	got := ParseScript(Shrink(s, 1000, fails).String())
	if len(got) != 2 || got[0] != s[20] || got[1] != s[70] {
		t.Errorf("shrunk to\n%s", got)
	}
	if few := Shrink(s, 3, fails); !fails(few) {
		t.Error("shrunk to what does not fail")
	}
	defer func() {
		if recover() == nil {
			t.Error("a step that is none was read")
		}
	}()
	ParseScript("step one")
}
