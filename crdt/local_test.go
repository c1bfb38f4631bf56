package crdt_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// opsOf returns the ops of changes as the oracle reads them; the changes must be all
// of the document.
func opsOf(g crdt.Genesis, changes []*crdt.Change) (ops []crdttest.Op) {
	oracle := crdttest.NewNaive(g)
	oracle.Apply(crdttest.Frames(changes)...)
	for _, c := range changes {
		ops = append(ops, oracle.Ops(c.Replica, c.Seq)...)
	}
	return ops
}

// copyOf returns a document that has applied changes.
func copyOf(t *testing.T, g crdt.Genesis, changes []*crdt.Change) *crdt.Doc {
	t.Helper()
	d := crdt.New(g)
	apply(t, d, changes...)
	check(t, d)
	return d
}

func TestTypingAndBackspacingIsOneOpEach(t *testing.T) {
	w := newWriter(t)
	w.typed(0, "hello wörld")
	for at := 10; at > 5; at-- {
		w.Delete(at, at+1, w.now)
	}
	for range 3 {
		w.Delete(1, 2, w.now)
	}
	own, _ := w.Attached()
	at := func(seq uint32) crdt.ID { return crdt.ID{Replica: own, Seq: seq} }
	changes := w.who.Flush(w.Doc)
	want := []crdttest.Op{crdttest.InsertOp(crdt.ID{}, "hello wörld"), crdttest.DeleteOp(at(6), 5), crdttest.DeleteOp(at(1), 3)}
	if got := opsOf(w.Genesis(), changes); len(changes) != 1 || !reflect.DeepEqual(got, want) {
		t.Errorf("flushed %+v in %d changes, want %+v", got, len(changes), want)
	}
	if again := w.Flush(); !again.Empty() || again.Seal(w.who.Key) != nil {
		t.Error("the second flush gave something")
	}
	if got := copyOf(t, w.Genesis(), changes).Text(); got != "ho " {
		t.Errorf("the copy has %q", got)
	}
}

// TestKeysAreSmall: what one key costs in a change of its own.
func TestKeysAreSmall(t *testing.T) {
	w := newWriter(t)
	w.typed(0, "a")
	w.who.Flush(w.Doc)
	for _, k := range []struct {
		edit func()
		size int
	}{
		{func() { w.typed(1, "b") }, 4},
		{func() { w.Delete(1, 2, w.now) }, 5},
		{func() { w.typed(1, "c") }, 7}, // in front of what was deleted: a chain
	} {
		k.edit()
		if got := len(w.who.Flush(w.Doc)[0].Body); got != k.size {
			t.Errorf("a body of %d bytes, want %d", got, k.size)
		}
	}
}

// TestDeleteAcrossASeam: Ben types on right behind what Ana typed last; a deletion
// across both takes just what it shows.
func TestDeleteAcrossASeam(t *testing.T) {
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("panic: %v", r)
		}
	}()
	for n := range 2 {
		p := newPeople(t, 2, "")
		p.docs[0].Insert(0, "ana", noon)
		p.meet()
		p.docs[1].Insert(3, "ben", noon)
		p.meet()
		p.docs[0].Insert(0, "x", noon)
		p.docs[1].Insert(0, "y", noon)
		p.meet()
		p.docs[n].Delete(4, 7, noon)
		if got := p.meet(); got[2:] != "ann" {
			t.Errorf("text %q", got)
		}
		p.docs[n].Undo(noon)
		if got := p.meet(); got[2:] != "anaben" {
			t.Errorf("text %q", got)
		}
	}
}

// TestForeignChangeEndsTheOpenChange: each change names what was known when its
// first op was made.
func TestForeignChangeEndsTheOpenChange(t *testing.T) {
	p := newPeople(t, 2, "")
	ana, ben := p.docs[0], p.docs[1]
	var all []*crdt.Change
	tell := func() {
		changes := p.who[1].Flush(ben)
		all = append(all, changes...)
		apply(t, ana, changes...)
	}
	ana.Insert(0, "one", noon)
	ben.Insert(0, "B", noon)
	tell()
	ana.Insert(ana.Len(), "two", noon)
	ben.Insert(1, "C", noon)
	tell()
	ana.Insert(0, "!", noon)
	changes := p.who[0].Flush(ana)
	if len(changes) != 3 {
		t.Fatalf("%d changes, want 3", len(changes))
	}
	if changes[0].Signature != nil || changes[1].Signature != nil || changes[2].Signature == nil {
		t.Error("not the last change is signed")
	}
	apply(t, ben, changes...)
	if ben.Text() != ana.Text() {
		t.Errorf("text %q, want %q", ben.Text(), ana.Text())
	}
}

