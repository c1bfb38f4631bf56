package crdttest

import (
	"crypto/sha256"
	"encoding/binary"

	"inkling/crdt"
)

// BombBlock returns a history block (crdt/FORMAT.md, the one of a forked chain) that claims to hold so many changes and bytes of text, holds nothing of
// it, and is as long as a block must be to claim that up to 2 GB of memory.
func BombBlock(g crdt.Genesis, changes, text uint64) []byte {
	later := []byte("inkl\x01\x00")                   // no chains
	for _, n := range []uint64{changes, 0, text, 0} { // nothing is packed
		later = binary.AppendUvarint(later, n)
	}
	const padding = 2 << 20
	later = append(binary.AppendUvarint(later, padding), make([]byte, padding)...)
	sum := sha256.Sum256(later)
	later = append(later, sum[:8]...)
	return append(append([]byte("inkf\x01"), g.Bytes()...), later...)
}
