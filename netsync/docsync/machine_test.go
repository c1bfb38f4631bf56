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

// forest is all changes of a test with what each goes on from, which a frame does not say; the zero head
// for the first of a chain.
type forest map[crdt.Head]crdt.Head

// row is a change on a shelf.
type row struct {
	head    crdt.Head
	encoded []byte
}

// shelf is the simplest library: changes in the order in which they came. It does naively what
// Library.Since is to do.
type shelf struct {
	forest forest
	rows   []row
	has    map[crdt.Head]bool
}

func newShelf() *shelf { return &shelf{forest: forest{}, has: map[crdt.Head]bool{}} }

func (s *shelf) add(b []byte) {
	c, err := decode(b)
	if err != nil {
		panic(err)
	}
	h := crdt.Head{Replica: c.Replica, Next: c.Next, Stamp: c.Stamp}
	if s.has[h] {
		return
	}
	if p := s.forest[h]; p != (crdt.Head{}) && !s.has[p] {
		panic("a gap: what the exchange must never make")
	}
	s.has[h] = true
	s.rows = append(s.rows, row{h, b})
}

func (s *shelf) encoded() (list [][]byte) {
	for _, r := range s.rows {
		list = append(list, r.encoded)
	}
	return list
}

// ends returns those of the given changes from which none of them goes on.
func (s *shelf) ends(of map[crdt.Head]bool) heads {
	ends := heads{}
	for h := range of {
		ends.add(h)
	}
	for h := range of {
		ends.remove(s.forest[h])
	}
	return ends
}

func (s *shelf) heads() []crdt.Head { return s.ends(s.has).list() }

// closure returns the changes here that are at or before one of the heads.
func (s *shelf) closure(told []crdt.Head) map[crdt.Head]bool {
	all := map[crdt.Head]bool{}
	for _, h := range told {
		for ; s.has[h]; h = s.forest[h] {
			all[h] = true
		}
	}
	return all
}

func (s *shelf) since(have []crdt.Head, limit int) (found [][]byte, then []crdt.Head) {
	ends, theirs := s.ends(s.has), s.closure(have)
	beyond := map[crdt.ReplicaID]bool{}
	for _, h := range have {
		if of := ends[h.Replica]; !s.has[h] {
			beyond[h.Replica] = beyond[h.Replica] || len(of) == 1 && of[0].Next < h.Next
			then = append(then, h)
		}
	}
	size := 0
	for _, r := range s.rows {
		if theirs[r.head] || beyond[r.head.Replica] {
			continue
		}
		if size += len(r.encoded); size > limit && len(found) > 0 {
			break
		}
		found = append(found, r.encoded)
		theirs[r.head] = true
	}
	return found, append(then, s.ends(theirs).list()...)
}

// write adds a change of replica r behind the newest, or where the shelf has another of its changes.
func (s *shelf) write(r byte, text string, from crdt.Head) crdt.Head {
	c := &crdt.Change{Replica: crdt.ReplicaID{r}, Seq: from.Next, Body: []byte{0x01}}
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
	binary.BigEndian.PutUint64(c.Stamp[:], uint64(len(s.forest)+1))
	h := crdt.Head{Replica: c.Replica, Next: c.Seq + uint32(len(text)), Stamp: c.Stamp}
	s.forest[h] = from
	s.add(c.AppendFrame(nil))
	return h
}

// newest returns the end at which whoever uses the shelf goes on with a replica: the change of it that was written
// or came last.
func (s *shelf) newest(r byte) crdt.Head {
	for _, row := range slices.Backward(s.rows) {
		if row.head.Replica == (crdt.ReplicaID{r}) {
			return row.head
		}
	}
	return crdt.Head{}
}

// end is a machine with the shelf of its side, and what is on the way to it.
type end struct {
	shelf *shelf
	m     *Machine
	inbox []wire.Message
	peer  *end
	tell  func() // the shelf got something
	sent  int    // changes
}

