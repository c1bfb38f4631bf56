package crdt

import "bytes"

// Limits of a block that travels as a whole, so that who gets one from a stranger can say what it may cost.
const (
	MaxBlock     = 64 << 20 // bytes
	MaxBlockCost = 1 << 30  // bytes of memory that it may claim, and about
)

// BlockCost returns about how many bytes of memory a history block claims, by what it says in front of its columns. Other
// bytes give a [*FormatError].
func BlockCost(block []byte) (int, error) {
	if bytes.HasPrefix(block, []byte(forkedMagic)) {
		at := min(len(block), len(forkedMagic)+1+GenesisSize)
		r := laterReader{reader: reader{b: block[at:]}}
		r.head()
		return r.count*changeCost + 2*r.size, r.err
	}
	r := blockReader{reader: reader{b: block}}
	r.begin(blockMagic, blockVersion)
	r.head.read(&r.reader)
	return r.head.cost(), r.err
}
