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

// MaxHeads is how many heads one message may name.
const MaxHeads = 16_384

const (
	leastHead  = len(crdt.ReplicaID{}) + 1 + len(crdt.Stamp{})
	mostHead   = len(crdt.ReplicaID{}) + binary.MaxVarintLen32 + len(crdt.Stamp{})
	maxHeads   = binary.MaxVarintLen32 + MaxHeads*mostHead
	maxChange  = 1 + len(crdt.ReplicaID{}) + 2*binary.MaxVarintLen32 + len(crdt.Stamp{}) + crdt.MaxChangeBytes + ed25519.SignatureSize
	maxChanges = binary.MaxVarintLen32 + maxChange
)

// Open is the first message on a document's stream, from the one who opened it.
type Open struct{ Doc crdt.DocID }

// Have is what the sender has of the document, committed: where its chains end. It is the first
// message of either side (for the opener the first after Open).
type Have struct{ Heads []crdt.Head }

// Ack says what the sender has committed since its Have or last Ack: of each
// chain that moved, all its heads as they are now.
type Ack struct{ Heads []crdt.Head }

// Changes is encoded changes (crdt.DecodeFrame reads them) in an order in which they can
// be applied: several with at most [PackedChanges] bytes together, or one.
type Changes struct{ Encoded [][]byte }

func (Open) Type() Type    { return typeOpen }
func (Have) Type() Type    { return typeHave }
func (Changes) Type() Type { return typeChanges }
func (Ack) Type() Type     { return typeAck }

func (m Open) appendPayload(b []byte) []byte { return append(b, m.Doc[:]...) }
func (m Have) appendPayload(b []byte) []byte { return appendHeads(b, m.Heads) }
func (m Ack) appendPayload(b []byte) []byte  { return appendHeads(b, m.Heads) }

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
	heads, err := decodeHeads(typeHave, payload)
	if err != nil {
		return nil, err
	}
	return Have{Heads: heads}, nil
}

func decodeAck(payload []byte) (Message, error) {
	heads, err := decodeHeads(typeAck, payload)
	if err != nil {
		return nil, err
	}
	return Ack{Heads: heads}, nil
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

// appendHeads writes the count and then, ascending, each head: ReplicaID, next Seq, stamp. Heads that say
// nothing are left out. So are those over [MaxHeads]: to claim less than one has costs bytes and nothing else.
func appendHeads(b []byte, heads []crdt.Head) []byte {
	heads = slices.DeleteFunc(slices.Clone(heads), func(h crdt.Head) bool { return h.Next == 0 || h.Replica.IsZero() })
	slices.SortFunc(heads, crdt.Head.Compare)
	heads = slices.Compact(heads)
	heads = heads[:min(len(heads), MaxHeads)]
	b = binary.AppendUvarint(b, uint64(len(heads)))
	for _, h := range heads {
		b = append(b, h.Replica[:]...)
		b = binary.AppendUvarint(b, uint64(h.Next))
		b = append(b, h.Stamp[:]...)
	}
	return b
}

func decodeHeads(t Type, b []byte) ([]crdt.Head, error) {
	count, at, err := uvarint(t, b, MaxHeads)
	if err != nil {
		return nil, err
	}
	if count > uint64(len(b)/leastHead) {
		return nil, errorf(Malformed, t, "%d heads do not fit into %d bytes", count, len(b))
	}
	heads := make([]crdt.Head, count)
	var before crdt.Head
	for i := range heads {
		h := &heads[i]
		at += copy(h.Replica[:], b[at:])
		next, used, err := uvarint(t, b[at:], math.MaxUint32)
		if err != nil {
			return nil, err
		}
		at, h.Next = at+used, uint32(next)
		n := copy(h.Stamp[:], b[at:])
		at += n
		if n < len(h.Stamp) || h.Next == 0 || h.Replica.IsZero() || h.Compare(before) <= 0 {
			return nil, errorf(Malformed, t, "heads are cut short, of nothing or not ascending")
		}
		before = *h
	}
	if at != len(b) {
		return nil, errorf(Malformed, t, "%d bytes after the heads", len(b)-at)
	}
	return heads, nil
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
