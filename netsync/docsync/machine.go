package docsync

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"inkling/crdt"
	"inkling/netsync/wire"
)

// Machine keeps one document equal over one stream. It is not safe for
// concurrent use. The one who runs it gives it what comes (Receive, Stored,
// Committed) and asks it what to do (Next).
type Machine struct {
	greeting []wire.Message // not sent yet: Open and Have; a Block
	mine     *heads
	theirs   *heads // nil until their Have
	acked    *heads // what they have committed, by their word or because they sent it
	ack      *heads // not sent yet
	dirty    bool   // the library may have what theirs lacks
	loading  bool
	asked    *heads                    // with which the library was asked last
	reach    map[crdt.ReplicaID]uint32 // how far this end has each chain, as far as it has shown
	forked   map[crdt.ReplicaID]bool   // chains of which the peer has another tail, as far as can be seen
	outbox   []wire.Changes
	bulk     bulk
}

// New returns the machine of a fresh stream. have is where what this end has
// committed ends. open is the first message of the one who opens the stream, nil at
// the other end.
func New(have []crdt.Head, open *wire.Open) *Machine {
	m := &Machine{mine: setOf(have), acked: setOf(nil), ack: setOf(nil), reach: map[crdt.ReplicaID]uint32{}, forked: map[crdt.ReplicaID]bool{},
		bulk: bulk{refused: map[wire.Hash]bool{}}}
	m.reached(have...)
	if open != nil {
		m.greeting = append(m.greeting, *open)
	}
	m.greeting = append(m.greeting, wire.Have{Heads: slices.Clone(have)})
	return m
}

// Effect is what a message from the peer asks for.
type Effect interface{ effect() }

type (
	// Store commits the encoded changes, then calls Stored.
	Store struct{ Encoded [][]byte }
	// Acked: the peer says what it has committed; see Machine.Acked.
	Acked struct{}
)

func (Store) effect() {}
func (Acked) effect() {}

// Receive takes a message from the peer. The error is a [*wire.Error]: the peer
// sent what it may not, the stream is to be closed with the error's code.
func (m *Machine) Receive(message wire.Message) (Effect, error) {
	switch msg := message.(type) {
	case wire.Have:
		if m.theirs == nil {
			m.theirs, m.acked, m.dirty = toldBy(msg.Heads), toldBy(msg.Heads), true
			m.noteForks(m.theirs)
			return Acked{}, nil
		}
	case wire.Changes:
		if m.theirs != nil {
			return m.receiveChanges(msg)
		}
	case wire.Ack:
		if m.theirs != nil {
			for _, h := range msg.Heads {
				m.theirs.tell(h)
			}
			told := toldBy(msg.Heads)
			m.noteForks(told)
			m.acked.move(told, maxTold)
			return Acked{}, nil
		}
	default:
		if effect, ok := m.receiveBulk(message); ok {
			return effect, nil
		}
	}
	return nil, &wire.Error{Code: wire.Unexpected, Type: message.Type(), Reason: "may not come here"}
}

func (m *Machine) receiveChanges(msg wire.Changes) (Effect, error) {
	for i, b := range msg.Encoded {
		c, err := decode(b)
		if err != nil {
			return nil, &wire.Error{Code: wire.Malformed, Type: msg.Type(), Reason: fmt.Sprintf("change %d: %v", i, err)}
		}
		m.sent(c)
		if c.Seq < m.reach[c.Replica] && !m.forked[c.Replica] { // it may be of another tail
			m.forked[c.Replica], m.dirty = true, true
		}
	}
	return Store{Encoded: msg.Encoded}, nil
}

// sent notes that the peer has c.
func (m *Machine) sent(c *crdt.Change) {
	if c.Seq > 0 || m.theirs.size < maxTold {
		if !m.theirs.advance(c) {
			m.theirs.tell(headOf(c))
		}
	}
	if c.Seq > 0 || m.acked.size < maxTold {
		m.acked.advance(c) // of a chain that forked an Ack follows
	}
}

// reached notes that this end has changes that end at heads.
func (m *Machine) reached(list ...crdt.Head) {
	for _, h := range list {
		m.reach[h.Replica] = max(m.reach[h.Replica], h.Next)
	}
}

// noteForks notes the chains of which the peer tells several heads.
func (m *Machine) noteForks(told *heads) {
	for r, of := range told.chains {
		if len(of) > 1 && len(m.forked) < maxTold {
			m.forked[r] = true
		}
	}
}

