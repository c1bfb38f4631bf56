package wire

import (
	"crypto/ed25519"
	"encoding/binary"
	"math"
	"slices"

	"inkling/crdt"
)

const (
	typeOpen    = critical | 0x20
	typeHave    = critical | 0x21
	typeChanges = critical | 0x22
	typeAck     = critical | 0x23
)

// MaxReplicas is how many replicas a version vector on the wire may name.
const MaxReplicas = 16_384

const (
	vectorEntry = len(crdt.ReplicaID{}) + binary.MaxVarintLen32
	maxVector   = binary.MaxVarintLen32 + MaxReplicas*vectorEntry
	maxChange   = 1 + len(crdt.ReplicaID{}) + 2*binary.MaxVarintLen32 + crdt.MaxChangeBytes + ed25519.SignatureSize
	maxChanges  = binary.MaxVarintLen32 + maxChange
)

// Open is the first message on a document's stream, from the one who opened it.
type Open struct{ Doc crdt.DocID }

// Have is what the sender has of the document, committed. It is the first
// message of either side (for the opener the first after Open).
type Have struct{ Version crdt.VersionVector }

// Ack says what the sender has committed since its Have or last Ack: the
// replicas that moved, with their next Seqs.
type Ack struct{ Version crdt.VersionVector }

// Changes is encoded changes (crdt.DecodeFrame reads them) in an order in which they can
// be applied: several with at most [PackedChanges] bytes together, or one.
type Changes struct{ Encoded [][]byte }

func (Open) Type() Type    { return typeOpen }
func (Have) Type() Type    { return typeHave }
func (Changes) Type() Type { return typeChanges }
func (Ack) Type() Type     { return typeAck }

func (m Open) appendPayload(b []byte) []byte { return append(b, m.Doc[:]...) }
func (m Have) appendPayload(b []byte) []byte { return appendVector(b, m.Version) }
func (m Ack) appendPayload(b []byte) []byte  { return appendVector(b, m.Version) }

func (m Changes) appendPayload(b []byte) []byte {
	for _, change := range m.Encoded {
		b = binary.AppendUvarint(b, uint64(len(change)))
		b = append(b, change...)
	}
	return b
}

// Pack divides encoded changes into messages that keep the limits, in order.
func Pack(encoded [][]byte) []Changes {
	var packed []Changes
	size := math.MaxInt
	for _, change := range encoded {
		if n := binary.MaxVarintLen32 + len(change); size+n > PackedChanges || size == math.MaxInt {
			packed = append(packed, Changes{})
			size = 0
		}
		size += binary.MaxVarintLen32 + len(change)
		last := &packed[len(packed)-1]
		last.Encoded = append(last.Encoded, change)
	}
	return packed
}

func decodeOpen(payload []byte) (Message, error) {
	var m Open
	if copy(m.Doc[:], payload) != len(m.Doc) {
		return nil, errorf(Malformed, typeOpen, "document id of %d bytes, want %d", len(payload), len(m.Doc))
	}
	return m, nil
}

func decodeHave(payload []byte) (Message, error) {
	v, err := decodeVector(typeHave, payload)
	if err != nil {
		return nil, err
	}
	return Have{Version: v}, nil
}

func decodeAck(payload []byte) (Message, error) {
	v, err := decodeVector(typeAck, payload)
	if err != nil {
		return nil, err
	}
	return Ack{Version: v}, nil
}

func decodeChanges(payload []byte) (Message, error) {
	var m Changes
	for at := 0; at < len(payload); {
		n, used, err := uvarint(typeChanges, payload[at:], uint64(maxChange))
		if err != nil {
			return nil, err
		}
		at += used
		if n == 0 || n > uint64(len(payload)-at) {
			return nil, errorf(Malformed, typeChanges, "change of %d bytes where %d are left", n, len(payload)-at)
		}
		m.Encoded = append(m.Encoded, payload[at:at+int(n):at+int(n)])
		at += int(n)
	}
	if len(m.Encoded) == 0 {
		return nil, errorf(Malformed, typeChanges, "no changes")
	}
	if len(m.Encoded) > 1 && len(payload) > PackedChanges {
		return nil, errorf(TooLarge, typeChanges, "%d changes in %d bytes, at most %d", len(m.Encoded), len(payload), PackedChanges)
	}
	return m, nil
}

// appendVector writes the count and then, ascending by replica, each ReplicaID
// with its next Seq. Replicas at 0 are left out: they say nothing. So are those
// over [MaxReplicas]: to claim less than one has costs bytes and nothing else.
func appendVector(b []byte, v crdt.VersionVector) []byte {
	replicas := slices.DeleteFunc(v.Replicas(), func(r crdt.ReplicaID) bool { return v[r] == 0 || r.IsZero() })
	replicas = replicas[:min(len(replicas), MaxReplicas)]
	b = binary.AppendUvarint(b, uint64(len(replicas)))
	for _, r := range replicas {
		b = append(b, r[:]...)
		b = binary.AppendUvarint(b, uint64(v[r]))
	}
	return b
}

func decodeVector(t Type, b []byte) (crdt.VersionVector, error) {
	count, at, err := uvarint(t, b, MaxReplicas)
	if err != nil {
		return nil, err
	}
	if count > uint64(len(b)/(len(crdt.ReplicaID{})+1)) {
		return nil, errorf(Malformed, t, "%d replicas do not fit into %d bytes", count, len(b))
	}
	v := make(crdt.VersionVector, count)
	var before crdt.ReplicaID
	for range count {
		var r crdt.ReplicaID
		if copy(r[:], b[at:]) < len(r) || r.Compare(before) <= 0 {
			return nil, errorf(Malformed, t, "replicas are cut short or not ascending")
		}
		at += len(r)
		next, used, err := uvarint(t, b[at:], math.MaxUint32)
		if err != nil {
			return nil, err
		}
		if next == 0 {
			return nil, errorf(Malformed, t, "replica %s with nothing", r)
		}
		v[r], before, at = uint32(next), r, at+used
	}
	if at != len(b) {
		return nil, errorf(Malformed, t, "%d bytes after the version vector", len(b)-at)
	}
	return v, nil
}

// uvarint reads a uvarint in its shortest form, at most limit.
func uvarint(t Type, b []byte, limit uint64) (v uint64, used int, err error) {
	v, used = binary.Uvarint(b)
	switch {
	case used <= 0 || used > 1 && b[used-1] == 0:
		return 0, 0, errorf(Malformed, t, "broken number")
	case v > limit:
		return 0, 0, errorf(TooLarge, t, "number %d, at most %d", v, limit)
	}
	return v, used, nil
}
