package portable

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"inkling/crdt"
)

// TestSameSetSameBytes: copies that have the same changes write the same changes section, whatever the order in which these
// came and whichever signatures are kept; copies that do not, do not.
func TestSameSetSameBytes(t *testing.T) {
	eachSeed(t, func(t *testing.T, rng *rand.Rand) {
		group := newGroup(t, rng, 1+rng.IntN(4))
		roots := map[crdt.Hash][]byte{} // and the set
		play(rng, group, 150, true, func(w *writer) {
			p := w.gather()
			section, _ := sections(t, file(t, p))
			if other, known := roots[p.Root()]; known && !bytes.Equal(other, section) {
				t.Fatal("two sections with one root")
			}
			roots[p.Root()] = section
		})
		settle(group)
		want, _ := sections(t, file(t, group[0].gather()))
		for _, w := range group {
			if got, _ := sections(t, file(t, w.gather())); !bytes.Equal(got, want) || w.doc.Text() != group[0].doc.Text() {
				t.Fatalf("another section of\n%s\nand\n%s", w.doc.Dump(), group[0].doc.Dump())
			}
		}
		less := group[0].disk[:group[0].commits[len(group[0].commits)-2]]
		if p, err := Gather(group[0].doc.Genesis(), journal(less)); err != nil || len(less) < len(group[0].disk) && p.Root() == group[0].gather().Root() {
			t.Fatalf("less changes have the same root (%v)", err)
		}
	})
}

// TestReadWrite: what is read is what was written, and is written the same again.
func TestReadWrite(t *testing.T) {
	eachSeed(t, func(t *testing.T, rng *rand.Rand) {
		group := newGroup(t, rng, 1+rng.IntN(4))
		play(rng, group, 150, rng.IntN(2) == 0, func(w *writer) {
			p := w.gather()
			b := file(t, p)
			q := read(t, b)
			if !bytes.Equal(file(t, q), b) || p.Root() != q.Root() {
				t.Fatalf("other bytes of\n%s", w.doc.Dump())
			}
			if err := sameDocument(q.Doc(), w.doc); err != "" {
				t.Fatalf("%s:\n%s\nand\n%s", err, q.Doc().Dump(), w.doc.Dump())
			}
			if parts := slices.Concat(q.Parts()...); !slices.Equal(parts, q.Changes()) {
				t.Fatalf("the parts have %d changes, want %d", len(parts), len(q.Changes()))
			}
			for i, c := range p.Changes() {
				if d := q.Changes()[i]; !bytes.Equal(c.AppendFrame(nil), d.AppendFrame(nil)) || c.Hash != d.Hash || c.Previous != d.Previous || c.Next != d.Next {
					t.Fatalf("change %d differs", i)
				}
			}
			if again, err := Gather(w.doc.Genesis(), journal(q.Changes())); err != nil || !bytes.Equal(file(t, again), b) {
				t.Fatalf("other bytes of what was read (%v)", err)
			}
		})
	})
}

// TestMergeIsUnion: files of several times and people, opened in any order and some of them twice, are all of their changes.
func TestMergeIsUnion(t *testing.T) {
	eachSeed(t, func(t *testing.T, rng *rand.Rand) {
		group := newGroup(t, rng, 2+rng.IntN(3))
		var files [][]byte
		var all []*crdt.Change
		play(rng, group, 200, true, func(w *writer) {
			files = append(files, file(t, w.gather()))
			all = append(all, w.disk...)
		})
		g := group[0].doc.Genesis()
		want := crdt.New(g)
		if _, err := want.Apply(travelled(t, all)...); err != nil || want.Pending() > 0 {
			t.Fatal(err)
		}
		for range 3 {
			w := &writer{t: t, doc: crdt.New(g), person: group[0].person}
			for _, i := range append(rng.Perm(len(files)), rng.Perm(len(files))...) {
				before := len(w.disk)
				w.receive(read(t, files[i]).Changes())
				stored := len(w.disk)
				if w.receive(read(t, files[i]).Changes()); len(w.disk) > stored || before > stored {
					t.Fatal("the same file brings something a second time")
				}
			}
			if err := sameDocument(w.doc, want); err != "" {
				t.Fatalf("%s:\n%s\nand\n%s", err, w.doc.Dump(), want.Dump())
			}
			if err := w.doc.Verify(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// sameDocument says in what two copies differ.
func sameDocument(d, e *crdt.Doc) string {
	a, b := slices.Collect(names(d)), slices.Collect(names(e))
	switch {
	case d.ID() != e.ID():
		return "another document"
	case d.Text() != e.Text():
		return "another text"
	case !d.Version().Equal(e.Version()):
		return "another version"
	case !slices.Equal(a, b):
		return "other changes"
	case len(d.Members()) != len(e.Members()):
		return "other members"
	}
	return ""
}

// names gives the hashes of d's changes.
func names(d *crdt.Doc) func(yield func(crdt.Hash) bool) {
	return func(yield func(crdt.Hash) bool) {
		for _, c := range d.Canonical() {
			if !yield(c.Hash) {
				return
			}
		}
	}
}

// TestParts: of what people wrote side by side, each change signed, so many signatures are kept that it can be passed on in small
// parts, and not many more.
func TestParts(t *testing.T) {
	for people := 1; people <= 3; people++ {
		group := newGroup(t, rand.New(rand.NewPCG(1, 1)), people)
		for i := range 3000 {
			w := group[i%people]
			if !w.attach() {
				t.Fatal("not let in")
			}
			w.doc.Insert(w.doc.Len(), "x", noon)
			start := len(w.disk)
			w.flush()
			for _, other := range group {
				if other != w {
					other.receive(append(slices.Clone(w.disk[start:]), group[0].disk[0]))
				}
			}
		}
		p := read(t, file(t, group[0].gather()))
		d, signed := crdt.New(group[0].doc.Genesis()), 0
		for i, part := range p.Parts() {
			if _, err := d.Apply(travelled(t, part)...); err != nil || d.Pending() > 0 {
				t.Fatalf("part %d: %d changes wait (%v)", i, d.Pending(), err)
			}
			if len(part) > partChanges {
				t.Errorf("part %d has %d changes", i, len(part))
			}
		}
		for _, c := range p.Changes() {
			if c.Signature != nil {
				signed++
			}
		}
		if most := people*(3000/partChanges+2) + 1; signed > most {
			t.Errorf("%d signatures, want at most %d", signed, most)
		}
		if d.Text() != group[0].doc.Text() {
			t.Error("another text")
		}
	}
}
