package rangecoder

import "math/bits"

// maxTreeBits bounds the size of a Tree.
const maxTreeBits = 8

// Tree is the model of a symbol of a fixed number of bits. Every bit, from the
// most significant, has a Prob for each value of the bits before it, so that any
// distribution can be learned.
type Tree struct {
	probs []Prob // by the bits before, with a one in front; probs[0] is not used
}

// NewTree gives the model of symbols below 1<<n, n from 1 to 8.
func NewTree(n int) Tree {
	if n < 1 || n > maxTreeBits {
		panic("rangecoder: a tree has 1 to 8 bits")
	}
	return Tree{make([]Prob, 1<<n)}
}

// Encode codes a symbol. It panics if the symbol is not below 1<<n.
func (t Tree) Encode(e *Encoder, symbol int) {
	if uint(symbol) >= uint(len(t.probs)) {
		panic("rangecoder: symbol too large for its tree")
	}
	encodePrefix(e, t.probs, uint64(symbol), bits.Len(uint(len(t.probs)))-1)
}

// Decode decodes a symbol, which is below 1<<n.
func (t Tree) Decode(d *Decoder) int {
	return int(decodePrefix(d, t.probs, bits.Len(uint(len(t.probs)))-1))
}

// encodePrefix codes the n low bits of v, each by the Prob of those before it.
// There must be 1<<n probs.
func encodePrefix(e *Encoder, probs []Prob, v uint64, n int) {
	prefix := uint64(1)
	for i := n - 1; i >= 0; i-- {
		bit := v >> i & 1
		e.Bit(&probs[prefix], int(bit))
		prefix = prefix<<1 | bit
	}
}

// decodePrefix is the inverse of encodePrefix.
func decodePrefix(d *Decoder, probs []Prob, n int) uint64 {
	prefix := uint64(1)
	for range n {
		prefix = prefix<<1 | uint64(d.Bit(&probs[prefix]))
	}
	return prefix - 1<<n
}
