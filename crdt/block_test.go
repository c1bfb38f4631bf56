package crdt_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"inkling/crdt"
)

// TestBlockIsTheDocument: of whatever people have done, the block of each copy reads as that copy,
// change for change and byte for byte.
func TestBlockIsTheDocument(t *testing.T) {
	eachSeed(t, func(t *testing.T, rng *rand.Rand) {
		for _, p := range playRandom(t, rng) {
			if err := sameBlock(p.doc); err != nil {
				t.Fatalf("%v\n%s", err, p.doc.Dump())
			}
		}
	})
}

// playRandom returns the peers of a world in which random things happened.
func playRandom(t *testing.T, rng *rand.Rand) []*peer {
	t.Helper()
	n := 1 + rng.IntN(4)
	s := draw(rng, n, *stepsFlag)
	w := newWorld(n)
	for _, step := range s {
		if err := w.step(step); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.settle(); err != nil {
		t.Fatal(err)
	}
	return w.peers
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
	if err := sameChanges(e, d); err != nil {
		return err
	}
	again, err := e.HistoryBlock()
	if err == nil && !bytes.Equal(again, block) {
		err = errors.New("the loaded document has another block")
	}
	return err
}

// sameChanges says what is different between what two copies have seen.
func sameChanges(e, d *crdt.Doc) error {
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
