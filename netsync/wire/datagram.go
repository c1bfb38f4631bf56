package wire

import (
	"bytes"
	"encoding/binary"
	"math"

	"inkling/crdt"
)

const (
	typePing     Type = 0x01
	typePong     Type = 0x02
	typePresence Type = 0x03
)

// MaxDatagram is the longest datagram in bytes. It fits the smallest QUIC packet.
const MaxDatagram = 1_100

// Ping asks the peer to send a Pong: the heartbeat.
type Ping struct{}

// Pong answers a Ping.
type Pong struct{}

// Presence is where the sender's caret is in a document. Datagrams may be lost,
// doubled and overtake each other: of two, the one with the greater Count is newer.
type Presence struct {
	Doc   crdt.DocID
	Count uint64
	// Gone: the sender has no caret there any more; Head and Tail are zero.
	Gone       bool
	Head, Tail crdt.Anchor
}

func (Ping) Type() Type     { return typePing }
func (Pong) Type() Type     { return typePong }
func (Presence) Type() Type { return typePresence }

func (Ping) appendPayload(b []byte) []byte { return b }
func (Pong) appendPayload(b []byte) []byte { return b }

func (m Presence) appendPayload(b []byte) []byte {
	b = append(b, m.Doc[:]...)
	b = binary.AppendUvarint(b, m.Count)
	if m.Gone {
		return b
	}
	return appendAnchor(appendAnchor(b, m.Head), m.Tail)
}

// appendAnchor writes the bias (0 before, 1 after), the replica and, unless that
// is the root, the Seq.
func appendAnchor(b []byte, a crdt.Anchor) []byte {
	bias := byte(0)
	if a.Bias == crdt.After {
		bias = 1
	}
	b = append(append(b, bias), a.ID.Replica[:]...)
	if a.ID.IsRoot() {
		return b
	}
	return binary.AppendUvarint(b, uint64(a.ID.Seq))
}

// AppendDatagram appends m as a datagram: version, type, payload.
func AppendDatagram(b []byte, m Message) []byte {
	return m.appendPayload(append(b, Version, byte(m.Type())))
}

// DecodeDatagram is the inverse of [AppendDatagram]. An unknown type gives nil
// without an error: datagrams may be lost anyway.
func DecodeDatagram(b []byte) (Message, error) {
	if len(b) < 2 || len(b) > MaxDatagram {
		return nil, errorf(Malformed, 0, "datagram of %d bytes", len(b))
	}
	if b[0] != Version {
		return nil, errorf(BadVersion, 0, "datagram version %d, want %d", b[0], Version)
	}
	t, payload := Type(b[1]), b[2:]
	var m Message
	switch t {
	case typePing:
		m = Ping{}
	case typePong:
		m = Pong{}
	case typePresence:
		p, err := decodePresence(payload)
		if err != nil {
			return nil, err
		}
		m = p
	default:
		return nil, nil
	}
	if !bytes.Equal(AppendDatagram(nil, m), b) {
		return nil, errorf(Malformed, t, "not the one encoding")
	}
	return m, nil
}

func decodePresence(b []byte) (m Presence, err error) {
	if len(b) < len(m.Doc) {
		return m, errorf(Malformed, typePresence, "cut short")
	}
	copy(m.Doc[:], b)
	b = b[len(m.Doc):]
	count, used, err := uvarint(typePresence, b, math.MaxUint64)
	if err != nil {
		return m, err
	}
	m.Count, b = count, b[used:]
	if m.Gone = len(b) == 0; m.Gone {
		return m, nil
	}
	if m.Head, b, err = decodeAnchor(b); err != nil {
		return m, err
	}
	if m.Tail, b, err = decodeAnchor(b); err != nil {
		return m, err
	}
	if len(b) != 0 {
		return m, errorf(Malformed, typePresence, "%d bytes too many", len(b))
	}
	return m, nil
}

func decodeAnchor(b []byte) (a crdt.Anchor, rest []byte, err error) {
	if len(b) < 1+len(a.ID.Replica) || b[0] > 1 {
		return a, nil, errorf(Malformed, typePresence, "broken anchor")
	}
	a.Bias = crdt.Bias(b[0] == 1)
	copy(a.ID.Replica[:], b[1:])
	b = b[1+len(a.ID.Replica):]
	if a.ID.IsRoot() {
		return a, b, nil
	}
	seq, used, err := uvarint(typePresence, b, math.MaxUint32)
	if err != nil {
		return a, nil, err
	}
	a.ID.Seq = uint32(seq)
	return a, b[used:], nil
}
