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

// letters returns the changes of one chain by its document's creator, one per letter,
// each signed.
func letters(t *testing.T, p crdttest.Person, text string) (changes []*crdt.Change) {
	d := crdt.New(p.Genesis())
	succeed(t, d.Attach(p.Author))
	for at, r := range []rune(text) {
		d.Insert(at, string(r), noon)
		changes = append(changes, p.Flush(d)...)
	}
	return changes
}

// unsigned returns c as it travels without its signature.
func unsigned(c *crdt.Change) *crdt.Change {
	k := *c
	k.Signature = nil
	return &k
}

// forged returns c with another signature.
func forged(c *crdt.Change) *crdt.Change {
	k := *c
	k.Signature = slices.Clone(c.Signature)
	k.Signature[7] ^= 1
	return &k
}

// wantRefused: applying changes gives an error that says so of one of them.
func wantRefused(t *testing.T, d *crdt.Doc, reason string, changes ...*crdt.Change) {
	t.Helper()
	applied, err := d.Apply(travelled(t, changes)...)
	var refused *crdt.ChangeError
	if !errors.As(err, &refused) || !slices.Contains(applied.Refused, refused) || !strings.Contains(err.Error(), reason) {
		t.Errorf("error %v, refused %v; want one that says %q", err, applied.Refused, reason)
	}
	check(t, d)
}

func TestUnsignedChangesWaitForASignature(t *testing.T) {
	ana := crdttest.NewPerson("Ana")
	abc := letters(t, ana, "abc")
	d := crdt.New(ana.Genesis())
	for _, c := range abc[:2] {
		if a := apply(t, d, unsigned(c)); len(a.Changes) > 0 {
			t.Fatal("it was applied without a signature")
		}
	}
	if d.Pending() != 2 || d.Text() != "" {
		t.Fatalf("%d wait, text %q", d.Pending(), d.Text())
	}
	if a := apply(t, d, abc[2]); len(a.Changes) != 3 || d.Text() != "abc" || d.Pending() != 0 {
		t.Errorf("applied %d, text %q", len(a.Changes), d.Text())
	}
	check(t, d)
}

// TestSignatureComesLater: the change waits, then comes once more with its signature.
func TestSignatureComesLater(t *testing.T) {
	ana := crdttest.NewPerson("Ana")
	abc := letters(t, ana, "ab")
	d := crdt.New(ana.Genesis())
	apply(t, d, unsigned(abc[1]), unsigned(abc[0]))
	apply(t, d, abc[1])
	if d.Text() != "ab" || d.Pending() != 0 {
		t.Errorf("text %q", d.Text())
	}
}

// TestForgedSignatureRefusesOnlyItselfAndWhatFollows: what is before it, and other
// chains, are applied, and the true one is taken afterwards.
func TestForgedSignatureRefusesOnlyItselfAndWhatFollows(t *testing.T) {
	x := newTable(t)
	more := []*crdt.Change{x.ana.Write(nil, crdttest.InsertOp(x.of(x.ana, 4), "e")), x.ana.Write(nil, crdttest.InsertOp(x.of(x.ana, 4), "f"))}
	ben := x.ben.Write([]crdttest.Cause{{Replica: x.ana.Replica, Next: 6}}, crdttest.InsertOp(crdt.ID{}, "B"))
	d := crdt.New(x.genesis)
	wantRefused(t, d, "signature", x.base, ben, forged(more[0]))
	if d.Text() != "Bad" || d.Pending() != 0 {
		t.Errorf("text %q, %d wait", d.Text(), d.Pending())
	}
	wantRefused(t, d, "signature", forged(more[0]), unsigned(more[1]))
	if d.Text() != "Bad" || d.Pending() != 1 {
		t.Errorf("text %q, %d wait", d.Text(), d.Pending())
	}
	apply(t, d, more...)
	x.agrees(d)
	succeed(t, d.Verify())
}

