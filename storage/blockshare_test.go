package storage_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"

	"inkling/crdt"
	"inkling/crdt/crdttest"
	"inkling/storage"
	"inkling/storage/storagetest"
)

// given is a document's base with its bytes.
type given struct {
	*storage.Base
	Bytes []byte
}

func baseOf(t *testing.T, l *storage.Library, doc crdt.DocID) given {
	t.Helper()
	b, err := l.Base(doc)
	if err != nil || b == nil {
		t.Fatal(b, err)
	}
	body, err := l.BaseBytes(doc, b.Hash)
	if err != nil {
		t.Fatal(err)
	}
	return given{b, body}
}

func titled(*crdt.Doc) string { return "taken" }

func take(l *storage.Library, doc crdt.DocID, b given) (*storage.Arrival, error) {
	return l.TakeBlock(context.Background(), doc, b.Bytes, b.Heads, titled, day)
}

// A block that one library gives is the whole history in another, which goes on from there as the first one does.
func TestTakeBlock(t *testing.T) {
	rng := seeded(t)
	w := newTwin(t, rng)
	changes := signed(forking(rng, 200, 3))
	w.save(changes[:150]...)
	if b, err := w.l.Base(w.doc); b != nil || err != nil {
		t.Fatalf("a block of rows: %v, %v", b, err)
	}
	if _, err := w.l.Base(genesis(2).DocID()); !errors.Is(err, storage.ErrNotFound) {
		t.Fatalf("a block of an unknown document: %v", err)
	}
	compactAll(t, w.l, w.doc)
	b := baseOf(t, w.l, w.doc)
	want := headsOf(changes[:150])
	if len(b.Heads) != len(want) {
		t.Fatalf("heads %v, want %v", b.Heads, want)
	}
	for _, h := range b.Heads {
		if !want[h] {
			t.Fatalf("heads %v, want %v", b.Heads, want)
		}
	}

	other := newTwin(t, rng)
	if a, err := take(other.l, other.doc, b); err != nil || len(a.News) != 150 {
		t.Fatal(a, err)
	}
	if d, err := other.l.Document(other.doc); err != nil || d.Title != "taken" || !d.Modified.Equal(day) {
		t.Errorf("%+v, %v", d, err)
	}
	for _, c := range changes[:150] {
		other.changes, other.byHead[headOf(c)] = append(other.changes, c), c
	}
	other.same()
	other.save(changes...)
	other.same()
	for range 10 {
		other.since()
	}
	other.l = storagetest.Reopen(t, other.l)
	other.same()
	compactAll(t, other.l, other.doc)
	other.same()
	if a, err := take(other.l, other.doc, b); err != nil || len(a.News) > 0 {
		t.Errorf("taken twice: %v, %v", a, err)
	}
	other.same()
}

