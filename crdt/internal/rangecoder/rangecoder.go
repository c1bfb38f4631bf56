// Package rangecoder is entropy coding with adaptive models: it writes numbers
// in about as many bits as they are surprising.
//
// # Idea
//
// A message is a sequence of binary decisions. Each decision splits the current
// interval of numbers in proportion to the probability of its two outcomes; the
// coded bytes are the shortest number inside the last interval. A decision that
// was expected with probability p costs -log2(p) bits, so an expected one costs
// nearly nothing. (Martin, "Range encoding", 1979; the binary form is that of
// Pavlov's LZMA.)
//
// The probabilities come from models that learn from the decisions coded so
// far. Encoder and decoder keep equal models and feed them equally, so the
// probabilities need not be sent.
//
// # Words
//
//	Encoder, Decoder  the interval, narrowed decision by decision
//	Bit               one binary decision, 0 or 1
//	Prob              the learned probability of one kind of decision
//	Tree              a symbol of up to 8 bits, a Prob for every prefix
//	Number, Signed    integers; small and often seen ones are cheap
//	Direct            bits that nothing is known about: one bit each
//
// The zero values of [Prob], [Number] and [Signed] are ready for use. One model
// serves one kind of value: lengths and distances want a model each.
//
// # Smallest example
//
//	var length rangecoder.Number
//	e := rangecoder.NewEncoder()
//	length.Encode(e, 5)
//	data := e.Finish()
//
//	var length rangecoder.Number
//	d := rangecoder.NewDecoder(data)
//	v := length.Decode(d) // 5
//	err := d.End()        // nil: data is what Finish made, to the last byte
//
// # What it does not do
//
// It does not say how many values there are: the caller codes a count first. It
// finds no wrong byte as long as the values are well formed: a checksum does. All
// arithmetic is on integers, so the bytes are the same on every platform.
package rangecoder

// minWidth is the width below which an interval is scaled up by a byte. Widths
// stay in [2^24, 2^32].
const (
	minWidth  = 1 << 24
	fullWidth = 1 << 32
)

// split gives the width of the part of an interval that stands for a one. Both
// parts are at least 256 wide, for one is never 0.
func split(width uint64, one uint16) uint64 {
	return width * uint64(one) >> 16
}
