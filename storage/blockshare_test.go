package storage_test

import (
	"errors"
	"strings"
	"testing"

	"inkling/crdt"
	"inkling/storage"
	"inkling/storage/storagetest"
)

// A block that one library gives is the whole history in another, which goes on from there as the first one does.
func TestAdoptBlock(t *testing.T) {
	rng := seeded(t)
	w := newTwin(t, rng)
	changes := signed(forking(rng, 200, 3))
	w.save(changes[:150]...)
	if _, ok, err := w.l.Block(w.doc); ok || err != nil {
		t.Fatalf("a block of rows: %v, %v", ok, err)
	}
	if _, _, err := w.l.Block(genesis(2).DocID()); !errors.Is(err, storage.ErrNotFound) {
		t.Fatalf("a block of an unknown document: %v", err)
	}
	compactAll(t, w.l, w.doc)
	b, ok, err := w.l.Block(w.doc)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
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
	if err := other.l.AdoptBlock(other.doc, b.Bytes, "adopted", day); err != nil {
		t.Fatal(err)
	}
	if d, err := other.l.Document(other.doc); err != nil || d.Title != "adopted" || !d.Modified.Equal(day) {
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
	if err := other.l.AdoptBlock(other.doc, b.Bytes, "again", day); !errors.Is(err, storage.ErrNotEmpty) {
		t.Errorf("adopted twice: %v", err)
	}
}

// What is no block of the document, or not what its devices signed, is not adopted, and leaves no trace.
func TestAdoptBlockRefuses(t *testing.T) {
	rng := seeded(t)
	w := newTwin(t, rng)
	w.save(signed(typing(rng, 50, 2))...)
	compactAll(t, w.l, w.doc)
	b, _, err := w.l.Block(w.doc)
	if err != nil {
		t.Fatal(err)
	}
	l := storagetest.Open(t)
	first, second := add(t, l, 1), add(t, l, 2)
	if err := l.AdoptBlock(second, b.Bytes, "", day); err == nil || !strings.Contains(err.Error(), "of document") {
		t.Errorf("another's block: %v", err)
	}
	if err := l.AdoptBlock(genesis(3).DocID(), b.Bytes, "", day); !errors.Is(err, storage.ErrNotFound) {
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
	for name, body := range map[string][]byte{"empty": empty, "no block": []byte("inkh"), "nothing": nil, "cut short": b.Bytes[:len(b.Bytes)-1], "forged": withForged} {
		if err := l.AdoptBlock(first, body, "", day); err == nil {
			t.Errorf("%s: adopted", name)
		}
	}
	if n := countIn(t, l, "SELECT count(*) + (SELECT count(*) FROM block_part) FROM block"); n > 0 {
		t.Errorf("%d traces", n)
	}
	if err := l.AdoptBlock(first, b.Bytes, "", day); err != nil {
		t.Error(err)
	}
}

// Old changes of the device itself come with signatures out of a block, as many as their receiver needs, though
// the block keeps only the newest; without the device's key a receiver would wait in vain.
func TestOldChangesAreSignedAgain(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	hands := []*hand{newHand(1, 1), newHand(1, 2)} // as this device wrote before and after a fork
	var changes []*crdt.Change
	for i := range uint32(crdt.MaxPendingChanges + 1000) {
		changes = append(changes, hands[i%2].insert(i/2, "x"))
	}
	mustSave(t, l, doc, changes...)
	compactAll(t, l, doc)
	if text, err := receive(l, doc); err == nil {
		t.Errorf("without signatures %d letters were taken; is SignWith still needed?", len(text))
	}
	l.SignWith(device)
	if text, err := receive(l, doc); err != nil || len(text) != len(changes) {
		t.Errorf("%d letters of %d, %v", len(text), len(changes), err)
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

// A document that others have stays as rows if they could not take its changes out of a block one by one.
func TestSharedDocumentKeepsSignatures(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	ana := newHand(1, 1)
	var changes []*crdt.Change
	for i := range uint32(storage.MaxUnsigned) {
		changes = append(changes, ana.insert(i, "x"))
	}
	mustSave(t, l, doc, changes...)
	if _, err := l.Compact(t.Context(), doc, storage.Always, false); err != nil {
		t.Errorf("%d changes: %v", len(changes), err)
	}
	mustSave(t, l, doc, ana.insert(storage.MaxUnsigned, "x"))
	compact(t, l, doc) // settle
	if _, err := l.Compact(t.Context(), doc, storage.Always, false); !errors.Is(err, storage.ErrNotShareable) {
		t.Errorf("one more: %v", err)
	}
	l.SignWith(device)
	if _, err := l.Compact(t.Context(), doc, storage.Always, false); err != nil {
		t.Errorf("with the device's own signatures: %v", err)
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
		more, err := l.Compact(t.Context(), doc, c.pays, true)
		if err != nil || more != c.want {
			t.Fatalf("%d changes more, %+v: %v, %v, want %v", c.more, c.pays, more, err, c.want)
		}
	}
	if looking, err := storage.OpenReadOnly(l.Dir()); err != nil {
		t.Error(err)
	} else {
		if _, err := looking.Compact(t.Context(), doc, storage.Always, true); !errors.Is(err, storage.ErrReadOnly) {
			t.Errorf("for reading only: %v", err)
		}
		looking.Close()
	}
}
