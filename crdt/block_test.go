package crdt_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// TestBlockIsTheDocument: of whatever people have done, the block of each copy reads as that copy,
// change for change and byte for byte.
func TestBlockIsTheDocument(t *testing.T) {
	fewSeeds(t, func(t *testing.T, rng *rand.Rand) {
		for _, p := range playRandom(t, rng) {
			if err := sameBlock(p.doc); err != nil {
				t.Fatalf("%v\n%s", err, p.doc.Dump())
			}
		}
	})
}

// TestBlockOfStrangeChanges: also of what no honest copy writes.
func TestBlockOfStrangeChanges(t *testing.T) {
	fewSeeds(t, func(t *testing.T, rng *rand.Rand) {
		_, changes := strangeChanges(rng, 2+rng.IntN(4), *stepsFlag/2)
		rng.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
		d := crdt.New(crdttest.People(1)[0].Genesis())
		apply(t, d, changes...)
		if err := sameBlock(d); err != nil {
			t.Fatalf("%v\n%s", err, d.Dump())
		}
	})
}

// TestBlockBeforeItsDeletedText: edits between loading and the arrival of the deleted text do what they
// do when it is there, and cannot harm it.
func TestBlockBeforeItsDeletedText(t *testing.T) {
	fewSeeds(t, func(t *testing.T, rng *rand.Rand) {
		peers := playRandom(t, rng)
		block, err := peers[0].doc.HistoryBlock()
		must(t, err)
		whole, lazy := loadBlock(t, block), loadBlock(t, block)
		must(t, whole.Verify())
		deleted := lazy.DeletedText()
		fill := rng.IntN(40)
		must(t, whole.Attach(peers[0].Author))
		must(t, lazy.Attach(peers[0].Author))
		edits := crdttest.NewEdits(rng)
		for i := range 40 {
			if i == fill && deleted != nil {
				must(t, deleted.Decode())
				lazy.FillDeleted(deleted)
			}
			e, undo := edits.Next(whole.Len()), rng.IntN(4)
			for _, d := range []*crdt.Doc{whole, lazy} {
				write(d, e, undo)
			}
			if whole.Text() != lazy.Text() {
				t.Fatalf("text %q, want %q", lazy.Text(), whole.Text())
			}
		}
		peers[0].Flush(whole)
		peers[0].Flush(lazy)
		must(t, lazy.Verify())
		must(t, sameHistory(lazy, whole))
		must(t, sameBlock(lazy))
	})
}

// write makes an edit, or takes one back, or does that again.
func write(d *crdt.Doc, e crdttest.Edit, undo int) {
	switch undo {
	case 0:
		d.Undo(noon)
	case 1:
		d.Redo(noon)
	default:
		d.Delete(e.At, e.At+e.Delete, noon)
		d.Insert(e.At, e.Insert, noon)
		d.BreakUndo()
	}
}

func loadBlock(t testing.TB, block []byte) *crdt.Doc {
	t.Helper()
	d, err := crdt.LoadBlock(block)
	must(t, err)
	return d
}

// TestBlockDamaged: no byte of a block can be another one.
func TestBlockDamaged(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	block, err := playRandom(t, rng)[0].doc.HistoryBlock()
	must(t, err)
	for range 1000 {
		damaged := bytes.Clone(block)
		damaged[rng.IntN(len(block))] ^= 1 << rng.IntN(8)
		var format *crdt.FormatError
		if _, err := crdt.LoadBlock(damaged); !errors.As(err, &format) {
			t.Fatalf("a damaged block gives %v", err)
		}
	}
}

// FuzzLoadBlock: bytes give a typed error or a document that is sound and has a block of its own. The checksum is
// put right, so that what is behind it is reached.
func FuzzLoadBlock(f *testing.F) {
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		_, changes := strangeChanges(rng, 2+int(seed%4), 3+4*int(seed))
		d := crdt.New(crdttest.People(1)[0].Genesis())
		apply(f, d, changes...)
		block, err := d.HistoryBlock()
		must(f, err)
		f.Add(block[:len(block)-crdt.ChecksumSize])
	}
	f.Fuzz(loadAnything)
}

// TestBlockOfMangledBytes is a little of the fuzz test, each time.
func TestBlockOfMangledBytes(t *testing.T) {
	fewSeeds(t, func(t *testing.T, rng *rand.Rand) {
		block, err := strangeDoc(t, rng).HistoryBlock()
		must(t, err)
		for range 40 {
			loadAnything(t, mangled(rng, block[:len(block)-crdt.ChecksumSize]))
		}
	})
}