// TestForgedSignatureBeforeAGoodOne: what a later signature covers is good, but no
// bad signature may be kept, stored or handed on with it.
func TestForgedSignatureBeforeAGoodOne(t *testing.T) {
	x := newTable(t)
	more := x.ana.Write(nil, crdttest.InsertOp(x.of(x.ana, 4), "e"))
	d := crdt.New(x.genesis)
	applied, _ := d.Apply(travelled(t, []*crdt.Change{forged(x.base), more})...)
	for _, c := range append(applied.Changes, d.DeltaSince(nil)...) {
		if c.Seq == 0 && c.Signature != nil && string(c.Signature) != string(x.base.Signature) {
			t.Error("the forged signature is handed on")
		}
	}
	if err := d.Verify(); err != nil {
		t.Errorf("what was applied does not verify: %v", err)
	}
	apply(t, d, x.base, more)
	x.agrees(d)
}

// TestSignatureOfAnother: neither of another device nor over another change.
func TestSignatureOfAnother(t *testing.T) {
	x := newTable(t)
	one := x.ben.Draft(crdttest.Body{Causes: x.seen(), Ops: []crdttest.Op{crdttest.PassOp()}})
	two := x.ben.Draft(crdttest.Body{Causes: x.seen(), Ops: []crdttest.Op{crdttest.InsertOp(crdt.ID{}, "x")}})
	other := *x.ben
	other.Key = x.ana.Key
	for name, c := range map[string]*crdt.Change{
		"device": other.Draft(crdttest.Body{Causes: x.seen(), Ops: []crdttest.Op{crdttest.PassOp()}}),
		"change": {Replica: one.Replica, Seq: one.Seq, Body: one.Body, Hash: one.Hash, Signature: two.Signature},
	} {
		d := x.doc(x.base)
		wantRefused(t, d, "signature", c)
		x.agrees(d)
		if d.Pending() != 0 {
			t.Errorf("%s: it waits", name)
		}
	}
}

// TestKnotOfSignatures: Ana's first change is covered by the signature of her third
// alone, and that builds on a change of Ben's that builds on the first.
func TestKnotOfSignatures(t *testing.T) {
	x := newTable(t)
	one := unsigned(x.ana.Write(nil, crdttest.InsertOp(x.of(x.ana, 4), "1")))
	ben := x.ben.Write(x.seen(), crdttest.InsertOp(x.of(x.ana, 4), "2"))
	three := x.ana.Write([]crdttest.Cause{{Replica: x.ben.Replica, Next: 1}}, crdttest.InsertOp(x.of(x.ana, 4), "3"))
	for _, order := range permutations(3) {
		changes := []*crdt.Change{one, ben, three}
		d, together := x.doc(x.base), x.doc(x.base)
		for _, i := range order {
			apply(t, d, changes[i])
		}
		apply(t, together, changes[order[0]], changes[order[1]], changes[order[2]])
		for _, d := range []*crdt.Doc{d, together} {
			if d.Text() != x.oracle.Text() || d.Pending() != 0 {
				t.Errorf("in order %v: text %q, want %q; %d wait", order, d.Text(), x.oracle.Text(), d.Pending())
			}
			check(t, d)
		}
	}
}

// permutations returns all orders of 0 … n-1.
func permutations(n int) (all [][]int) {
	if n == 0 {
		return [][]int{nil}
	}
	for _, p := range permutations(n - 1) {
		for at := range n {
			all = append(all, slices.Insert(slices.Clone(p), at, n-1))
		}
	}
	return all
}

