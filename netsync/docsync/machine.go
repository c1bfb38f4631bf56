package docsync

import (
	"errors"
	"fmt"

	"inkling/crdt"
	"inkling/netsync/wire"
)

// Machine keeps one document equal over one stream. It is not safe for
// concurrent use. The one who runs it gives it what comes (Receive, Stored,
// Committed) and asks it what to do (Next).
type Machine struct {
	greeting []wire.Message // not sent yet: Open and Have
	mine     crdt.VersionVector
	theirs   crdt.VersionVector // nil until their Have
	acked    crdt.VersionVector // what they have committed, by their word
	ack      crdt.VersionVector // not sent yet
	dirty    bool               // the library may have what theirs lacks
	loading  bool
	outbox   []wire.Changes
}

// New returns the machine of a fresh stream. version is what this end has
// committed. open is the first message of the one who opens the stream, nil at
// the other end.
func New(version crdt.VersionVector, open *wire.Open) *Machine {
	m := &Machine{mine: version.Clone(), ack: crdt.VersionVector{}}
	if open != nil {
		m.greeting = append(m.greeting, *open)
	}
	m.greeting = append(m.greeting, wire.Have{Version: version.Clone()})
	return m
}

// Effect is what a message from the peer asks for.
type Effect interface{ effect() }

type (
	// Store commits the encoded changes, then calls Stored.
	Store struct{ Encoded [][]byte }
	// Acked: the peer has committed Version.
	Acked struct{ Version crdt.VersionVector }
)

func (Store) effect() {}
func (Acked) effect() {}

// Receive takes a message from the peer. The error is a [*wire.Error]: the peer
// sent what it may not, the stream is to be closed with the error's code.
func (m *Machine) Receive(message wire.Message) (Effect, error) {
	switch msg := message.(type) {
	case wire.Have:
		if m.theirs == nil {
			m.theirs, m.acked, m.dirty = msg.Version.Clone(), msg.Version.Clone(), true
			return Acked{Version: m.acked.Clone()}, nil
		}
	case wire.Changes:
		if m.theirs != nil {
			return m.receiveChanges(msg)
		}
	case wire.Ack:
		if m.theirs != nil {
			m.theirs.Merge(msg.Version)
			m.acked.Merge(msg.Version)
			return Acked{Version: m.acked.Clone()}, nil
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
		advance(m.theirs, c)
	}
	return Store{Encoded: msg.Encoded}, nil
}

// Stored says that what the last Store named is committed; version is what the
// library has now.
func (m *Machine) Stored(version crdt.VersionVector) {
	for r, next := range version {
		if next > m.mine[r] {
			m.mine[r], m.ack[r] = next, next
		}
	}
}

// Committed says that the library has something new, from whomever.
func (m *Machine) Committed() { m.dirty = true }

// Step is what is to be done next.
type Step interface{ step() }

type (
	// Send writes the message.
	Send struct{ Message wire.Message }
	// Load reads changes that a copy with Have lacks, about Bytes at most, then
	// calls Loaded.
	Load struct {
		Have  crdt.VersionVector
		Bytes int
	}
	// Wait: nothing is to be done until something comes.
	Wait struct{}
)

func (Send) step() {}
func (Load) step() {}
func (Wait) step() {}

// Next says what to do next. Acks go before changes: they are small, and the
// person at the other end waits for them.
func (m *Machine) Next() Step {
	switch {
	case len(m.greeting) > 0:
		first := m.greeting[0]
		m.greeting = m.greeting[1:]
		return Send{first}
	case len(m.ack) > 0:
		ack := wire.Ack{Version: m.ack}
		m.ack = crdt.VersionVector{}
		return Send{ack}
	case len(m.outbox) > 0:
		first := m.outbox[0]
		m.outbox = m.outbox[1:]
		return Send{first}
	case m.dirty && m.theirs != nil && !m.loading:
		m.dirty, m.loading = false, true
		return Load{Have: m.theirs.Clone(), Bytes: wire.PackedChanges}
	}
	return Wait{}
}

// Loaded takes what the library returned for Load. An error means that the
// library is wrong: the stream cannot go on.
func (m *Machine) Loaded(encoded [][]byte) error {
	m.loading = false
	if len(encoded) == 0 {
		return nil
	}
	moved := false
	for _, b := range encoded {
		c, err := decode(b)
		if err != nil {
			return fmt.Errorf("docsync: a stored change: %w", err)
		}
		moved = advance(m.theirs, c) || moved
		m.mine[c.Replica] = max(m.mine[c.Replica], c.Next)
	}
	if !moved {
		return errors.New("docsync: the library returned only what the peer has")
	}
	m.outbox = wire.Pack(encoded)
	m.dirty = true // there may be more
	return nil
}

// advance raises v to behind c and says whether that changed it.
func advance(v crdt.VersionVector, c *crdt.Change) bool {
	if c.Next > v[c.Replica] {
		v[c.Replica] = c.Next
		return true
	}
	return false
}

// decode reads one change that fills b.
func decode(b []byte) (*crdt.Change, error) {
	c, rest, err := crdt.DecodeFrame(b)
	if err == nil && len(rest) > 0 {
		err = &crdt.FormatError{Offset: len(b) - len(rest), Reason: "bytes behind the change"}
	}
	return c, err
}
