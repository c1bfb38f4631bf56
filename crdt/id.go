package crdt

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
)

// ReplicaID names one copy's chain of edits. It follows from the device's key, the
// document and a nonce (see [Author]). The zero value names no replica.
type ReplicaID [16]byte

// IsZero says whether r names no replica.
func (r ReplicaID) IsZero() bool { return r == ReplicaID{} }

// String returns r in hexadecimal, 32 digits.
func (r ReplicaID) String() string { return hex.EncodeToString(r[:]) }

// Compare orders replica ids by their bytes: -1, 0 or +1.
func (r ReplicaID) Compare(s ReplicaID) int { return bytes.Compare(r[:], s[:]) }

// ID names an element or an op for ever. The zero ID is the document's root,
// the place before the first element.
type ID struct {
	Replica ReplicaID
	Seq     uint32
}

// IsRoot says whether id is the document's root.
func (id ID) IsRoot() bool { return id.Replica.IsZero() }

// Span is the ids Seq, Seq+1 … Seq+Len-1 of one replica.
type Span struct {
	Replica ReplicaID
	Seq     uint32
	Len     uint32
}

// DocID names a document: the SHA-256 of its genesis.
type DocID [32]byte

// String returns id in hexadecimal, 64 digits.
func (id DocID) String() string { return hex.EncodeToString(id[:]) }

// Hash is the SHA-256 of a change and of all that it builds on, see FORMAT.md.
type Hash [32]byte

// DeviceKey is the Ed25519 public key of a device.
type DeviceKey [32]byte

// Author is the one that local edits are by: a device, and a nonce of 16 random
// bytes that is drawn anew for each copy of a document.
type Author struct {
	Device DeviceKey
	Nonce  [16]byte
}

// Replica returns the name of a's chain of edits in a document: the first 16
// bytes of SHA-256(device key ‖ document id ‖ nonce).
func (a Author) Replica(doc DocID) (r ReplicaID) {
	h := sha256.New()
	h.Write(a.Device[:])
	h.Write(doc[:])
	h.Write(a.Nonce[:])
	copy(r[:], h.Sum(nil))
	return r
}

// firstPrevious returns what stands for the previous hash in a chain's first change.
func firstPrevious(doc DocID, r ReplicaID) Hash {
	var b [48]byte
	copy(b[:], doc[:])
	copy(b[32:], r[:])
	return sha256.Sum256(b[:])
}

// Genesis is what a document starts from. It belongs to no replica.
type Genesis struct {
	Creator DeviceKey // of the creator's device
	Random  [16]byte
}

// genesisVersion is the first byte of an encoded genesis.
const genesisVersion = 1

// GenesisSize is the length of an encoded genesis in bytes.
const GenesisSize = 1 + 32 + 16

// Bytes encodes g: the version byte 1, Creator, Random.
func (g Genesis) Bytes() []byte {
	b := append(make([]byte, 0, GenesisSize), genesisVersion)
	b = append(b, g.Creator[:]...)
	return append(b, g.Random[:]...)
}

// DocID returns the name of the document that starts from g.
func (g Genesis) DocID() DocID { return sha256.Sum256(g.Bytes()) }

// DecodeGenesis reads what [Genesis.Bytes] wrote. Other bytes give a
// [*FormatError].
func DecodeGenesis(b []byte) (Genesis, error) {
	var g Genesis
	if len(b) != GenesisSize {
		return g, formatErrorf(0, "genesis of %d bytes, want %d", len(b), GenesisSize)
	}
	if b[0] != genesisVersion {
		return g, formatErrorf(0, "genesis version %d is unknown", b[0])
	}
	copy(g.Creator[:], b[1:])
	copy(g.Random[:], b[33:])
	return g, nil
}
