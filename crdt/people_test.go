package crdt_test

import (
	"testing"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// people are copies of one document, each somebody's, who can all write in it.
type people struct {
	t    testing.TB
	docs []*crdt.Doc
	who  []crdttest.Person
}

// newPeople returns n copies that hold a text. The text is by another copy of the
// first one's.
func newPeople(t testing.TB, n int, text string) *people {
	t.Helper()
	p := &people{t: t, who: crdttest.People(n)}
	creator := p.who[0].Again(2)
	first := crdt.New(creator.Genesis())
	succeed(t, first.Attach(creator.Author))
	for _, other := range p.who[1:] {
		first.Grant(other.Author.Device, other.Name, noon)
	}
	first.Insert(0, text, noon)
	changes := creator.Flush(first)
	for _, q := range p.who {
		d := crdt.New(creator.Genesis())
		apply(t, d, changes...)
		succeed(t, d.Attach(q.Author))
		p.docs = append(p.docs, d)
	}
	return p
}

// meet brings everybody's changes to everybody and returns the text they share.
func (p *people) meet() string {
	p.t.Helper()
	var all []*crdt.Change
	for i, d := range p.docs {
		p.who[i].Flush(d)
		all = append(all, d.DeltaSince(nil)...)
	}
	for _, d := range p.docs {
		apply(p.t, d, all...)
	}
	for _, d := range p.docs {
		check(p.t, d)
		if d.Text() != p.docs[0].Text() {
			p.t.Fatalf("texts differ: %q and %q", p.docs[0].Text(), d.Text())
		}
	}
	return p.docs[0].Text()
}

func succeed(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// apply brings changes into d as another copy gets them.
func apply(t testing.TB, d *crdt.Doc, changes ...*crdt.Change) crdt.Applied {
	t.Helper()
	applied, err := d.Apply(travelled(t, changes)...)
	if err != nil || len(applied.Refused) > 0 {
		t.Fatalf("apply: %v, refused %v", err, applied.Refused)
	}
	return applied
}

// travelled returns changes as they arrive: decoded from their frames.
func travelled(t testing.TB, changes []*crdt.Change) (all []*crdt.Change) {
	t.Helper()
	for _, frame := range crdttest.Frames(changes) {
		c, rest, err := crdt.DecodeFrame(frame)
		if err != nil || len(rest) > 0 {
			t.Fatalf("decode %x: %v", frame, err)
		}
		all = append(all, c)
	}
	return all
}

func check(t testing.TB, d *crdt.Doc) {
	t.Helper()
	if err := d.Check(); err != nil {
		t.Fatalf("%v\n%s", err, d.Dump())
	}
}

// solo returns the creator's own document, attached.
func solo(t testing.TB, name string) (crdttest.Person, *crdt.Doc) {
	t.Helper()
	p := crdttest.NewPerson(name)
	d := crdt.New(p.Genesis())
	succeed(t, d.Attach(p.Author))
	return p, d
}
