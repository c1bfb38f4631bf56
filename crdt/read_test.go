package crdt_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// TestReadingAgrees compares every way to read a document with a plain string.
func TestReadingAgrees(t *testing.T) {
	eachSeed(t, func(t *testing.T, rng *rand.Rand) {
		_, d := solo(t, "Ana")
		edits := crdttest.NewEdits(rng)
		var plain []rune
		for range *stepsFlag {
			e := edits.Next(len(plain))
			d.Delete(e.At, e.At+e.Delete, noon)
			d.Insert(e.At, e.Insert, noon)
			plain = append(append(append([]rune{}, plain[:e.At]...), []rune(e.Insert)...), plain[e.At+e.Delete:]...)
			from := rng.IntN(len(plain) + 1)
			to := from + rng.IntN(len(plain)-from+1)
			if got := d.Slice(from, to); got != string(plain[from:to]) {
				t.Fatalf("Slice(%d, %d) = %q, want %q", from, to, got, string(plain[from:to]))
			}
			checkAnchors(t, d, from)
		}
		checkLines(t, d, plain)
	})
}

func checkLines(t *testing.T, d *crdt.Doc, plain []rune) {
	t.Helper()
	line := 0
	if d.LineStart(0) != 0 {
		t.Fatalf("the first paragraph begins at %d", d.LineStart(0))
	}
	for offset := 0; offset <= len(plain); offset++ {
		if offset > 0 && plain[offset-1] == '\n' {
			if line++; d.LineStart(line) != offset {
				t.Fatalf("LineStart(%d) = %d, want %d", line, d.LineStart(line), offset)
			}
		}
		if got := d.LineAt(offset); got != line {
			t.Fatalf("LineAt(%d) = %d, want %d", offset, got, line)
		}
	}
	if d.Lines() != line+1 || d.Len() != len(plain) || d.Text() != string(plain) {
		t.Fatalf("%d paragraphs of %d code points, want %d of %d", d.Lines(), d.Len(), line+1, len(plain))
	}
}

func checkAnchors(t *testing.T, d *crdt.Doc, offset int) {
	t.Helper()
	for _, bias := range []crdt.Bias{crdt.Before, crdt.After} {
		if got, known := d.Offset(d.Anchor(offset, bias)); got != offset || !known {
			t.Fatalf("anchor at %d with %v is at %d, known %t", offset, bias, got, known)
		}
	}
}

// TestAnchors: what is inserted at an anchor's place comes behind it or in front of
// it, and a deleted element keeps its place.
func TestAnchors(t *testing.T) {
	w := newWriter(t)
	w.typed(0, "ab")
	before, after := w.Anchor(1, crdt.Before), w.Anchor(1, crdt.After)
	start, end := w.Anchor(0, crdt.After), w.Anchor(2, crdt.Before)
	w.Insert(1, "---", noon)
	w.Insert(0, "<", noon)
	w.Insert(w.Len(), ">", noon)
	wantOffsets := func(want ...int) {
		t.Helper()
		for i, a := range []crdt.Anchor{start, after, before, end} {
			if got, known := w.Offset(a); got != want[i] || !known {
				t.Errorf("%q: anchor %d at %d %t, want %d", w.Text(), i, got, known, want[i])
			}
		}
	}
	wantOffsets(0, 2, 5, 7)
	w.Delete(1, 6, noon)
	wantOffsets(0, 1, 1, 2)
	own, _ := w.Attached()
	for _, id := range []crdt.ID{{Replica: own, Seq: 99}, {Replica: crdt.ReplicaID{1}}, {Replica: own, Seq: w.Version()[own] - 1}} {
		if _, known := w.Offset(crdt.Anchor{ID: id}); known {
			t.Errorf("%v is no element, but known", id)
		}
	}
}

func TestVersionVector(t *testing.T) {
	a, b := crdt.ReplicaID{1}, crdt.ReplicaID{2}
	v, w := crdt.VersionVector{a: 3}, crdt.VersionVector{a: 2, b: 1}
	if v.Covers(w) || w.Covers(v) || v.Equal(w) || !v.Equal(crdt.VersionVector{a: 3, b: 0}) {
		t.Error("Covers or Equal is wrong")
	}
	if !v.Contains(crdt.ID{Replica: a, Seq: 2}) || v.Contains(crdt.ID{Replica: a, Seq: 3}) || !v.Contains(crdt.ID{}) {
		t.Error("Contains is wrong")
	}
	m := v.Clone()
	if m.Merge(w); !m.Equal(crdt.VersionVector{a: 3, b: 1}) || v[b] != 0 || crdt.VersionVector(nil).Clone() == nil {
		t.Errorf("merged %v of %v", m, v)
	}
	if r := m.Replicas(); len(r) != 2 || r[0] != a || a.Compare(b) >= 0 || b.Compare(a) <= 0 || a.Compare(a) != 0 {
		t.Errorf("replicas %v", r)
	}
}