func TestGreatEditsBecomeSeveralChanges(t *testing.T) {
	for name, edit := range map[string]func(w *writer){
		"paste": func(w *writer) { w.Insert(0, strings.Repeat("wör中👍\n", 120_000), w.now) },
		"ops": func(w *writer) {
			for range 25_000 {
				w.Insert(0, "x", w.now) // in front: each an op of its own
			}
		},
		"typing": func(w *writer) {
			for range 3 {
				w.Insert(w.Len(), strings.Repeat("ab", 200_000), w.now)
			}
		},
		"deletes": func(w *writer) {
			w.Insert(0, strings.Repeat("ab", 40_000), w.now)
			for at := range 40_000 {
				w.BreakUndo()
				w.Delete(at, at+1, w.now)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWriter(t)
			edit(w)
			changes := w.who.Flush(w.Doc)
			if len(changes) < 2 {
				t.Errorf("%d changes", len(changes))
			}
			if got := copyOf(t, w.Genesis(), changes).Text(); got != w.Text() {
				t.Errorf("the copy has %d bytes of text, want %d", len(got), len(w.Text()))
			}
			check(t, w.Doc)
		})
	}
}

// loaded returns a document with changes that were on its disk.
func loaded(t testing.TB, g crdt.Genesis, changes []*crdt.Change) *crdt.Doc {
	d := crdt.New(g)
	for _, c := range changes {
		_, err := d.Load(c)
		succeed(t, err)
	}
	return d
}

// crowd returns the changes of many copies of the creator's, each a letter.
func crowd(t *testing.T, p crdttest.Person, n int) (changes []*crdt.Change) {
	all := crdttest.NewNaive(p.Genesis())
	for i := range n {
		s := crdttest.NewScribe(all, p.Again(i+10), nil)
		c := s.Draft(crdttest.Body{Ops: []crdttest.Op{crdttest.InsertOp(crdt.ID{}, "x")}})
		c.Next = 1
		changes = append(changes, c)
	}
	return changes
}

// TestMoreCausesThanOneChangeHolds: a newcomer's first edit in a document of 5,000
// chains, whichever of them holds the Grant.
func TestMoreCausesThanOneChangeHolds(t *testing.T) {
	ana, ben := crdttest.NewPerson("Ana"), crdttest.NewPerson("Ben")
	changes := crowd(t, ana, 5000)
	for n := range 2 { // as one of the first and of the last chains
		d := loaded(t, ana.Genesis(), changes)
		granter := ana.Again(100)
		for late := range 1000 {
			granter = ana.Again(100 + 10_000*late)
			if first := granter.Author.Replica(d.ID())[0]; n == 0 && first < 5 || n == 1 && first > 250 {
				break
			}
		}
		succeed(t, d.Attach(granter.Author))
		d.Grant(ben.Author.Device, ben.Name, noon)
		all := append(changes[:5000:5000], granter.Flush(d)...)
		succeed(t, d.Attach(ben.Author))
		d.Delete(0, 5000, noon)
		d.Insert(0, "fresh", noon)
		own := ben.Flush(d)
		other := loaded(t, ana.Genesis(), all)
		apply(t, other, own...)
		if got := other.Text(); got != "fresh" {
			t.Errorf("the copy has %.40q", got)
		}
		if _, ok := d.Undo(noon); !ok || d.Text() != strings.Repeat("x", 5000) {
			t.Errorf("text %.40q after undo", d.Text())
		}
		check(t, d)
	}
}

func TestAttachGoesOnWhereTheReplicaWas(t *testing.T) {
	w := newWriter(t)
	w.typed(0, "before")
	d := copyOf(t, w.Genesis(), w.who.Flush(w.Doc))
	succeed(t, d.Attach(w.who.Author))
	succeed(t, d.Attach(w.who.Author)) // once more: nothing
	d.Insert(6, " after", noon)
	changes := w.who.Flush(d)
	if changes[0].Seq != 6 {
		t.Errorf("the change begins at %d, want 6", changes[0].Seq)
	}
	apply(t, w.Doc, changes...)
	w.want("before after")
}

