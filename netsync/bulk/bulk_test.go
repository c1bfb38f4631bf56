package bulk

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"math/rand/v2"
	"os"
	"testing"

	"pgregory.net/rapid"

	"inkling/crdt"
	"inkling/netsync/wire"
)

// TestFlow: all is sent once and in order, never more than the window is on the way, and no more than a part is begun while
// there is something else to send; an end is reached.
func TestFlow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.IntRange(1, 20*wire.PartBytes).Draw(t, "length")
		offset := rapid.IntRange(0, length-1).Draw(t, "offset")
		f := NewFlow(length, offset)
		sent, arrived := offset, offset
		for steps := 0; arrived < length; steps++ {
			if steps > 10_000 {
				t.Fatal("it never ends")
			}
			busy := rapid.Bool().Draw(t, "busy")
			if rapid.Bool().Draw(t, "arrives") && arrived < sent {
				arrived = rapid.IntRange(arrived+1, sent).Draw(t, "up to")
				if !f.Arrived(arrived) {
					t.Fatal("what was sent cannot arrive")
				}
				continue
			}
			from, n := f.Next(busy)
			if n == 0 && sent == arrived {
				t.Fatal("nothing is on the way, and nothing may be sent")
			}
			if n > 0 && (from != sent || busy && sent+n-arrived > wire.PartBytes || sent+n-arrived > Window) {
				t.Fatalf("part %d+%d, %d sent, %d arrived, busy %v", from, n, sent, arrived, busy)
			}
			sent += n
			if f.Arrived(sent + 1) {
				t.Fatal("what was not sent arrives")
			}
		}
		if !f.Done() {
			t.Error("not done")
		}
	})
}

// TestInbox: what has come is there after a cut and a restart, and the whole is compared with its hash.
func TestInbox(t *testing.T) {
	body := make([]byte, 5*wire.PartBytes+7)
	for i := range body {
		body[i] = byte(rand.IntN(256))
	}
	hash, doc, dir := wire.Hash(sha256.Sum256(body)), crdt.DocID{1}, t.TempDir()
	in := NewInbox(dir)
	for have := 0; have < len(body); {
		i, err := in.Open(doc, hash, len(body))
		if err != nil || i.Have() != have {
			t.Fatalf("%d of %d bytes are there, %v", i.Have(), have, err)
		}
		if _, err := in.Open(doc, wire.Hash{1}, 10); !errors.Is(err, ErrBusy) {
			t.Errorf("two at a time: %v", err)
		}
		n := min(wire.PartBytes, len(body)-have)
		if err := i.Add(body[have : have+n]); err != nil {
			t.Fatal(err)
		}
		have += n
		if i.Whole() != (have == len(body)) {
			t.Error("whole too soon, or too late")
		}
		i.Close()
		in = NewInbox(dir)
	}
	i, err := in.Open(doc, hash, len(body))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := i.Bytes(); err != nil || !bytes.Equal(got, body) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	var bad *wire.Error
	if err := i.Add([]byte{1}); !errors.As(err, &bad) || bad.Code != wire.TooLarge {
		t.Errorf("one more byte: %v", err)
	}
	i.Remove()
	i, err = in.Open(doc, wire.Hash{2}, 3)
	if err != nil || i.Have() != 0 {
		t.Fatal(i.Have(), err)
	}
	if err := i.Add([]byte("abc")); err != nil {
		t.Fatal(err)
	}
	if _, err := i.Bytes(); !errors.Is(err, ErrOtherBytes) {
		t.Errorf("other bytes: %v", err)
	}
	i.Close()
	if i, err = in.Open(doc, wire.Hash{3}, 3); err != nil {
		t.Fatal(err)
	}
	i.Close()
	count := func() int {
		list, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	in.Forget(crdt.DocID{7})
	if n := count(); n != 2 {
		t.Errorf("%d items of two blocks of a document", n)
	}
	in.Forget(doc)
	if n := count(); n != 0 {
		t.Errorf("%d items of a document that is forgotten", n)
	}
}

// TestInboxIsBounded: the items that nobody fills go when there are too many.
func TestInboxIsBounded(t *testing.T) {
	dir := t.TempDir()
	in := NewInbox(dir)
	for n := range 5 * MaxItems {
		i, err := in.Open(crdt.DocID{byte(n)}, wire.Hash{}, 10)
		if err != nil {
			t.Fatal(err)
		}
		if err := i.Add([]byte("12345")); err != nil {
			t.Fatal(err)
		}
		i.Close()
		if list, err := os.ReadDir(dir); err != nil || len(list) > MaxItems {
			t.Fatalf("%d items, %v", len(list), err)
		}
	}
	for n := range 4 {
		if _, err := in.Open(crdt.DocID{200, byte(n)}, wire.Hash{}, wire.MaxBlock); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := in.Open(crdt.DocID{201}, wire.Hash{}, wire.MaxBlock); !errors.Is(err, ErrBusy) {
		t.Errorf("a fifth large one: %v", err)
	}
}
