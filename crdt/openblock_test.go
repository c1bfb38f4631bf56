package crdt_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// TestOpenIsTheDocument: of whatever people have done, the open-block of each copy opens as that copy.
func TestOpenIsTheDocument(t *testing.T) {
	fewSeeds(t, func(t *testing.T, rng *rand.Rand) {
		for _, p := range playUnforked(t, rng) {
			if err := sameOpen(p.doc); err != nil {
				t.Fatalf("%v\n%s", err, p.doc.Dump())
			}
		}
	})
}

// TestOpenOfStrangeChanges: also of what no honest copy writes.
func TestOpenOfStrangeChanges(t *testing.T) {
	fewSeeds(t, func(t *testing.T, rng *rand.Rand) {
		_, changes := strangeChanges(rng, 2+rng.IntN(4), *stepsFlag/2)
		d := crdt.New(crdttest.People(1)[0].Genesis())
		apply(t, d, changes...)
		if err := sameOpen(d); err != nil {
			t.Fatalf("%v\n%s", err, d.Dump())
		}
	})
}

// TestOpenThenEdit: an opened document goes on as the one that it came from.
func TestOpenThenEdit(t *testing.T) {
	fewSeeds(t, func(t *testing.T, rng *rand.Rand) {
		p := playUnforked(t, rng)[0]
		block, err := p.doc.HistoryBlock()
		must(t, err)
		loaded := loadBlock(t, block) // with deleted text still packed
		opened := openBlock(t, loaded)
		edits := crdttest.NewEdits(rng)
		for _, d := range []*crdt.Doc{loaded, opened} {
			must(t, d.Attach(p.Author))
		}
		for range 40 {
			e, undo := edits.Next(loaded.Len()), rng.IntN(4)
			write(loaded, e, undo)
			write(opened, e, undo)
			if opened.Text() != loaded.Text() {
				t.Fatalf("text %q, want %q", opened.Text(), loaded.Text())
			}
		}
		p.Flush(loaded)
		p.Flush(opened)
		must(t, sameHistory(opened, loaded))
		must(t, sameOpen(opened))
	})
}

// TestOpenDamaged: no byte of an open-block can be another one.
func TestOpenDamaged(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	block, err := playUnforked(t, rng)[0].doc.OpenBlock()
	must(t, err)
	for range 1000 {
		damaged := bytes.Clone(block)
		damaged[rng.IntN(len(block))] ^= 1 << rng.IntN(8)
		var format *crdt.FormatError
		if _, err := crdt.Open(damaged); !errors.As(err, &format) {
			t.Fatalf("a damaged block gives %v", err)
		}
	}
}

// FuzzOpen: bytes give a typed error or a document with which nothing panics. If its order and what is deleted
// follow from its changes, it has blocks of its own. The fuzzer writes what is behind the packing, so that it gets there.
func FuzzOpen(f *testing.F) {
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		_, changes := strangeChanges(rng, 2+int(seed%4), 3+4*int(seed))
		d := crdt.New(crdttest.People(1)[0].Genesis())
		apply(f, d, changes...)
		block, err := d.OpenBlock()
		must(f, err)
		head, plain := crdt.UnpackOpen(block)
		f.Add(head, plain)
	}
	f.Fuzz(openAnything)
}

// TestOpenOfMangledBytes is a little of the fuzz test, each time.
func TestOpenOfMangledBytes(t *testing.T) {
	fewSeeds(t, func(t *testing.T, rng *rand.Rand) {
		block, err := strangeDoc(t, rng).OpenBlock()
		must(t, err)
		head, plain := crdt.UnpackOpen(block)
		for i := range 40 {
			if i%4 == 0 {
				openAnything(t, mangled(rng, head), plain)
			} else {
				openAnything(t, head, mangled(rng, plain))
			}
		}
	})
}

// TestOpenOfOtherNumbers: any one number of the tables is another one.
func TestOpenOfOtherNumbers(t *testing.T) {
	_, changes := strangeChanges(rand.New(rand.NewPCG(5, 5)), 3, 12)
	d := crdt.New(crdttest.People(1)[0].Genesis())
	apply(t, d, changes...)
	for _, d := range []*crdt.Doc{d, unseenText(t)} {
		must(t, sameAll(d))
		head, plain := crdt.UnpackOpen(value(d.OpenBlock()))
		otherNumbers(t, head, plain)
	}
}

