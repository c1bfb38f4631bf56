package wire

import (
	"encoding/binary"

	"inkling/crdt"
)

const (
	typeBlock  = critical | 0x24
	typeWant   = critical | 0x25
	typeEnough = critical | 0x26
	typeBulk   = critical | 0x30
	typePart   = critical | 0x31
)

// Limits of blocks, in bytes.
const (
	MaxBlock  = crdt.MaxBlock // a block as a whole
	PartBytes = 32 << 10      // each part of one, but the last, which is what is left
)

// Hash is the SHA-256 of a block.
type Hash [32]byte

const (
	maxPlace        = len(Hash{}) + binary.MaxVarintLen32
	maxBlockMessage = maxPlace + maxHeads
)

// Block announces a block of the document (crdt/FORMAT-BLOCKS.md), which the sender gives to who wants it: its hash, its
// length in bytes (1 to [MaxBlock]), and where the chains in it end.
type Block struct {
	Hash   Hash
	Length int
	Heads  []crdt.Head
}

// Want answers a Block: its sender has the bytes in front of Offset, and takes those behind it.
type Want struct {
	Hash   Hash
	Offset int
}

// Enough says that its sender takes nothing more of a block that was announced: it has all that is in it, or does not want it.
type Enough struct{ Hash Hash }

// Bulk is the first message of a bulk stream: the bytes of a block from Offset on follow.
type Bulk struct {
	Doc    crdt.DocID
	Hash   Hash
	Offset int
}

// Part is the next bytes of a block: 1 to [PartBytes].
type Part struct{ Bytes []byte }

func (Block) Type() Type  { return typeBlock }
func (Want) Type() Type   { return typeWant }
func (Enough) Type() Type { return typeEnough }
func (Bulk) Type() Type   { return typeBulk }
func (Part) Type() Type   { return typePart }

func (m Block) appendPayload(b []byte) []byte {
	return appendHeads(appendPlace(b, m.Hash, m.Length), m.Heads)
}
func (m Want) appendPayload(b []byte) []byte   { return appendPlace(b, m.Hash, m.Offset) }
func (m Enough) appendPayload(b []byte) []byte { return append(b, m.Hash[:]...) }
func (m Bulk) appendPayload(b []byte) []byte {
	return appendPlace(append(b, m.Doc[:]...), m.Hash, m.Offset)
}
func (m Part) appendPayload(b []byte) []byte { return append(b, m.Bytes...) }

// appendPlace writes a place in a block: its hash, and an offset.
func appendPlace(b []byte, hash Hash, offset int) []byte {
	return binary.AppendUvarint(append(b, hash[:]...), uint64(offset))
}

func decodePlace(t Type, payload []byte) (hash Hash, offset int, rest []byte, err error) {
	if copy(hash[:], payload) != len(hash) {
		return hash, 0, nil, errorf(Malformed, t, "a block's hash of %d bytes", len(payload))
	}
	payload = payload[len(hash):]
	n, used, err := uvarint(t, payload, MaxBlock)
	if err != nil {
		return hash, 0, nil, err
	}
	return hash, int(n), payload[used:], nil
}

func decodeBlock(payload []byte) (Message, error) {
	hash, length, rest, err := decodePlace(typeBlock, payload)
	if err != nil {
		return nil, err
	}
	if length == 0 {
		return nil, errorf(Malformed, typeBlock, "a block of no bytes")
	}
	heads, err := decodeHeads(typeBlock, rest)
	if err != nil {
		return nil, err
	}
	return Block{hash, length, heads}, nil
}

func decodeWant(payload []byte) (Message, error) {
	hash, offset, rest, err := decodePlace(typeWant, payload)
	if err == nil && len(rest) > 0 {
		err = errorf(Malformed, typeWant, "%d bytes after the offset", len(rest))
	}
	if err != nil {
		return nil, err
	}
	return Want{hash, offset}, nil
}

func decodeEnough(payload []byte) (Message, error) {
	var m Enough
	if copy(m.Hash[:], payload) != len(m.Hash) {
		return nil, errorf(Malformed, typeEnough, "a block's hash of %d bytes", len(payload))
	}
	return m, nil
}

func decodeBulk(payload []byte) (Message, error) {
	var m Bulk
	if copy(m.Doc[:], payload) != len(m.Doc) {
		return nil, errorf(Malformed, typeBulk, "document id of %d bytes", len(payload))
	}
	var rest []byte
	var err error
	m.Hash, m.Offset, rest, err = decodePlace(typeBulk, payload[len(m.Doc):])
	if err == nil && len(rest) > 0 {
		err = errorf(Malformed, typeBulk, "%d bytes after the offset", len(rest))
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

func decodePart(payload []byte) (Message, error) {
	if len(payload) == 0 {
		return nil, errorf(Malformed, typePart, "a part of no bytes")
	}
	return Part{payload}, nil
}