// TestAnyOrderOfThreePeople: all orders of some changes of three people, of which one
// is granted by another in the middle, with what only later signatures cover.
func TestAnyOrderOfThreePeople(t *testing.T) {
	x := newTable(t)
	eve := crdttest.NewPerson("Eve")
	changes := []*crdt.Change{
		x.base,
		unsigned(x.ben.Write(x.seen(), crdttest.GrantOp(eve))),
		x.ben.Write(nil, crdttest.InsertOp(crdt.ID{}, "B")),
	}
	e := crdttest.NewScribe(x.oracle, eve, &crdt.ID{Replica: x.ben.Replica})
	changes = append(changes,
		e.Write([]crdttest.Cause{{Replica: x.ben.Replica, Next: 2}}, crdttest.InsertOp(x.of(x.ben, 1), "e")),
		x.ana.Write([]crdttest.Cause{{Replica: e.Replica, Next: 1}}, crdttest.DeleteOp(x.of(e, 0), 1)))
	for _, order := range permutations(len(changes)) {
		d := crdt.New(x.genesis)
		for _, i := range order {
			apply(t, d, changes[i])
		}
		x.agrees(d)
		if m := d.Members(); len(m) != 3 || m[1].Name != "Ben" || m[2].Name != "Eve" || m[2].Device != eve.Author.Device {
			t.Fatalf("members %+v", m)
		}
	}
}

func TestMembersOnly(t *testing.T) {
	x := newTable(t)
	eve := crdttest.NewPerson("Eve")
	granted := &crdt.ID{Replica: x.ana.Replica} // to Ben
	body := crdttest.Body{Causes: x.seen(), Ops: []crdttest.Op{crdttest.InsertOp(crdt.ID{}, "x")}}
	body2 := body
	body2.Grant = granted
	text := body
	text.Grant = &crdt.ID{Replica: x.ana.Replica, Seq: 1}
	stranger := crdttest.NewScribe(x.oracle, eve, nil)
	misnamed := crdttest.NewScribe(x.oracle, x.ben.Person, nil)
	misnamed.Author.Nonce[0]++
	again := crdttest.NewScribe(x.oracle, x.ana.Again(2), granted)
	for name, c := range map[string]struct {
		change *crdt.Change
		reason string
	}{
		"no grant":                 {stranger.Draft(body), "no Grant"},
		"the grant of another":     {stranger.Draft(body2), "not grant its device"},
		"text as a grant":          {x.ben.Draft(text), "not grant its device"},
		"a name that is another's": {misnamed.Draft(body2), "name does not follow"},
		"a grant to the creator":   {again.Draft(body), "is the creator's"},
	} {
		t.Run(name, func(t *testing.T) {
			d := x.doc(x.base)
			wantRefused(t, d, c.reason, c.change)
			x.agrees(d)
		})
	}
	d := x.doc(x.base)
	if err := d.Attach(eve.Author); !errors.Is(err, crdt.ErrNotMember) {
		t.Errorf("a stranger attaches: %v", err)
	}
	succeed(t, d.Attach(x.ben.Author))
	d.Grant(eve.Author.Device, eve.Name, noon)
	d.Grant(eve.Author.Device, "again", noon)
	d.Grant(x.ana.Author.Device, "creator", noon)
	changes := x.ben.Flush(d)
	if n := d.Version()[x.ben.Replica]; n != 1 || len(changes) != 1 {
		t.Errorf("three grants to one stranger took %d seqs", n)
	}
	succeed(t, d.Attach(eve.Author))
	d.Insert(0, "Eve", noon)
	other := x.doc(x.base)
	apply(t, other, eve.Flush(d)...)
	if other.Pending() != 1 || other.Text() != "ad" {
		t.Errorf("the newcomer's change does not wait for the grant: text %q", other.Text())
	}
	apply(t, other, changes...)
	if other.Text() != "Evead" || len(other.Members()) != 3 {
		t.Errorf("text %q, members %v", other.Text(), other.Members())
	}
	succeed(t, other.Verify())
}

