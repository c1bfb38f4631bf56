package crdt

import (
	"encoding/binary"
	"math"
)

// Limits of one change. Larger edits become several changes.
const (
	MaxChangeOps   = 10_000  // ops
	MaxChangeBytes = 1 << 20 // bytes of the body
	MaxCauses      = 4_096   // foreign replicas that one change names as causes
	maxSeq         = math.MaxUint32
)

// OpKind says what an op does. The numbers are part of the format.
type OpKind uint8

const (
	Insert  OpKind = 1 // puts text behind its origin
	Delete  OpKind = 2 // makes elements tombstones
	Restore OpKind = 3 // cancels a Delete of the own chain
	Grant   OpKind = 4 // makes a device a member
	Pass    OpKind = 5 // does nothing: for a change that only tells causes
)

// Change is what is stored, hashed, signed and sent: consecutive ops of one
// replica with the causes that they were made in knowledge of. It is never altered
// once it exists. FORMAT.md says what the bytes are.
type Change struct {
	Replica ReplicaID
	Seq     uint32 // of the first op
	Next    uint32 // the Seq behind the last op
	// Body is the same in the database, on the wire and under the hash. It can be
	// read only by one who has read the chain before it.
	Body []byte
	// Hash covers Body and all that it builds on. It is zero in a change that
	// comes from elsewhere and has not been checked yet.
	Hash Hash
	// Stamp is the beginning of Hash as the frame has it. It says which change was meant
	// where a chain has forked; it is not proof of anything.
	Stamp Stamp
	// Previous is the stamp of the change before this one in its chain, zero in a chain's first and in
	// one that comes from elsewhere and has not been checked yet.
	Previous Stamp
	// Signature is the device's over Hash, 64 bytes; nil where that of a later
	// change serves.
	Signature []byte
}

// Stamp is the first bytes of a [Hash].
type Stamp [8]byte

// stamp returns the beginning of h.
func (h *Hash) stamp() Stamp { return Stamp(h[:len(Stamp{})]) }

// stamp returns the beginning of c's hash, as far as it is known.
func (c *Change) stamp() Stamp {
	if c.Hash != (Hash{}) {
		return c.Hash.stamp()
	}
	return c.Stamp
}

// Author returns whose chain c opens; false when c opens none. It is for a change that [DecodeFrame] or [NewChange] has checked.
func (c *Change) Author() (a Author, opens bool) {
	if c.Body[0]&headOpening == 0 {
		return a, false
	}
	n := 1 + copy(a.Device[:], c.Body[1:])
	copy(a.Nonce[:], c.Body[n:])
	return a, true
}

const flagSigned = 0x01 // in a frame's first byte

// signatureSize is the length of an Ed25519 signature in bytes.
const signatureSize = 64

// AppendFrame appends the form in which c travels.
func (c *Change) AppendFrame(b []byte) []byte {
	var flags byte
	if c.Signature != nil {
		flags |= flagSigned
	}
	b = append(b, flags)
	b = append(b, c.Replica[:]...)
	b = binary.AppendUvarint(b, uint64(c.Seq))
	stamp := c.stamp()
	b = append(b, stamp[:]...)
	b = binary.AppendUvarint(b, uint64(len(c.Body)))
	b = append(b, c.Body...)
	return append(b, c.Signature...)
}

// DecodeFrame reads one frame at the start of b and returns what follows it. The
// change's Body and Signature share memory with b. The body's form is checked, but
// not what depends on its chain; other bytes give a [*FormatError].
func DecodeFrame(b []byte) (c *Change, rest []byte, err error) {
	r := reader{b: b}
	flags := r.byte("frame flags")
	if flags&^flagSigned != 0 {
		r.at = 0
		r.fail("frame flags %#x are unknown", flags)
	}
	c = &Change{Replica: r.replica("replica")}
	if r.err == nil && c.Replica.IsZero() {
		r.fail("the zero replica writes nothing")
	}
	c.Seq = uint32(r.number("seq", maxSeq-1))
	copy(c.Stamp[:], r.bytes(len(c.Stamp), "stamp"))
	n := int(r.number("body length", MaxChangeBytes))
	start := r.at
	c.Body = r.bytes(n, "body")
	if flags&flagSigned != 0 {
		c.Signature = r.bytes(signatureSize, "signature")
	}
	if r.err != nil {
		return nil, nil, r.err
	}
	if c.Next, err = checkBody(c.Body, c.Seq); err != nil {
		err.(*FormatError).Offset += start
		return nil, nil, err
	}
	return c, b[r.at:], nil
}

// NewChange returns the change that a disk keeps as these parts, with the same
// checks as [DecodeFrame].
func NewChange(replica ReplicaID, seq uint32, body []byte, hash Hash, signature []byte) (*Change, error) {
	c := &Change{Replica: replica, Seq: seq, Body: body, Hash: hash, Stamp: hash.stamp(), Signature: signature}
	var err error
	switch {
	case replica.IsZero():
		err = formatErrorf(0, "the zero replica writes nothing")
	case len(body) > MaxChangeBytes:
		err = formatErrorf(0, "a body of %d bytes, at most %d are allowed", len(body), MaxChangeBytes)
	case signature != nil && len(signature) != signatureSize:
		err = formatErrorf(0, "a signature of %d bytes, want %d", len(signature), signatureSize)
	default:
		c.Next, err = checkBody(body, seq)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}