// one makes the end do one thing; false: there is nothing to do.
func (e *end) one(t *rapid.T) bool {
	switch step := e.m.Next().(type) {
	case Send:
		if c, ok := step.Message.(wire.Changes); ok {
			e.sent += len(c.Encoded)
		}
		e.peer.inbox = append(e.peer.inbox, step.Message)
	case Load:
		encoded, then := e.shelf.since(step.Have, step.Bytes)
		if err := e.m.Loaded(encoded, then); err != nil {
			t.Fatal(err)
		}
		if len(encoded) == 0 {
			e.m.Stored(e.shelf.heads())
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
	if store, ok := effect.(Store); ok {
		for _, b := range store.Encoded {
			e.shelf.add(b)
		}
		e.m.Stored(e.shelf.heads())
		e.tell()
	}
	return true
}

// network is shelves, each two of which may be connected.
type network struct {
	shelves []*shelf
	ends    []*end // two neighbours are of one connection
}

func newNetwork(shelves int) *network {
	n := &network{}
	all := forest{}
	for range shelves {
		n.shelves = append(n.shelves, &shelf{forest: all, has: map[crdt.Head]bool{}})
	}
	return n
}

func (n *network) connect(a, b int) {
	e, f := &end{shelf: n.shelves[a]}, &end{shelf: n.shelves[b]}
	e.peer, f.peer = f, e
	e.tell, f.tell = func() { n.tell(e.shelf) }, func() { n.tell(f.shelf) }
	n.ends = append(n.ends, e, f)
	n.reconnect(len(n.ends)/2 - 1)
}

// reconnect gives a connection a fresh stream.
func (n *network) reconnect(connection int) {
	for i, open := range []*wire.Open{{}, nil} {
		e := n.ends[2*connection+i]
		e.m, e.inbox = New(e.shelf.heads(), open), nil
	}
}

// tell says to all machines of a shelf that it got something.
func (n *network) tell(s *shelf) {
	for _, e := range n.ends {
		if e.shelf == s {
			e.m.Committed()
		}
	}
}

// write lets somebody write; with forks also as a replica that others use, and from an older state.
func (n *network) write(t *rapid.T, forks bool) {
	i := rapid.IntRange(0, len(n.shelves)-1).Draw(t, "shelf")
	s, r := n.shelves[i], byte(i+1)
	if forks && rapid.IntRange(0, 3).Draw(t, "as another") == 0 {
		r = 1
	}
	from := s.newest(r)
	if forks && rapid.IntRange(0, 3).Draw(t, "set back") == 0 {
		for range rapid.IntRange(0, 5).Draw(t, "by") {
			from = n.shelves[0].forest[from]
		}
	}
	s.write(r, string(make([]byte, rapid.SampledFrom([]int{1, 2, 3, 40_000}).Draw(t, "letters"))), from)
	n.tell(s)
}

// settle lets all talk until they have nothing more to say.
func (n *network) settle(t *rapid.T) {
	for steps, busy := 0, true; busy; steps++ {
		busy = false
		for _, e := range n.ends {
			busy = e.one(t) || busy
			busy = e.hear(t) || busy
		}
		if steps > 10_000 {
			t.Fatal("they never stop talking")
		}
	}
}

// check says whether all have all, and know it of each other.
func (n *network) check(t *rapid.T) {
	for i, s := range n.shelves {
		if len(s.rows) != len(s.forest) {
			t.Fatalf("shelf %d has %d changes of %d", i, len(s.rows), len(s.forest))
		}
	}
	for _, s := range n.shelves {
		n.tell(s) // a load forgets what Acks told that is before something else
	}
	n.settle(t)
	for i, e := range n.ends {
		if known := e.shelf.closure(e.m.Acked()); len(known) != len(e.shelf.rows) {
			t.Fatalf("end %d knows of %d changes acknowledged, wants %d", i, len(known), len(e.shelf.rows))
		}
		if have := e.m.theirs.list(); len(have) > len(e.shelf.heads()) {
			t.Fatalf("end %d remembers the heads %v of %v", i, have, e.shelf.heads())
		}
	}
}

// play lets all write, send, hear and lose their streams in any order. In the
// end they have the same, know it of each other, and stop talking.
func (n *network) play(t *rapid.T, forks bool) {
	cuts := 1
	for range rapid.IntRange(0, 150).Draw(t, "steps") {
		e := n.ends[rapid.IntRange(0, len(n.ends)-1).Draw(t, "end")]
		switch rapid.IntRange(0, 9).Draw(t, "what") {
		case 0, 1:
			n.write(t, forks)
		case 2:
			if rapid.IntRange(0, 9).Draw(t, "cut") == 0 {
				n.reconnect(rapid.IntRange(0, len(n.ends)/2-1).Draw(t, "connection"))
				cuts++
			}
		case 3, 4, 5:
			e.one(t)
		default:
			e.hear(t)
		}
	}
	n.settle(t)
	n.check(t)
	for i, e := range n.ends {
		if limit := 4 * cuts * len(e.shelf.rows); e.sent > limit {
			t.Fatalf("end %d sent %d changes of %d", i, e.sent, len(e.shelf.rows))
		}
	}
}

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
		for i := range n.shelves[1:] {
			n.connect(i, i+1)
		}
		n.settle(t)
		n.check(t)
	})
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
