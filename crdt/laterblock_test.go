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

// TestLaterBlocks: a history block and the later ones behind it are the document, whatever it was when they were written, and
// can be compacted to its history block.
func TestLaterBlocks(t *testing.T) {
	fewSeeds(t, func(t *testing.T, rng *rand.Rand) {
		_, changes := strangeChanges(rng, 2+rng.IntN(4), *stepsFlag/2)
		d := crdt.New(crdttest.People(1)[0].Genesis())
		blocks, have := [][]byte{nil}, []crdt.Head(nil)
		for len(changes) > 0 || len(blocks) == 1 {
			n := rng.IntN(min(len(changes), 40) + 1)
			apply(t, d, changes[:n]...)
			changes = changes[n:]
			if len(blocks) == 1 && rng.IntN(3) == 0 {
				block, err := d.HistoryBlock()
				must(t, err)
				blocks, have = [][]byte{block}, d.Heads()
				continue
			}
			blocks = append(blocks, value(d.LaterBlock(have)))
			have = d.Heads()
		}
		if err := sameBlocks(d, blocks); err != nil {
			t.Fatalf("%v\n%s", err, d.Dump())
		}
	})
}

// TestLaterBlocksOfPeers: the same, of what people do.
func TestLaterBlocksOfPeers(t *testing.T) {
	fewSeeds(t, func(t *testing.T, rng *rand.Rand) {
		for _, p := range playRandom(t, rng) {
			d := p.doc
			must(t, sameBlocks(d, [][]byte{nil, value(d.LaterBlock(nil))}))
		}
	})
}

// sameBlocks says what is wrong with a history block (nil: none) and later ones of d.
func sameBlocks(d *crdt.Doc, blocks [][]byte) (err error) {
	e := crdt.New(d.Genesis())
	for i, block := range blocks {
		switch {
		case i > 0:
			if err := e.LoadLater(block); err != nil {
				return fmt.Errorf("block %d: %w", i, err)
			}
			if err := e.LoadLater(block); err != nil {
				return fmt.Errorf("block %d again: %w", i, err)
			}
		case block != nil:
			if e, err = crdt.LoadBlock(block); err != nil {
				return err
			}
		}
	}
	if err := sameHistory(e, d); err != nil {
		return err
	}
	if e.Text() != d.Text() || !slices.Equal(e.Order(), d.Order()) {
		return fmt.Errorf("text %q, want %q", e.Text(), d.Text())
	}
	if err := e.Verify(); err != nil {
		return err
	}
	want, err := d.HistoryBlock()
	if err != nil {
		return err
	}
	if got, err := e.HistoryBlock(); err != nil || !bytes.Equal(got, want) {
		return fmt.Errorf("another history block, %w", err)
	}
	return nil
}

// TestLaterBlockElsewhere: a block that does not stand on what the document has is not loaded.
func TestLaterBlockElsewhere(t *testing.T) {
	_, changes := strangeChanges(rand.New(rand.NewPCG(1, 1)), 3, 40)
	genesis := crdttest.People(1)[0].Genesis()
	d := crdt.New(genesis)
	apply(t, d, changes[:20]...)
	have := d.Heads()
	apply(t, d, changes[20:]...)
	if err := crdt.New(genesis).LoadLater(value(d.LaterBlock(have))); !errors.Is(err, crdt.ErrMissing) {
		t.Fatalf("without the changes in front: %v", err)
	}
	block := value(d.LaterBlock(have))
	for range 1000 {
		damaged := bytes.Clone(block)
		damaged[rand.IntN(len(block))] ^= 1 << rand.IntN(8)
		var format *crdt.FormatError
		if err := crdt.New(genesis).LoadLater(damaged); !errors.As(err, &format) {
			t.Fatalf("a damaged block gives %v", err)
		}
	}
}

// FuzzLoadLater: bytes give a typed error, or changes that the document has then. The fuzzer writes what is behind the
// packing.
func FuzzLoadLater(f *testing.F) {
	genesis := crdttest.People(1)[0].Genesis()
	for seed := range uint64(8) {
		_, changes := strangeChanges(rand.New(rand.NewPCG(seed, 1)), 2+int(seed%4), 3+4*int(seed))
		d := crdt.New(genesis)
		apply(f, d, changes...)
		head, plain := crdt.UnpackLater(value(d.LaterBlock(nil)))
		f.Add(head, plain)
	}
	f.Fuzz(loadAnythingLater)
}

// TestLaterOfMangledBytes is a little of the fuzz test, each time.
func TestLaterOfMangledBytes(t *testing.T) {
	fewSeeds(t, func(t *testing.T, rng *rand.Rand) {
		head, plain := crdt.UnpackLater(value(strangeDoc(t, rng).LaterBlock(nil)))
		for i := range 40 {
			if i%2 == 0 {
				loadAnythingLater(t, mangled(rng, head), plain)
			} else {
				loadAnythingLater(t, head, mangled(rng, plain))
			}
		}
	})
}

// loadAnythingLater loads a later block that has just these parts.
func loadAnythingLater(t *testing.T, head, plain []byte) {
	genesis := crdttest.People(1)[0].Genesis()
	d := crdt.New(genesis)
	err := d.LoadLater(crdt.Pack(head, plain))
	var format *crdt.FormatError
	var refused *crdt.ChangeError
	switch {
	case errors.As(err, &format):
		if len(d.Version()) > 0 {
			t.Fatal("something was loaded of a malformed block")
		}
	case err == nil:
		e := crdt.New(genesis)
		must(t, e.LoadLater(value(d.LaterBlock(nil))))
		must(t, sameHistory(e, d))
		must(t, d.Check())
	case !errors.As(err, &refused) && !errors.Is(err, crdt.ErrMissing):
		t.Fatalf("the error is %T: %v", err, err)
	}
}