// TestUnsignedGarbageBlocksNothing: what somebody passed on wrongly and unsigned is not
// in the way of the true changes.
func TestUnsignedGarbageBlocksNothing(t *testing.T) {
	for _, garbage := range []string{"01 0500", "01 21 04 04 66616c73", "01 01 01 65 0500 0500"} {
		x := newTable(t)
		d := x.doc(x.base)
		wrong := unsigned(x.ana.Sign(bytesOf(garbage), nil))
		more := []*crdt.Change{x.ana.Write(nil, crdttest.InsertOp(x.of(x.ana, 4), "e")), x.ana.Write(nil, crdttest.InsertOp(x.of(x.ana, 4), "f"))}
		for _, c := range travelled(t, []*crdt.Change{wrong, more[0], more[1], more[0], more[1]}) {
			_, _ = d.Apply(c)
			check(t, d)
		}
		x.agrees(d)
		if d.Pending() > 1 { // who knows what it may be good for yet
			t.Errorf("%s: %d wait", garbage, d.Pending())
		}
	}
}

// TestDamagedFrames: a frame with one bit flipped changes nothing, and the true one
// is taken afterwards, at the latest the second time.
func TestDamagedFrames(t *testing.T) {
	eachSeed(t, func(t *testing.T, rng *rand.Rand) {
		oracle, changes := strangeChanges(rng, 3, 40)
		d := crdt.New(crdttest.People(1)[0].Genesis())
		for _, c := range changes {
			frame := c.AppendFrame(nil)
			frame[rng.IntN(len(frame))] ^= 1 << rng.IntN(8)
			version, text := d.Version(), d.Text()
			if damaged, rest, err := crdt.DecodeFrame(frame); err == nil && len(rest) == 0 {
				_, _ = d.Apply(damaged)
			} else if err != nil && !isFormatError(err) {
				t.Fatal(err)
			}
			if d.Text() != text || !d.Version().Equal(version) {
				t.Fatalf("%x had an effect: text %q, was %q", frame, d.Text(), text)
			}
			for _, again := range travelled(t, []*crdt.Change{c, c}) {
				_, _ = d.Apply(again)
			}
			if d.Version()[c.Replica] != c.Next {
				t.Fatalf("after %x the true change %x is not taken; %d wait", frame, c.AppendFrame(nil), d.Pending())
			}
		}
		if d.Text() != oracle.Text() {
			t.Fatalf("text %q, want %q", d.Text(), oracle.Text())
		}
		check(t, d)
		succeed(t, d.Verify())
	})
}

// TestPrevious: who makes or applies changes, or takes them out of a document, learns what each goes on from.
func TestPrevious(t *testing.T) {
	ana := crdttest.NewPerson("Ana")
	abc := letters(t, ana, "abc")
	d := crdt.New(ana.Genesis())
	applied := apply(t, d, abc...).Changes
	for _, list := range [][]*crdt.Change{abc, applied, d.DeltaSince(nil)} {
		before := crdt.Stamp{}
		for _, c := range list {
			if c.Previous != before || c.Stamp == before {
				t.Errorf("change %d goes on from %x, want %x", c.Seq, c.Previous, before)
			}
			before = c.Stamp
		}
	}
}

// TestSignaturesStayDense: of many changes that come at once, so many keep their signatures that a third copy can take
// them in small parts, also when two wrote in turns.
func TestSignaturesStayDense(t *testing.T) {
	const all = 3 * 256
	for writers := 1; writers <= 2; writers++ {
		p := newPeople(t, writers, "")
		first := p.docs[0].DeltaSince(nil)
		var changes []*crdt.Change
		for i := range all {
			at := i % writers
			p.docs[at].Insert(0, "x", noon)
			written := p.who[at].Flush(p.docs[at])
			changes = append(changes, written...)
			apply(t, p.docs[(at+1)%writers], written...)
		}
		copies := [2]*crdt.Doc{}
		for i := range copies {
			copies[i] = crdt.New(p.docs[0].Genesis())
			apply(t, copies[i], first...)
		}
		applied := apply(t, copies[0], changes...)
		most := 0
		for _, c := range travelled(t, applied.Changes) {
			apply(t, copies[1], c)
			most = max(most, copies[1].Pending())
		}
		if most >= 256 || most < 128 || copies[1].Len() != all {
			t.Errorf("%d writers: up to %d changes waited; %d elements", writers, most, copies[1].Len())
		}
	}
}
