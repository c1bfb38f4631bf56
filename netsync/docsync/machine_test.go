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

// shelf is the simplest library: bodies in the order in which they came.
type shelf struct {
	version crdt.VersionVector
	bodies  [][]byte
}

func newShelf() *shelf { return &shelf{version: crdt.VersionVector{}} }

func (s *shelf) add(body []byte) {
	c, err := crdt.DecodeChange(body)
	if err != nil {
		panic(err)
	}
	if c.Seq != s.version[c.Replica] {
		return // known, or a gap: what the exchange must never make
	}
	s.version[c.Replica] = c.Next()
	s.bodies = append(s.bodies, body)
}

func (s *shelf) since(have crdt.VersionVector, limit int) (found [][]byte) {
	size := 0
	for _, body := range s.bodies {
		c, _ := crdt.DecodeChange(body)
		if c.Next() <= have[c.Replica] {
			continue
		}
		if size += len(body); size > limit && len(found) > 0 {
			break
		}
		found = append(found, body)
	}
	return found
}

// write adds a change of replica r.
func (s *shelf) write(r byte, text string) {
	replica := crdt.ReplicaID{r}
	c := &crdt.Change{Replica: replica, Seq: s.version[replica], Ops: []crdt.Op{{Kind: crdt.Insert, Text: text}}}
	s.add(c.Bytes())
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
		for _, body := range effect.Bodies {
			e.shelf.add(body)
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
	if _, err := a.m.Receive(wire.Changes{Bodies: from.bodies}); err != nil {
		t.Fatal(err)
	}
	a.shelf.add(from.bodies[0])
	a.m.Stored(a.shelf.version)
	a.m.Committed()
	for {
		switch step := a.m.Next().(type) {
		case Send:
			if _, changes := step.Message.(wire.Changes); changes {
				t.Fatal("the change went back to its sender")
			}
		case Load:
			if bodies := a.shelf.since(step.Have, step.Bytes); len(bodies) > 0 {
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
		"changes first": {wire.Changes{Bodies: [][]byte{{1}}}},
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
		body := slices.Clone(source.bodies[0])
		body[r.IntN(len(body))] ^= byte(1 + r.IntN(255))
		m := New(nil, nil)
		m.Receive(wire.Have{})
		effect, err := m.Receive(wire.Changes{Bodies: [][]byte{body}})
		_, decodeErr := crdt.DecodeChange(body)
		if (err == nil) != (decodeErr == nil) || (effect == nil) != (decodeErr != nil) {
			t.Fatalf("seed %d: %x: effect %v, error %v, decoder says %v", seed, body, effect, err, decodeErr)
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
	if err := m.Loaded(s.bodies); err == nil {
		t.Error("accepted")
	}
	if err := m.Loaded([][]byte{{1, 2}}); err == nil {
		t.Error("a damaged body accepted")
	}
}