// have returns what the library is told that the peer has: without the heads of which the library would think that the peer
// is further than this end, where that is in doubt.
func (m *Machine) have() (list []crdt.Head) {
	for _, h := range m.theirs.list() {
		if !m.forked[h.Replica] || h.Next <= m.reach[h.Replica] {
			list = append(list, h)
		}
	}
	return list
}

// Acked returns what the peer has committed: it said so, or sent it.
func (m *Machine) Acked() []crdt.Head { return m.acked.list() }

// Stored says what the library has now, all of it committed: after what the last Store named, or when a Load found
// nothing more. The heads must be read after the last Loaded.
func (m *Machine) Stored(have []crdt.Head) {
	m.reached(have...)
	for r, of := range m.mine.move(setOf(have), math.MaxInt).chains {
		m.ack.set(r, of)
	}
}

// Committed says that the library has something new, from whomever.
func (m *Machine) Committed() { m.dirty = true }

// Step is what is to be done next.
type Step interface{ step() }

type (
	// Send writes the message.
	Send struct{ Message wire.Message }
	// Load reads changes that a copy lacks which told Have, about Bytes at most, then
	// calls Loaded; or finds that a block had better be given, which the machine does not decline, and calls Offer.
	Load struct {
		Have  []crdt.Head
		Bytes int
	}
	// Wait: nothing is to be done until something comes.
	Wait struct{}
)

func (Send) step() {}
func (Load) step() {}
func (Wait) step() {}

// Next says what to do next. Acks go before changes: they are small, and the
// person at the other end waits for them. They go before Enough, so that the other end does not give anew what is here.
func (m *Machine) Next() Step {
	switch {
	case len(m.greeting) > 0:
		first := m.greeting[0]
		m.greeting = m.greeting[1:]
		return Send{first}
	case m.ack.size > 0:
		ack := wire.Ack{Heads: m.ack.list()}
		m.ack = setOf(nil)
		return Send{ack}
	case m.bulk.want != nil:
		want := *m.bulk.want
		m.bulk.want = nil
		return Send{want}
	case m.bulk.enough != nil:
		enough := *m.bulk.enough
		m.bulk.enough = nil
		return Send{enough}
	case len(m.outbox) > 0:
		first := m.outbox[0]
		m.outbox = m.outbox[1:]
		return Send{first}
	case m.dirty && m.theirs != nil && !m.loading && m.bulk.given == nil:
		have := m.have()
		m.dirty, m.loading, m.asked = false, true, setOf(have)
		return Load{Have: have, Bytes: wire.PackedChanges}
	}
	return Wait{}
}

// InStep says that both ends have the same, both know it, and nothing is to be done. Only a copy of another state of affairs
// is never in step: one of the two does not take what the other has.
func (m *Machine) InStep() bool {
	return m.theirs != nil && !m.Pending() && !m.loading && !m.Giving() && m.mine.equal(m.theirs) && m.acked.equal(m.theirs)
}

// Pending says that there is something to be told or loaded that has not been.
func (m *Machine) Pending() bool {
	return m.theirs != nil && (m.dirty || len(m.greeting)+m.ack.size+len(m.outbox) > 0 || m.bulk.want != nil || m.bulk.enough != nil)
}

// Giving says that a block is on its way, in either direction.
func (m *Machine) Giving() bool { return m.bulk.given != nil || m.bulk.offered != nil }

// Loaded takes what the library returned for Load: changes, and what the peer can tell once it has them
// in the place of what it told. An error means that the library is wrong: the stream cannot go on.
func (m *Machine) Loaded(encoded [][]byte, then []crdt.Head) error {
	m.loading = false
	for _, b := range encoded {
		c, err := decode(b)
		if err != nil {
			return fmt.Errorf("docsync: a stored change: %w", err)
		}
		m.reached(headOf(c))
		m.mine.advance(c) // or else Stored makes an Ack
	}
	if len(encoded) > 0 && !slices.ContainsFunc(then, m.asked.lacks) {
		return errors.New("docsync: the library returned only what the peer has")
	}
	for _, h := range m.asked.list() {
		m.theirs.remove(h)
	}
	for _, h := range then {
		m.theirs.add(h)
	}
	m.outbox = wire.Pack(encoded)
	m.dirty = m.dirty || len(encoded) > 0 // there may be more
	return nil
}

// decode reads one change that fills b.
func decode(b []byte) (*crdt.Change, error) {
	c, rest, err := crdt.DecodeFrame(b)
	if err == nil && len(rest) > 0 {
		err = &crdt.FormatError{Offset: len(b) - len(rest), Reason: "bytes behind the change"}
	}
	return c, err
}
