package rangecoder

import "math/bits"

// headBits is how many bits behind its leading one a Number learns.
const headBits = 2

// Number is the model of an unsigned integer, any uint64. Coded are its length
// in bits, in unary; then the headBits bits behind the leading one, learned for
// each length; then the rest as they are. So numbers below 8 are learned exactly
// and larger ones by their magnitude. (Elias, "Universal codeword sets",
// 1975: his gamma code, made adaptive.) The zero value is ready for use; it
// takes 4 KB.
type Number struct {
	longer [64]Prob                // is the number longer than i bits?
	head   [65][1 << headBits]Prob // by length
}

// Encode codes v.
func (m *Number) Encode(e *Encoder, v uint64) {
	length := bits.Len64(v)
	for i := range length {
		e.Bit(&m.longer[i], 1)
	}
	if length < len(m.longer) {
		e.Bit(&m.longer[length], 0)
	}
	head, rest := parts(length)
	encodePrefix(e, m.head[length][:], v>>rest, head)
	e.Direct(v, rest)
}

// Decode decodes a number.
func (m *Number) Decode(d *Decoder) uint64 {
	length := 0
	for length < len(m.longer) && d.Bit(&m.longer[length]) == 1 {
		length++
	}
	if length == 0 {
		return 0
	}
	head, rest := parts(length)
	v := 1<<head | decodePrefix(d, m.head[length][:], head)
	return v<<rest | d.Direct(rest)
}

// parts divides the bits behind the leading one of a number of this length.
func parts(length int) (head, rest int) {
	behind := max(length-1, 0)
	head = min(behind, headBits)
	return head, behind - head
}