func otherNumbers(t *testing.T, head, plain []byte) {
	t.Helper()
	tables, text := crdt.OpenTables(plain)
	pack := func() (plain []byte) {
		for _, table := range tables {
			plain = append(binary.AppendUvarint(plain, uint64(len(table))), table...)
		}
		return append(plain, text...)
	}
	if !bytes.Equal(pack(), plain) {
		t.Fatal("the tables are not what they were")
	}
	for i, table := range tables {
		for at := 0; at < len(table); {
			v, n := binary.Uvarint(table[at:])
			for _, other := range []uint64{v + 1, v - 1, 1 << 31} {
				tables[i] = slices.Concat(table[:at], binary.AppendUvarint(nil, other), table[at+n:])
				openAnything(t, head, pack())
			}
			tables[i] = slices.Delete(slices.Clone(table), at, at+n)
			openAnything(t, head, pack())
			at += n
		}
		tables[i] = table
	}
}

// unseenText returns a document in which two delete one's text, letter by letter, forward and backward, of which they have
// seen the beginning only; the rest stands right behind it.
func unseenText(t *testing.T) *crdt.Doc {
	t.Helper()
	p := newPeople(t, 3, "")
	type batch = []*crdt.Change
	typed := func(who int, text string, at int) batch {
		p.docs[who].Insert(at, text, noon)
		return p.who[who].Flush(p.docs[who])
	}
	seen := typed(0, "abc", 0)
	apply(t, p.docs[1], seen...)
	apply(t, p.docs[2], seen...)
	unseen := typed(0, "def", 3)
	var deletes batch
	for range 3 {
		p.docs[1].Delete(0, 1, noon)
		p.docs[1].BreakUndo()
		deletes = append(deletes, p.who[1].Flush(p.docs[1])...)
		p.docs[2].Delete(p.docs[2].Len()-1, p.docs[2].Len(), noon)
		p.docs[2].BreakUndo()
		deletes = append(deletes, p.who[2].Flush(p.docs[2])...)
	}
	d := crdt.New(p.docs[0].Genesis())
	for _, changes := range []batch{p.docs[0].DeltaSince(nil)[:1], seen, unseen} {
		apply(t, d, changes...)
	}
	slices.SortStableFunc(deletes, func(a, b *crdt.Change) int { return a.Replica.Compare(b.Replica) })
	apply(t, d, deletes...)
	return d
}

// openAnything opens an open-block that has just these parts, and edits it.
func openAnything(t *testing.T, head, plain []byte) {
	d, err := crdt.Open(crdt.Pack(head, plain))
	if err != nil {
		mustFormat(t, err)
		return
	}
	must(t, d.CheckLog())
	if d.Check() == nil && d.Verify() == nil {
		must(t, sameOpen(d))
	}
	for _, c := range d.DeltaSince(nil) {
		_, _, err := crdt.DecodeFrame(c.AppendFrame(nil))
		must(t, err)
	}
	_ = d.Dump()
	_, _ = d.TextAt(d.Version())
	_, _ = d.HistoryBlock()
	_, _ = d.OpenBlock()
	if d.Attach(crdttest.People(1)[0].Author) == nil {
		for i := range 8 {
			d.Insert(d.Len()*i/8, "né\n", noon)
			d.Delete(d.Len()*i/9, min(d.Len(), d.Len()*i/9+3), noon)
			d.BreakUndo()
		}
		for range 8 {
			d.Undo(noon)
		}
		d.Redo(noon)
	}
	_ = d.Check()
}

// sameOpen says what is wrong with the open-block of d.
func sameOpen(d *crdt.Doc) error {
	block, err := d.OpenBlock()
	if err != nil {
		return err
	}
	e, err := crdt.Open(block)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	if e.Text() != d.Text() || e.Lines() != d.Lines() || !slices.Equal(e.Order(), d.Order()) {
		return fmt.Errorf("text %q, want %q", e.Text(), d.Text())
	}
	if err := sameHistory(e, d); err != nil {
		return err
	}
	if err := e.Verify(); err != nil {
		return err
	}
	again, err := e.OpenBlock()
	if err == nil && !bytes.Equal(again, block) {
		err = errors.New("the opened document has another open-block")
	}
	if err != nil {
		return err
	}
	want, err := d.HistoryBlock()
	if err != nil {
		return err
	}
	got, err := e.HistoryBlock()
	if err == nil && !bytes.Equal(got, want) {
		err = errors.New("the opened document has another history block")
	}
	return err
}

func openBlock(t testing.TB, d *crdt.Doc) *crdt.Doc {
	t.Helper()
	block, err := d.OpenBlock()
	must(t, err)
	e, err := crdt.Open(block)
	must(t, err)
	return e
}