// TestOwnChainGoesOnElsewhere: a copy of the same replica went on from the flushed
// edits. That must not happen, but it must not break the chain either.
func TestOwnChainGoesOnElsewhere(t *testing.T) {
	w := newWriter(t)
	w.typed(0, "one")
	first := w.who.Flush(w.Doc)
	d := copyOf(t, w.Genesis(), first)
	succeed(t, d.Attach(w.who.Author))
	d.Insert(3, "+", noon)
	ahead := w.who.Flush(d)
	apply(t, w.Doc, ahead...)
	w.want("one+")
	if b := w.Flush(); !b.Empty() {
		t.Fatal("what came from elsewhere is flushed again")
	}
	w.typed(4, "two")
	changes := w.who.Flush(w.Doc)
	if len(changes) != 1 || changes[0].Seq != 4 {
		t.Fatalf("%d changes, the first at %d", len(changes), changes[0].Seq)
	}
	if got := copyOf(t, w.Genesis(), []*crdt.Change{changes[0], ahead[0], first[0]}).Text(); got != "one+two" {
		t.Errorf("the copy has %q", got)
	}
	succeed(t, w.Verify())
}

// TestOwnChainForked: what has the Seqs of other edits is a tail of its own, be they
// sealed or not, and the writer goes on under another name.
func TestOwnChainForked(t *testing.T) {
	w := newWriter(t)
	w.typed(0, "one")
	first := w.who.Flush(w.Doc)
	d := copyOf(t, w.Genesis(), first)
	succeed(t, d.Attach(w.who.Author))
	d.Insert(3, "+", noon)
	ahead := w.who.Flush(d)
	w.typed(3, "-")
	apply(t, w.Doc, ahead...)
	w.want("one-") // nobody can say yet which tail is to have the name
	if w.Forked() || w.Pending() != 1 {
		t.Errorf("forked %t, %d wait", w.Forked(), w.Pending())
	}
	own := w.who.Flush(w.Doc)
	apply(t, w.Doc)
	if !w.Forked() || w.Pending() != 0 || w.Len() != 5 {
		t.Errorf("forked %t, %d wait, text %q", w.Forked(), w.Pending(), w.Text())
	}
	check(t, w.Doc)
	succeed(t, w.Verify())
	if err := w.Attach(w.who.Author); !errors.Is(err, crdt.ErrForked) {
		t.Errorf("attaching again gives %v", err)
	}
	if _, ok := w.Undo(noon); ok {
		t.Error("an edit is taken back in a chain that forked")
	}
	w.who = w.who.Again(2)
	succeed(t, w.Attach(w.who.Author))
	w.typed(0, "<")
	more := w.who.Flush(w.Doc)
	apply(t, d, more...)
	apply(t, d, own...)
	check(t, d)
	if d.Text() != w.Text() || !d.Version().Equal(w.Version()) || d.Pending() != 0 {
		t.Errorf("%q at %v, want %q at %v", d.Text(), d.Version(), w.Text(), w.Version())
	}
	for _, c := range slices.Concat(first, own, ahead, more) {
		if patch, err := d.Load(c); err != nil || len(patch) > 0 {
			t.Errorf("loading what is known: %v, %v", patch, err)
		}
	}
	e := crdt.New(w.Genesis())
	for _, c := range d.DeltaSince(nil) {
		if _, err := e.Load(c); err != nil {
			t.Fatal(err)
		}
	}
	check(t, e)
	if e.Text() != w.Text() || !e.Version().Equal(w.Version()) {
		t.Errorf("loaded: %q at %v, want %q at %v", e.Text(), e.Version(), w.Text(), w.Version())
	}
	succeed(t, e.Verify())
}

func TestAttachToAnotherReplicaDeclaresAll(t *testing.T) {
	w := newWriter(t)
	w.typed(0, "abc")
	changes := w.who.Flush(w.Doc)
	w.who = w.who.Again(2)
	succeed(t, w.Attach(w.who.Author))
	w.undo(w.Undo, false, "abc")
	w.Delete(1, 2, w.now)
	if got := copyOf(t, w.Genesis(), append(changes, w.who.Flush(w.Doc)...)).Text(); got != "ac" {
		t.Errorf("the copy has %q", got)
	}
}