// TestThePast: texts at old versions, the difference between any two, and what was
// never there.
func TestThePast(t *testing.T) {
	eachSeed(t, func(t *testing.T, rng *rand.Rand) {
		p := newPeople(t, 2, "")
		var texts []string
		var versions []crdt.VersionVector
		edits := []*crdttest.Edits{crdttest.NewEdits(rng), crdttest.NewEdits(rng)}
		d := p.docs[0]
		for range *stepsFlag / 4 {
			n := rng.IntN(2)
			w := p.docs[n]
			e := edits[n].Next(w.Len())
			w.Delete(e.At, e.At+e.Delete, noon)
			w.Insert(e.At, e.Insert, noon)
			if rng.IntN(4) == 0 {
				w.Undo(noon)
			}
			apply(t, p.docs[1-n], p.who[n].Flush(w)...)
			texts, versions = append(texts, d.Text()), append(versions, d.Version())
		}
		for range 20 {
			i, j := rng.IntN(len(texts)), rng.IntN(len(texts))
			if got, err := d.TextAt(versions[i]); err != nil || got != texts[i] {
				t.Fatalf("text %q, %v; want %q", got, err, texts[i])
			}
			patch, err := d.Diff(versions[i], versions[j])
			succeed(t, err)
			view := crdttest.NewView()
			succeed(t, view.Follow(inserted(texts[i]), texts[i]))
			if err := view.Follow(patch, texts[j]); err != nil {
				t.Fatalf("from %q to %q: %v", texts[i], texts[j], err)
			}
		}
		v := d.Version()
		v[crdt.ReplicaID{9}] = 4
		for _, f := range []func() error{
			func() error { _, err := d.TextAt(v); return err },
			func() error { _, err := d.Diff(v, nil); return err },
			func() error { _, err := d.Diff(nil, v); return err },
		} {
			var never *crdt.VersionError
			if err := f(); !errors.As(err, &never) || never.Next != 4 || !strings.Contains(err.Error(), "4") {
				t.Fatalf("error %v, want a *VersionError", err)
			}
		}
	})
}

// TestAuthors: who wrote what and when, also of what is not flushed.
func TestAuthors(t *testing.T) {
	p := newPeople(t, 2, "<>")
	ana, ben := p.docs[0], p.docs[1]
	ana.Insert(1, "ana", noon)
	p.meet()
	ben.Insert(4, "ben", noon.Add(time.Hour))
	p.meet()
	ana.Insert(7, "!", noon.Add(2*time.Hour))
	minute := noon.Unix() / 60
	want := []crdt.Authorship{
		{Len: 1, Minutes: minute, Device: p.who[0].Author.Device}, {Len: 3, Minutes: minute, Device: p.who[0].Author.Device},
		{Len: 3, Minutes: minute + 60, Device: p.who[1].Author.Device}, {Len: 1, Minutes: minute + 120, Device: p.who[0].Author.Device},
		{Len: 1, Minutes: minute, Device: p.who[0].Author.Device},
	}
	got := ana.Authors(0, ana.Len())
	if len(got) != len(want) {
		t.Fatalf("authors %+v", got)
	}
	for i, a := range got {
		if a.Replica = (crdt.ReplicaID{}); a != want[i] {
			t.Errorf("stretch %d is %+v, want %+v", i, a, want[i])
		}
	}
	if got := ana.Authors(2, 6); len(got) != 2 || got[0].Len != 2 || got[1].Len != 2 {
		t.Errorf("authors of a part %+v", got)
	}
}

// TestDeltaSince: from any version to the present, in one piece.
func TestDeltaSince(t *testing.T) {
	p := newPeople(t, 2, "x")
	var versions []crdt.VersionVector
	for i := range 6 {
		w := p.docs[i%2]
		versions = append(versions, w.Version())
		w.Insert(0, "abc", noon)
		w.Insert(2, "d", noon)
		p.meet()
	}
	for _, v := range append(versions, nil, crdt.VersionVector{}) {
		d := loaded(t, p.docs[0].Genesis(), p.docs[0].DeltaSince(nil))
		for _, c := range d.DeltaSince(v) {
			if c.Next <= v[c.Replica] {
				t.Errorf("it gives what %v has: %d of %s", v, c.Seq, c.Replica)
			}
		}
	}
	fresh := crdt.New(p.docs[0].Genesis())
	apply(t, fresh, p.docs[0].DeltaSince(nil)...)
	if fresh.Text() != p.docs[0].Text() {
		t.Errorf("text %q, want %q", fresh.Text(), p.docs[0].Text())
	}
}
