package docsync

import (
	"pgregory.net/rapid"

	"inkling/crdt"
	"inkling/netsync/wire"
)

// end is a machine with the shelf of its side, and what is on the way to it.
type end struct {
	shelf *shelf
	m     *Machine
	inbox []wire.Message
	peer  *end
	tell  func() // the shelf got something
	sent  int    // changes

	gives           *parcel // a block of this shelf, announced
	parts           int     // of the block that this end gives: up to where it has sent
	grants          int     // up to where the peer has it
	bulk            []int   // on the way to this end: places up to which the bytes of a block have come
	takes           *parcel // the peer's, announced
	wants           bool    // this end has said so
	given, declined int     // blocks taken, and not
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
		if b := e.shelf.block(step.Have); b != nil && !e.m.Declines(b.Hash) {
			e.gives, e.parts, e.grants = b, -1, -1
			e.m.Offer(b.Block)
			return true
		}
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
	switch effect := effect.(type) {
	case Store:
		e.store(effect.Encoded)
	case Offered:
		if e.takes = e.peer.gives; e.takes.Hash != effect.Block.Hash {
			t.Fatal("another block is announced than is given")
		}
	case Give:
		e.grants = effect.Want.Offset
		e.parts = max(e.parts, e.grants)
	case Stop:
		e.gives = nil
	}
	return true
}

func (e *end) store(encoded [][]byte) {
	for _, b := range encoded {
		e.shelf.add(b)
	}
	e.m.Stored(e.shelf.heads())
	e.tell()
}

// give sends the next part of a block, if the peer wants more and has what went before that.
func (e *end) give() bool {
	if e.gives == nil || e.grants < 0 || e.parts > e.grants || e.parts >= e.gives.Length {
		return false
	}
	e.parts++
	e.peer.bulk = append(e.peer.bulk, e.parts)
	return true
}

// take decides on the peer's block, or takes a part of it.
func (e *end) take(t *rapid.T) bool {
	switch {
	case e.takes != nil && !e.wants && rapid.IntRange(0, 5).Draw(t, "decline") == 0:
		e.takes = nil
		e.declined++
		e.m.Enough()
	case e.takes != nil && !e.wants:
		e.wants = true
		e.m.Want(e.shelf.partial[e.takes.Hash])
	case len(e.bulk) > 0:
		place := e.bulk[0]
		e.bulk = e.bulk[1:]
		if e.takes == nil || place != e.shelf.partial[e.takes.Hash]+1 && place != e.takes.Length {
			t.Fatalf("place %d of a block of which %d are here", place, e.shelf.partial[e.takes.Hash])
		}
		e.shelf.partial[e.takes.Hash] = min(place, e.takes.Length-1) // the last is kept until it is in
		if place < e.takes.Length {
			e.m.Want(place)
			break
		}
		e.store(e.takes.changes)
		e.given++
		e.takes, e.wants = nil, false
		e.m.Enough()
	default:
		return false
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
	all, on := forest{}, causes{}
	for range shelves {
		n.shelves = append(n.shelves, &shelf{forest: all, causes: on, waiting: map[crdt.Head][]byte{}, has: map[crdt.Head]bool{}, partial: map[wire.Hash]int{}})
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
		e.gives, e.takes, e.wants, e.bulk = nil, nil, false, nil
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
		r = byte(1 + rapid.IntRange(0, len(n.shelves)-1).Draw(t, "who"))
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
			busy = e.give() || busy
			busy = e.take(t) || busy
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
		if !e.m.InStep() {
			t.Fatalf("end %d is not in step: has %v, %v of the peer, which acknowledged %v", i, e.m.mine, e.m.theirs, e.m.acked)
		}
		if have := e.m.theirs.list(); len(have) > len(e.shelf.heads()) {
			t.Fatalf("end %d remembers the heads %v of %v", i, have, e.shelf.heads())
		}
	}
}

// checkSteps: who is in step has nothing that the peer lacks.
func (n *network) checkSteps(t *rapid.T) {
	for i, e := range n.ends {
		if !e.m.InStep() {
			continue
		}
		if e.m.Pending() {
			t.Fatalf("end %d is in step, and has something to say", i)
		}
		for _, r := range e.shelf.rows {
			if !e.peer.shelf.has[r.head] {
				t.Fatalf("end %d is in step, and the peer lacks a change", i)
			}
		}
	}
}

// play lets all write, send, hear and lose their streams in any order. In the
// end they have the same, know it of each other, and stop talking.
func (n *network) play(t *rapid.T, forks bool) {
	cuts := 1
	for range rapid.IntRange(0, 150).Draw(t, "steps") {
		e := n.ends[rapid.IntRange(0, len(n.ends)-1).Draw(t, "end")]
		switch rapid.IntRange(0, 12).Draw(t, "what") {
		case 10:
			e.give()
		case 11:
			e.take(t)
		case 12:
			e.shelf.compact()
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
		n.checkSteps(t)
	}
	n.settle(t)
	n.check(t)
	for i, e := range n.ends {
		if e.gives != nil || e.takes != nil {
			t.Fatalf("end %d has not done with a block", i)
		}
		if limit := 4 * cuts * len(e.shelf.rows); e.sent > limit {
			t.Fatalf("end %d sent %d changes of %d", i, e.sent, len(e.shelf.rows))
		}
	}
}
