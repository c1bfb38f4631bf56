package docsync

import (
	"slices"

	"inkling/netsync/wire"
)

// What two machines say of blocks. The one whose library would rather give a block announces it, and loads nothing until the other
// says that it has enough: what follows builds on the block. The other says what it has of the bytes, again and again while they come on
// a stream of their own, and in the end that it has enough: because all of it is committed (the Ack goes first), or
// because it does not take the block. Then the first goes on by changes; the same block it does not announce again on this stream.

// bulk is what a machine knows of blocks in either direction.
type bulk struct {
	given   *wire.Block        // announced to the peer, nil when it wants no more of it
	wanted  int                // of given: what the peer has; -1: it has not said so yet
	refused map[wire.Hash]bool // what the peer has had enough of
	offered *wire.Block        // the peer's, nil when this end has had enough
	want    *wire.Want         // not sent yet
	enough  *wire.Enough       // not sent yet
}

// maxRefused is how many blocks of one peer, which it had enough of, a machine remembers. More are not announced on one stream.
const maxRefused = 64

type (
	// Offered: the peer announces a block; answer by Want or Enough, now or later.
	Offered struct{ Block wire.Block }
	// Give sends the block that was announced, to the peer, which has what is in front of the offset: see [wire.Bulk].
	// It comes again with a greater offset as the bytes arrive.
	Give struct{ Want wire.Want }
	// Stop: the peer wants nothing more of the block.
	Stop struct{ Hash wire.Hash }
)

func (Offered) effect() {}
func (Give) effect()    {}
func (Stop) effect()    {}

// Offer answers a Load by a block in the place of changes.
func (m *Machine) Offer(b wire.Block) {
	m.loading, m.dirty = false, true // what is behind it is loaded later
	m.bulk.given, m.bulk.wanted = &b, -1
	m.greeting = append(m.greeting, b)
}

// Declines says whether a block must not be offered: the peer has had enough of it, or of too many.
func (m *Machine) Declines(hash wire.Hash) bool {
	return m.bulk.refused[hash] || len(m.bulk.refused) >= maxRefused
}

// Want tells the peer how much of its block, which it offered, is here.
func (m *Machine) Want(offset int) {
	if b := m.bulk.offered; b != nil {
		m.bulk.want = &wire.Want{Hash: b.Hash, Offset: offset}
	}
}

// Enough tells the peer that nothing more of its block is wanted. If it is because the library has it, Stored must have been
// called.
func (m *Machine) Enough() {
	if b := m.bulk.offered; b != nil {
		m.bulk.offered, m.bulk.want, m.bulk.enough = nil, nil, &wire.Enough{Hash: b.Hash}
	}
}

// receiveBulk takes a message about blocks; nil, nil is for any other.
func (m *Machine) receiveBulk(message wire.Message) (Effect, bool) {
	if m.theirs == nil {
		return nil, false
	}
	switch msg := message.(type) {
	case wire.Block:
		if m.bulk.offered == nil && m.bulk.enough == nil {
			msg.Heads = slices.Clone(msg.Heads)
			m.bulk.offered = &msg
			return Offered{msg}, true
		}
	case wire.Want:
		if b := m.bulk.given; b != nil && b.Hash == msg.Hash && msg.Offset > m.bulk.wanted && msg.Offset < b.Length {
			m.bulk.wanted = msg.Offset
			return Give{msg}, true
		}
	case wire.Enough:
		if b := m.bulk.given; b != nil && b.Hash == msg.Hash {
			m.bulk.given = nil
			m.bulk.refused[b.Hash] = true
			m.dirty = true
			return Stop{b.Hash}, true
		}
	}
	return nil, false
}
