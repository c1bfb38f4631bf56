package docsync

import (
	"bytes"
	"errors"
	"testing"

	"inkling/crdt"
	"inkling/netsync/wire"
)

// FuzzMachine: whatever a peer says on a document's stream, a machine answers it or gives an error with a code, remembers no more than its
// limits, and always comes to an end with what it has to do.
func FuzzMachine(f *testing.F) {
	source := newShelf()
	source.write(1, "hello", crdt.Head{})
	heads := source.heads()
	seed := func(messages ...wire.Message) {
		b := []byte{wire.Version}
		for _, m := range messages {
			b = wire.AppendFrame(b, m)
		}
		f.Add(b)
	}
	seed(wire.Have{}, wire.Changes{Encoded: source.encoded()}, wire.Ack{Heads: heads})
	seed(wire.Have{Heads: heads}, wire.Block{Hash: wire.Hash{1}, Length: 9, Heads: heads}, wire.Enough{})
	seed(wire.Have{}, wire.Want{Hash: wire.Hash{2}, Offset: 3}, wire.Enough{Hash: wire.Hash{2}})
	seed(wire.Open{}, wire.Have{})
	f.Fuzz(func(t *testing.T, b []byte) {
		own := newShelf()
		own.write(2, "mine", crdt.Head{})
		m := New(own.heads(), nil)
		r := wire.NewReader(bytes.NewReader(b), wire.DocumentStream)
		for {
			message, err := r.Next()
			if err != nil {
				return
			}
			effect, err := m.Receive(message)
			var bad *wire.Error
			if err != nil && !errors.As(err, &bad) {
				t.Fatalf("an error without a code: %v", err)
			}
			if err != nil {
				return
			}
			if _, store := effect.(Store); store {
				m.Stored(own.heads())
			}
			settleAlone(t, m, own)
			if m.held() > 3*maxTold {
				t.Fatalf("%d heads are remembered", m.held())
			}
		}
	})
}

// settleAlone does what m wants until it waits.
func settleAlone(t *testing.T, m *Machine, own *shelf) {
	for range 1_000 {
		switch step := m.Next().(type) {
		case Load:
			encoded, then := own.since(step.Have, step.Bytes)
			if err := m.Loaded(encoded, then); err != nil {
				t.Fatal(err)
			}
		case Wait:
			return
		}
	}
	t.Fatal("it never waits")
}