// loadAnything loads bytes as a history block that has the right checksum.
func loadAnything(t *testing.T, b []byte) {
	d, err := crdt.LoadBlock(crdt.WithChecksum(b))
	if err != nil {
		mustFormat(t, err)
		return
	}
	must(t, d.Check())
	block, err := d.HistoryBlock()
	if err != nil {
		mustFormat(t, err) // deleted text that cannot be read
		return
	}
	e := loadBlock(t, block)
	_ = e.Verify() // reads the deleted text
	must(t, sameHistory(e, d))
}

// mustFormat ends the test unless err is a FormatError.
func mustFormat(t *testing.T, err error) {
	t.Helper()
	var format *crdt.FormatError
	if !errors.As(err, &format) {
		t.Fatalf("the error is %T: %v", err, err)
	}
}

// strangeDoc returns a document in which odd things have happened.
func strangeDoc(t testing.TB, rng *rand.Rand) *crdt.Doc {
	t.Helper()
	_, changes := strangeChanges(rng, 2+rng.IntN(4), 3+rng.IntN(30))
	d := crdt.New(crdttest.People(1)[0].Genesis())
	apply(t, d, changes...)
	return d
}

// mangled returns b with some bytes changed, or left out, or there twice.
func mangled(rng *rand.Rand, b []byte) []byte {
	b = bytes.Clone(b)
	for range 1 + rng.IntN(3) {
		if len(b) == 0 {
			return b
		}
		at := rng.IntN(len(b))
		switch rng.IntN(5) {
		case 0:
			b[at] ^= 1 << rng.IntN(8)
		case 1:
			b[at] = byte(rng.IntN(4))
		case 2:
			b[at]++
		case 3:
			b = slices.Delete(b, at, min(len(b), at+1+rng.IntN(3)))
		default:
			b = slices.Insert(b, at, b[at:min(len(b), at+1+rng.IntN(3))]...)
		}
	}
	return b
}

// playRandom returns the peers of a world in which random things happened.
func playRandom(t *testing.T, rng *rand.Rand) []*peer {
	t.Helper()
	n := 1 + rng.IntN(4)
	w := newWorld(n)
	for _, step := range draw(rng, n, *stepsFlag) {
		must(t, w.step(step))
	}
	must(t, w.settle())
	return w.peers
}

// playUnforked is playRandom, but no chain forked.
func playUnforked(t *testing.T, rng *rand.Rand) []*peer {
	for {
		peers := playRandom(t, rng)
		if !slices.ContainsFunc(peers, func(p *peer) bool { return p.setBack }) {
			return peers
		}
	}
}

// sameBlock says what is wrong with the block of d.
func sameBlock(d *crdt.Doc) error {
	block, err := d.HistoryBlock()
	if err != nil {
		return err
	}
	e, err := crdt.LoadBlock(block)
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	if e.Text() != d.Text() || !slices.Equal(e.Order(), d.Order()) {
		return fmt.Errorf("text %q, want %q", e.Text(), d.Text())
	}
	if err := e.Check(); err != nil {
		return fmt.Errorf("while deleted text is packed: %w", err)
	}
	if err := e.Verify(); err != nil {
		return err
	}
	if e.DeletedText() != nil {
		return errors.New("deleted text is still packed after Verify")
	}
	if err := sameHistory(e, d); err != nil {
		return err
	}
	again, err := e.HistoryBlock()
	if err == nil && !bytes.Equal(again, block) {
		err = errors.New("the loaded document has another block")
	}
	return err
}

// sameHistory says what is different between what two copies have seen.
func sameHistory(e, d *crdt.Doc) error {
	if err := e.Check(); err != nil {
		return err
	}
	if e.ID() != d.ID() || !e.Version().Equal(d.Version()) || e.NeedsNewer() != d.NeedsNewer() || !slices.Equal(e.Members(), d.Members()) {
		return errors.New("another document, version or other members")
	}
	got, want := e.DeltaSince(nil), d.DeltaSince(nil)
	if len(got) != len(want) {
		return fmt.Errorf("%d changes, want %d", len(got), len(want))
	}
	for i, c := range want {
		if !bytes.Equal(got[i].AppendFrame(nil), c.AppendFrame(nil)) {
			return fmt.Errorf("change %d: frame %x, want %x", i, got[i].AppendFrame(nil), c.AppendFrame(nil))
		}
	}
	return nil
}

// must ends the test for an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
