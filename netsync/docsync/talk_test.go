package docsync

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/netsync/wire"
)

// held is how many heads, and chains, a machine remembers of what its peer told.
func (m *Machine) held() int { return m.theirs.size + m.acked.size + len(m.forked) }

// manyHeads returns as many heads as a message may name, others for each number.
func manyHeads(number int, oneChain, forked bool) (list []crdt.Head) {
	for i := range wire.MaxHeads {
		h := crdt.Head{Replica: crdt.ReplicaID{1}, Next: uint32(number*wire.MaxHeads + i + 1)}
		if !oneChain {
			binary.BigEndian.PutUint64(h.Replica[1:], uint64(number*wire.MaxHeads+i))
			h.Next = math.MaxUint32
		}
		if forked {
			binary.BigEndian.PutUint64(h.Replica[1:], uint64(number*wire.MaxHeads+i/2))
			h.Next = uint32(1 + i%2)
		}
		list = append(list, h)
	}
	return list
}

// TestEndlessTalk: a peer that tells ever new heads has no more of them remembered than the limit, and a Load names no more. How
// long a message took is printed.
func TestEndlessTalk(t *testing.T) {
	for name, heads := range map[string]func(number int) []crdt.Head{
		"of one chain":         func(n int) []crdt.Head { return manyHeads(n, true, false) },
		"of many chains":       func(n int) []crdt.Head { return manyHeads(n, false, false) },
		"of chains with forks": func(n int) []crdt.Head { return manyHeads(n, false, true) },
	} {
		source := newShelf()
		source.write(1, "hello", crdt.Head{})
		m := New(source.heads(), nil)
		var worst time.Duration
		for n := range 4 {
			var message wire.Message = wire.Ack{Heads: heads(n)}
			if n == 0 {
				message = wire.Have{Heads: heads(n)}
			}
			began := time.Now()
			if _, err := m.Receive(message); err != nil {
				t.Fatal(err)
			}
			worst = max(worst, time.Since(began))
		}
		if m.held() > 3*maxTold {
			t.Errorf("heads %s: %d are remembered", name, m.held())
		}
		began := time.Now()
		for step := m.Next(); step != (Wait{}); step = m.Next() {
			if load, ok := step.(Load); ok {
				if len(load.Have) > maxTold {
					t.Errorf("heads %s: a load names %d", name, len(load.Have))
				}
				break
			}
		}
		t.Logf("heads %s: %d remembered, a message took %v at most, then the load %v", name, m.held(), worst, time.Since(began))
	}
}

// TestEndlessChains: changes of ever new chains, which nobody can apply, are remembered no longer than the limit.
func TestEndlessChains(t *testing.T) {
	m := New(nil, nil)
	if _, err := m.Receive(wire.Have{}); err != nil {
		t.Fatal(err)
	}
	source := newShelf()
	source.write(1, "x", crdt.Head{})
	frame := source.encoded()[0]
	c, err := decode(frame)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 * maxTold / 64 {
		var changes wire.Changes
		for j := range 64 {
			other := *c
			binary.BigEndian.PutUint64(other.Replica[1:], uint64(64*i+j))
			changes.Encoded = append(changes.Encoded, other.AppendFrame(nil))
		}
		if _, err := m.Receive(changes); err != nil {
			t.Fatal(err)
		}
	}
	if m.held() > 3*maxTold {
		t.Errorf("%d heads are remembered", m.held())
	}
}
