package docsync

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"inkling/crdt"
	"inkling/netsync/wire"
)

func TestTwoMachines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := newNetwork(2)
		n.connect(0, 1)
		n.play(t, false)
	})
}

// TestForks: chains go on more than once, and in more places than one.
func TestForks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := newNetwork(2)
		n.connect(0, 1)
		n.play(t, true)
	})
}

func TestForksAmongThree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := newNetwork(3)
		n.connect(0, 1)
		n.connect(1, 2)
		if rapid.Bool().Draw(t, "triangle") {
			n.connect(2, 0)
		}
		n.play(t, true)
	})
}

// TestForksOfLongAgo: two that wrote much apart, in one chain, meet.
func TestForksOfLongAgo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := newNetwork(rapid.IntRange(2, 3).Draw(t, "shelves"))
		for range rapid.IntRange(0, 50).Draw(t, "changes") {
			n.write(t, true)
		}
		for i, s := range n.shelves {
			if rapid.Bool().Draw(t, "compacted") {
				s.compact()
			}
			if i > 0 {
				n.connect(i-1, i)
			}
		}
		n.settle(t)
		n.check(t)
	})
}

// TestNewcomerGetsBlock: who has nothing is given the block, however often the stream is cut, and then what is behind it; who
// declines it gets changes.
func TestNewcomerGetsBlock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := newNetwork(2)
		for range 20 {
			n.shelves[0].write(1, "x", n.shelves[0].newest(1))
		}
		n.shelves[0].compact()
		n.shelves[0].write(1, "y", n.shelves[0].newest(1))
		n.connect(0, 1)
		cuts := rapid.IntRange(0, 5).Draw(t, "cuts")
		for range 100 {
			e := n.ends[rapid.IntRange(0, 1).Draw(t, "end")]
			_ = e.one(t) || e.hear(t) || e.give() || e.take(t)
			if cuts > 0 && rapid.IntRange(0, 9).Draw(t, "cut") == 0 {
				cuts--
				n.reconnect(0)
			}
		}
		n.settle(t)
		n.check(t)
		giver, newcomer := n.ends[0], n.ends[1]
		if newcomer.declined == 0 && (giver.sent > 6 || newcomer.given != 1) { // what is behind it once more for each cut
			t.Fatalf("%d changes sent beside %d blocks", giver.sent, newcomer.given)
		}
		if giver.sent < 20 && newcomer.given == 0 {
			t.Fatalf("%d changes sent, and no block taken", giver.sent)
		}
	})
}

// TestLyingAboutBlocks: what may not be said of blocks has a code.
func TestLyingAboutBlocks(t *testing.T) {
	block := wire.Block{Hash: wire.Hash{1}, Length: 10}
	for name, messages := range map[string][]wire.Message{
		"a block first":       {block},
		"two blocks":          {wire.Have{}, block, wire.Block{Hash: wire.Hash{2}, Length: 10}},
		"want of nothing":     {wire.Have{}, wire.Want{Hash: wire.Hash{1}}},
		"enough of nothing":   {wire.Have{}, wire.Enough{Hash: wire.Hash{1}}},
		"want of another":     {wire.Have{}, nil, wire.Want{Hash: wire.Hash{2}}},
		"want of less":        {wire.Have{}, nil, wire.Want{Hash: wire.Hash{1}, Offset: 5}, wire.Want{Hash: wire.Hash{1}, Offset: 5}},
		"want behind the end": {wire.Have{}, nil, wire.Want{Hash: wire.Hash{1}, Offset: 10}},
	} {
		m := New(nil, nil)
		var err error
		for i, message := range messages {
			if err != nil {
				t.Errorf("%s: message %d: %v", name, i-1, err)
			}
			if message == nil {
				m.Offer(block)
				continue
			}
			_, err = m.Receive(message)
		}
		var bad *wire.Error
		if !errors.As(err, &bad) || bad.Code != wire.Unexpected {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNoEcho: what came from the peer, or what it was sent, is not sent to it again.
func TestNoEcho(t *testing.T) {
	a := &end{shelf: newShelf()}
	a.m = New(nil, nil)
	from := newShelf()
	from.write(2, "x", crdt.Head{})
	if _, err := a.m.Receive(wire.Have{}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.m.Receive(wire.Changes{Encoded: from.encoded()}); err != nil {
		t.Fatal(err)
	}
	a.shelf.add(from.encoded()[0])
	a.m.Stored(a.shelf.heads())
	a.m.Committed()
	for {
		switch step := a.m.Next().(type) {
		case Send:
			if _, changes := step.Message.(wire.Changes); changes {
				t.Fatal("the change went back to its sender")
			}
		case Load:
			encoded, then := a.shelf.since(step.Have, step.Bytes)
			if len(encoded) > 0 {
				t.Fatal("the load asks for the sender's own change")
			}
			if err := a.m.Loaded(nil, then); err != nil {
				t.Fatal(err)
			}
		case Wait:
			return
		}
	}
}

// TestWrongOrder: every message that may not come yet, or again, has a code.
func TestWrongOrder(t *testing.T) {
	for name, messages := range map[string][]wire.Message{
		"changes first": {wire.Changes{Encoded: [][]byte{{1}}}},
		"ack first":     {wire.Ack{}},
		"open again":    {wire.Have{}, wire.Open{}},
		"have again":    {wire.Have{}, wire.Have{}},
	} {
		m := New(nil, nil)
		var err error
		for _, message := range messages {
			_, err = m.Receive(message)
		}
		var bad *wire.Error
		if !errors.As(err, &bad) || bad.Code != wire.Unexpected {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRandomBytesAreRefused: altered changes never reach Store unless they are
// changes.
func TestRandomBytesAreRefused(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	source := newShelf()
	source.write(1, "hello", crdt.Head{})
	for range 2_000 {
		b := slices.Clone(source.encoded()[0])
		b[r.IntN(len(b))] ^= byte(1 + r.IntN(255))
		m := New(nil, nil)
		m.Receive(wire.Have{})
		effect, err := m.Receive(wire.Changes{Encoded: [][]byte{b}})
		_, decodeErr := decode(b)
		if (err == nil) != (decodeErr == nil) || (effect == nil) != (decodeErr != nil) {
			t.Fatalf("seed %d: %x: effect %v, error %v, decoder says %v", seed, b, effect, err, decodeErr)
		}
	}
}

// TestLyingLibrary: a library that returns what the peer has ends the stream
// instead of looping.
func TestLyingLibrary(t *testing.T) {
	s := newShelf()
	s.write(1, "x", crdt.Head{})
	m := New(s.heads(), nil)
	m.Receive(wire.Have{Heads: s.heads()})
	m.Next()
	m.Next()
	if err := m.Loaded(s.encoded(), s.heads()); err == nil {
		t.Error("accepted")
	}
	if err := m.Loaded([][]byte{{1, 2}}, nil); err == nil {
		t.Error("a damaged body accepted")
	}
}
