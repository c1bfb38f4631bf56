package wire

import (
	"fmt"

	"inkling/crdt"
)

// Without the critical bit: who does not know of proposals, or of conditions, is a peer all the same.
const (
	typePropose   Type = 0x19
	typeReply     Type = 0x1a
	typeCondition Type = 0x1b
)

// MaxProposals is how many proposals of one end may wait for their replies on a connection.
const MaxProposals = 20

// Propose puts a document before a peer that is a member of it now, and may not know it.
type Propose struct {
	Genesis [crdt.GenesisSize]byte `cbor:"1,keyasint"`
	Title   string                 `cbor:"2,keyasint"` // as the one who proposes sees it; may be empty
}

// Reply says what becomes of a proposal.
type Reply struct {
	Doc     crdt.DocID `cbor:"1,keyasint"`
	Verdict Verdict    `cbor:"2,keyasint"`
}

// Verdict is what becomes of a proposal. The numbers are part of the protocol.
type Verdict uint8

const (
	Taken  Verdict = 1 // the document is one of the peer's now
	Waits  Verdict = 2 // for the peer's person
	NoRoom Verdict = 3 // the peer takes nothing more now
)

// Condition is what a peer's person should know of a device: after Hello unless all is usual, and when it changes.
type Condition struct {
	Unattended bool `cbor:"1,keyasint"` // nobody sits there: it keeps documents and passes them on
	Full       bool `cbor:"2,keyasint"` // it takes nothing more from others now
}

func (Propose) Type() Type   { return typePropose }
func (Reply) Type() Type     { return typeReply }
func (Condition) Type() Type { return typeCondition }

func (m Propose) appendPayload(b []byte) []byte   { return appendCBOR(b, m) }
func (m Reply) appendPayload(b []byte) []byte     { return appendCBOR(b, m) }
func (m Condition) appendPayload(b []byte) []byte { return appendCBOR(b, m) }

func (m Propose) check() error { return checkName(m.Title) }
func (m Reply) check() error {
	if m.Verdict < Taken || m.Verdict > NoRoom {
		return fmt.Errorf("verdict %d is unknown", m.Verdict)
	}
	return nil
}
func (Condition) check() error { return nil }