func TestMinutes(t *testing.T) {
	w := newWriter(t)
	times := []time.Time{{}, noon, noon.Add(59 * time.Second), noon.Add(time.Minute), time.Unix(-61, 0), time.Unix(-60, 0), noon}
	var changes []*crdt.Change
	for i, now := range times {
		w.Insert(i, "x", now)
		changes = append(changes, w.who.Flush(w.Doc)...)
	}
	d := copyOf(t, w.Genesis(), changes)
	at := 0
	for _, a := range d.Authors(0, d.Len()) {
		for range a.Len {
			want := times[at].Unix() / 60
			if times[at].Unix() == -61 {
				want = -2
			}
			if a.Minutes != want || a.Device != w.who.Author.Device {
				t.Errorf("element %d is of minute %d, want %d", at, a.Minutes, want)
			}
			at++
		}
	}
	if at != len(times) {
		t.Errorf("authors of %d elements, want %d", at, len(times))
	}
	succeed(t, sameChanges(d.DeltaSince(nil), changes))
}

func TestLoad(t *testing.T) {
	abc := letters(t, crdttest.NewPerson("Ana"), "abc")
	d := crdt.New(crdttest.NewPerson("Ana").Genesis())
	if _, err := d.Load(abc[1]); !errors.Is(err, crdt.ErrMissing) {
		t.Errorf("a change without the one before it: %v", err)
	}
	for range 2 {
		_, err := d.Load(abc[0])
		succeed(t, err)
	}
	overlap := *abc[1]
	overlap.Seq, overlap.Next = 0, 2
	if _, err := d.Load(&overlap); !errors.Is(err, crdt.ErrMissing) {
		t.Errorf("a change that overlaps: %v", err)
	}
	if d.Text() != "a" {
		t.Errorf("text %q", d.Text())
	}
	_, err := d.Load(forged(abc[1]))
	succeed(t, err)
	if err := d.Verify(); err == nil {
		t.Error("Verify does not find the forged signature")
	}
	check(t, d)
}

func TestCallersBugsPanic(t *testing.T) {
	ben := crdttest.NewPerson("Ben").Author
	for name, f := range map[string]func(w *writer){
		"insert outside":      func(w *writer) { w.Insert(4, "x", noon) },
		"insert before 0":     func(w *writer) { w.Insert(-1, "x", noon) },
		"broken text":         func(w *writer) { w.Insert(0, "\xff", noon) },
		"delete outside":      func(w *writer) { w.Delete(1, 4, noon) },
		"delete backwards":    func(w *writer) { w.Delete(2, 1, noon) },
		"slice outside":       func(w *writer) { w.Slice(0, 4) },
		"no such paragraph":   func(w *writer) { w.LineStart(1) },
		"author at the end":   func(w *writer) { w.Author(3) },
		"a broken name":       func(w *writer) { w.Doc.Grant(ben.Device, "\xff", noon) },
		"attach with a draft": func(w *writer) { _ = w.Attach(w.who.Again(2).Author) },
		"seal before the last": func(w *writer) {
			w.Flush()
			w.Delete(0, 1, noon)
			b := w.Flush()
			b.Seal(w.who.Key)
		},
		"sealed of another": func(w *writer) {
			w.Flush()
			w.Sealed([]*crdt.Change{{Replica: crdt.ReplicaID{1}}})
		},
		"sealed for nothing": func(w *writer) { w.Sealed(nil) },
		"edit unattached":    func(w *writer) { crdt.New(w.Genesis()).Insert(0, "x", noon) },
		"undo list unattached": func(w *writer) {
			_ = crdt.New(w.Genesis()).SetUndoList([]byte{1, 0, 0, 0})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWriter(t)
			w.Insert(0, "abc", noon)
			defer func() {
				if got, ok := recover().(string); !ok || !strings.HasPrefix(got, "crdt: ") {
					t.Errorf("panic %q, want one that begins with crdt:", got)
				}
				check(t, w.Doc)
			}()
			f(w)
		})
	}
}

// TestNothingOutOfNothing: edits of nothing do nothing, and who is not attached can
// neither flush nor undo.
func TestNothingOutOfNothing(t *testing.T) {
	w := newWriter(t)
	w.Insert(0, "", noon)
	w.Delete(0, 0, noon)
	if b := w.Flush(); !b.Empty() || len(w.Version()) != 0 {
		t.Errorf("it has seen %v", w.Version())
	}
	d := crdt.New(w.Genesis())
	d.BreakUndo()
	if _, ok := d.Undo(noon); ok || len(d.UndoList()) != 4 {
		t.Error("there is something to undo")
	}
	if _, ok := d.Attached(); ok {
		t.Error("nobody is attached")
	}
}
