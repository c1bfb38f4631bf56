package docsync

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"inkling/crdt"
	"inkling/netsync/wire"
)

// shelf is the simplest library: changes in the order in which they came.
type shelf struct {
	version crdt.VersionVector
	encoded [][]byte
}

func newShelf() *shelf { return &shelf{version: crdt.VersionVector{}} }

func (s *shelf) add(b []byte) {
	c, err := decode(b)
	if err != nil {
		panic(err)
	}
	if c.Seq != s.version[c.Replica] {
		return // known, or a gap: what the exchange must never make
	}
	s.version[c.Replica] = c.Next
	s.encoded = append(s.encoded, b)
}

func (s *shelf) since(have crdt.VersionVector, limit int) (found [][]byte) {
	size := 0
	for _, b := range s.encoded {
		c, _ := decode(b)
		if c.Next <= have[c.Replica] {
			continue
		}
		if size += len(b); size > limit && len(found) > 0 {
			break
		}
		found = append(found, b)
	}
	return found
}

// write adds a change of replica r.
func (s *shelf) write(r byte, text string) {
	c := &crdt.Change{Replica: crdt.ReplicaID{r}}
	c.Seq = s.version[c.Replica]
	c.Body = []byte{0x01}
	if c.Seq == 0 {
		c.Body = append([]byte{0x11}, make([]byte, 32+16)...) // whose it is does not matter here
	}
	kind := byte(crdt.Insert) | 0x40 // with an origin
	if len(text) > 1 {
		c.Body = binary.AppendUvarint(append(c.Body, kind|0x20), uint64(len(text)))
	} else {
		c.Body = append(c.Body, kind)
	}
	c.Body = binary.AppendUvarint(c.Body, uint64(1+len(text)))
	c.Body = append(append(c.Body, 1), text...) // the origin is the root
	s.add(c.AppendFrame(nil))
}

// end is a machine with its shelf and what is on the way to it.
type end struct {
	shelf *shelf
	m     *Machine
	inbox []wire.Message
	acked crdt.VersionVector
}

// one makes the end do one thing; false: there is nothing to do.
func (e *end) one(t *rapid.T, other *end) bool {
	switch step := e.m.Next().(type) {
	case Send:
		other.inbox = append(other.inbox, step.Message)
	case Load:
		if err := e.m.Loaded(e.shelf.since(step.Have, step.Bytes)); err != nil {
			t.Fatal(err)
		}
	case Wait:
		return false
	}
	return true
}

func (e *end) hear(t *rapid.T) bool {
	if len(e.inbox) == 0 {
		return false
	}
	first := e.inbox[0]
	e.inbox = e.inbox[1:]
	if _, open := first.(wire.Open); open {
		return true
	}
	effect, err := e.m.Receive(first)
	if err != nil {
		t.Fatal(err)
	}
	switch effect := effect.(type) {
	case Store:
		for _, b := range effect.Encoded {
			e.shelf.add(b)
		}
		e.m.Stored(e.shelf.version.Clone())
	case Acked:
		e.acked = effect.Version
	}
	return true
}

// TestTwoMachines lets two ends write, send, hear and lose their stream in any
// order. In the end they have the same, know it of each other, and stop talking.
func TestTwoMachines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ends := []*end{{shelf: newShelf()}, {shelf: newShelf()}}
		connect := func() {
			ends[0].m = New(ends[0].shelf.version, &wire.Open{})
			ends[1].m = New(ends[1].shelf.version, nil)
			ends[0].inbox, ends[1].inbox = nil, nil
		}
		connect()
		big := string(make([]byte, 40_000))
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			i := rapid.IntRange(0, 1).Draw(t, "end")
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0, 1:
				text := rapid.SampledFrom([]string{"a", "bc", big}).Draw(t, "text")
				ends[i].shelf.write(byte(i+1), text)
				ends[i].m.Committed()
			case 2:
				if rapid.IntRange(0, 9).Draw(t, "cut") == 0 {
					connect()
				}
			case 3, 4, 5:
				ends[i].one(t, ends[1-i])
			default:
				ends[i].hear(t)
			}
		}
		for steps := 0; ends[0].one(t, ends[1]) || ends[1].one(t, ends[0]) || ends[0].hear(t) || ends[1].hear(t); steps++ {
			if steps > 10_000 {
				t.Fatal("they never stop talking")
			}
		}
		for i, e := range ends {
			if !e.shelf.version.Equal(ends[1-i].shelf.version) {
				t.Fatalf("end %d has %v, the other %v", i, e.shelf.version, ends[1-i].shelf.version)
			}
			for r, next := range e.shelf.version {
				if own := (crdt.ReplicaID{byte(i + 1)}); r == own && e.acked[r] != next {
					t.Fatalf("end %d knows of %v acknowledged, wants %d of %v", i, e.acked, next, r)
				}
			}
		}
	})
}

// TestNoEcho: what came from the peer, or what it was sent, is not sent to it again.
func TestNoEcho(t *testing.T) {
	a := &end{shelf: newShelf()}
	a.m = New(a.shelf.version, nil)
	from := newShelf()
	from.write(2, "x")
	if _, err := a.m.Receive(wire.Have{}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.m.Receive(wire.Changes{Encoded: from.encoded}); err != nil {
		t.Fatal(err)
	}
	a.shelf.add(from.encoded[0])
	a.m.Stored(a.shelf.version)
	a.m.Committed()
	for {
		switch step := a.m.Next().(type) {
		case Send:
			if _, changes := step.Message.(wire.Changes); changes {
				t.Fatal("the change went back to its sender")
			}
		case Load:
			if encoded := a.shelf.since(step.Have, step.Bytes); len(encoded) > 0 {
				t.Fatal("the load asks for the sender's own change")
			}
			if err := a.m.Loaded(nil); err != nil {
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
	source.write(1, "hello")
	for range 2_000 {
		b := slices.Clone(source.encoded[0])
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
	s.write(1, "x")
	m := New(s.version, nil)
	m.Receive(wire.Have{Version: s.version})
	if err := m.Loaded(s.encoded); err == nil {
		t.Error("accepted")
	}
	if err := m.Loaded([][]byte{{1, 2}}); err == nil {
		t.Error("a damaged body accepted")
	}
}