// What is no block of the document, or not what its devices signed, is not taken, and leaves no trace.
func TestTakeBlockRefuses(t *testing.T) {
	rng := seeded(t)
	w := newTwin(t, rng)
	w.save(signed(typing(rng, 50, 2))...)
	compactAll(t, w.l, w.doc)
	b := baseOf(t, w.l, w.doc)
	l := storagetest.Open(t)
	first, second := add(t, l, 1), add(t, l, 2)
	if _, err := take(l, second, b); !errors.Is(err, storage.ErrWrongBlock) || !strings.Contains(err.Error(), "of document") {
		t.Errorf("another's block: %v", err)
	}
	if _, err := take(l, genesis(3).DocID(), b); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("of an unknown document: %v", err)
	}
	empty, err := crdt.New(genesis(1)).HistoryBlock()
	if err != nil {
		t.Fatal(err)
	}
	forged, err := crdt.LoadBlock(b.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	unsigned := newHand(1, 9).insert(0, "not signed")
	unsigned.Signature = nil
	if _, err := forged.Load(unsigned); err != nil {
		t.Fatal(err)
	}
	withForged, err := forged.HistoryBlock()
	if err != nil {
		t.Fatal(err)
	}
	stranger := newHand(1, 8).insert(0, "signed by nobody here")
	stranger.Signature = ed25519.Sign(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), stranger.Hash[:])
	if forged, err = crdt.LoadBlock(b.Bytes); err != nil {
		t.Fatal(err)
	}
	if _, err := forged.Load(stranger); err != nil {
		t.Fatal(err)
	}
	withStranger, err := forged.HistoryBlock()
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string][]byte{"empty": empty, "no block": []byte("inkh"), "nothing": nil, "cut short": b.Bytes[:len(b.Bytes)-1],
		"unsigned": withForged, "forged": withStranger} {
		heads := b.Heads
		if d, err := crdt.LoadBlock(body); err == nil {
			heads = d.Heads()
		}
		if _, err := take(l, first, given{&storage.Base{Heads: heads}, body}); !errors.Is(err, storage.ErrWrongBlock) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := take(l, first, given{&storage.Base{Heads: b.Heads[1:]}, b.Bytes}); !errors.Is(err, storage.ErrWrongBlock) {
		t.Errorf("with other heads: %v", err)
	}
	bomb := crdttest.BombBlock(genesis(1), 5_000_000, 0)
	if _, err := take(l, first, given{b.Base, bomb}); !errors.Is(err, storage.ErrWrongBlock) || !strings.Contains(err.Error(), "claim") {
		t.Errorf("a bomb: %v", err)
	}
	if n := countIn(t, l, "SELECT count(*) + (SELECT count(*) FROM block_part) FROM block"); n > 0 {
		t.Errorf("%d traces", n)
	}
	if _, err := take(l, first, b); err != nil {
		t.Error(err)
	}
}

// Two libraries that had the document apart, with forks, rows and blocks, and go on being written to, take each other's blocks. In
// the end both have all, in an order in which it can be applied, and nothing of it twice.
func TestTakeBlocksOfEachOther(t *testing.T) {
	for range 6 {
		rng := seeded(t)
		all := signed(forking(rng, 120, 3))
		side := [2]*twin{newTwin(t, rng), newTwin(t, rng)}
		for i, w := range side { // prefixes that differ, of each chain, in the order of all
			has := map[crdt.Head]bool{}
			var some []*crdt.Change
			for _, c := range all {
				previous := crdt.Head{Replica: c.Replica, Next: c.Seq, Stamp: c.Previous}
				if (c.Seq == 0 || has[previous]) && rng.IntN(12) > 0 {
					has[headOf(c)] = true
					some = append(some, c)
				}
				if rng.IntN(40) == 0 && len(some) > 0 {
					w.save(some...)
					some = nil
					compactAll(t, w.l, w.doc)
				}
			}
			w.save(some...)
			if i == 0 || rng.IntN(2) == 0 {
				compactAll(t, w.l, w.doc)
			}
		}
		for i, w := range side {
			from := side[1-i]
			if b, err := from.l.Base(from.doc); err != nil || b == nil {
				continue
			}
			late := newHand(1, 20+i).insert(0, "typed meanwhile")
			typed := make(chan error, 1)
			w.l.Append(w.doc, []*crdt.Change{late}, "title", day, func(err error) { typed <- err })
			b := baseOf(t, from.l, from.doc)
			a, err := take(w.l, w.doc, b)
			if err != nil {
				t.Fatal(err)
			}
			if err := <-typed; err != nil {
				t.Fatal(err)
			}
			before := len(w.byHead)
			for _, c := range a.News {
				w.byHead[headOf(c)] = c
			}
			w.byHead[headOf(late)] = late
			if len(w.byHead) != before+len(a.News)+1 {
				t.Fatalf("%d changes are news, and %d were there, of %d", len(a.News), before, len(w.byHead))
			}
			has, err := w.l.Has(w.doc, b.Heads)
			if err != nil || !has {
				t.Fatalf("what was taken is there: %v, %v", has, err)
			}
			w.changes = w.changes[:0]
			for c, err := range w.l.Changes(w.doc) {
				if err != nil {
					t.Fatal(err)
				}
				if w.byHead[headOf(c)] == nil {
					t.Fatalf("%v is there, and was not given", headOf(c))
				}
				w.changes = append(w.changes, w.byHead[headOf(c)])
			}
			if len(w.changes) != len(w.byHead) {
				t.Fatalf("%d changes, want %d", len(w.changes), len(w.byHead))
			}
			w.l = storagetest.Reopen(t, w.l) // it is checked
			compactAll(t, w.l, w.doc)
		}
	}
}

func never([32]byte) bool { return false }

// Who lacks much is given the base; who could not take what it lacks one by one, too; and who lacks a little gets
// that. Nobody is given what it could not take.
func TestGive(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	hands := []*hand{newHand(1, 1), newHand(1, 2)}
	var changes []*crdt.Change
	for i := range uint32(crdt.MaxPendingChanges + 1000) {
		changes = append(changes, hands[i%2].insert(i/2, "x"))
	}
	mustSave(t, l, doc, changes...)
	compactAll(t, l, doc)
	if text, err := receive(l, doc); err == nil {
		t.Errorf("without signatures %d letters were taken: is there a need for blocks?", len(text))
	}
	base := baseOf(t, l, doc)
	last := hands[0].insert(uint32(len(changes)/2), "y")
	mustSave(t, l, doc, last)
	for lacks, whole := range map[int]bool{len(changes): true, len(changes) - 10: true, 4098: true, 1000: false, 2: false, 0: false} {
		have := headsBut(changes[:len(changes)-lacks], 0)
		g, err := l.Give(doc, have, 1<<30, never)
		if err != nil || (g.Base != nil) != whole || whole && g.Base.Hash != base.Hash || !whole && len(g.Frames) != lacks+1 {
			t.Errorf("who lacks %d: %d frames, base %v, %v", lacks, len(g.Frames), g.Base, err)
		}
		g, err = l.Give(doc, have, 1<<30, func([32]byte) bool { return true })
		if err != nil || g.Base != nil || len(g.Frames) < min(lacks, 4000)+1 {
			t.Errorf("who lacks %d and declines: %d frames, %v, %v", lacks, len(g.Frames), g.Base, err)
		}
	}
}

// receive returns the text of one who has nothing and gets what l gives.
func receive(l *storage.Library, doc crdt.DocID) (string, error) {
	d := crdt.New(genesis(1))
	var told []crdt.Head
	for {
		frames, then, err := l.Since(doc, told, 64<<10)
		if err != nil || len(frames) == 0 {
			return d.Text(), err
		}
		for _, b := range frames {
			c, _, err := crdt.DecodeFrame(b)
			if err != nil {
				return "", err
			}
			a, err := d.Apply(c)
			if err != nil {
				return d.Text(), err
			}
			if a.Forgotten {
				return d.Text(), crdt.ErrPendingFull
			}
		}
		told = then
	}
}

// Compact leaves alone what is not worth it.
func TestCompactionPays(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	ana := newHand(1, 1)
	next := uint32(0)
	write := func(n int) {
		var changes []*crdt.Change
		for range n {
			changes = append(changes, ana.insert(next, "x"))
			next++
		}
		mustSave(t, l, doc, changes...)
	}
	for _, c := range []struct {
		more int
		pays storage.Effort
		want bool
	}{
		{63, storage.WhenClosing, false},
		{1, storage.WhenIdle, false},
		{191, storage.WhenIdle, false},
		{1, storage.WhenIdle, true},
		{0, storage.WhenIdle, true}, // settle
		{0, storage.WhenIdle, false},
		{6000, storage.WhenIdle, true},
		{0, storage.WhenIdle, true},
		{700, storage.WhenIdle, false}, // not an eighth
		{1, storage.WhenClosing, true},
	} {
		write(c.more)
		more, err := l.Compact(t.Context(), doc, c.pays)
		if err != nil || more != c.want {
			t.Fatalf("%d changes more, %+v: %v, %v, want %v", c.more, c.pays, more, err, c.want)
		}
	}
	if looking, err := storage.OpenReadOnly(l.Dir()); err != nil {
		t.Error(err)
	} else {
		if _, err := looking.Compact(t.Context(), doc, storage.Always); !errors.Is(err, storage.ErrReadOnly) {
			t.Errorf("for reading only: %v", err)
		}
		looking.Close()
	}
}
