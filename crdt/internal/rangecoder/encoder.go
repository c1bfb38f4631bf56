package rangecoder

// Encoder turns decisions into bytes. It is made by [NewEncoder].
type Encoder struct {
	low   uint64 // start of the interval, below 2^32; what is higher is in data
	width uint64
	data  []byte
}

// NewEncoder gives an Encoder that has coded nothing yet.
func NewEncoder() *Encoder {
	return &Encoder{width: fullWidth}
}

// Bit codes a decision, 0 or 1, by its model, which learns from it.
func (e *Encoder) Bit(p *Prob, bit int) {
	e.BitAt(p.one(), bit)
	p.learn(bit)
}

// BitAt codes a decision, 0 or 1, of which the caller knows the probability of
// a one, in 1/65536; it must not be 0.
func (e *Encoder) BitAt(one uint16, bit int) {
	e.narrow(split(e.width, one), bit)
}

// Direct codes the n low bits of v, most significant first, one bit each.
// n is at most 64.
func (e *Encoder) Direct(v uint64, n int) {
	for i := n - 1; i >= 0; i-- {
		e.narrow(e.width>>1, int(v>>i&1))
	}
}

// Len tells how many bytes are written so far; Finish adds at most one.
func (e *Encoder) Len() int { return len(e.data) }

// narrow chooses the part of the interval that stands for bit: the first
// ones-wide part for a one, the rest for a zero.
func (e *Encoder) narrow(ones uint64, bit int) {
	if bit != 0 {
		e.width = ones
	} else {
		e.low += ones
		e.width -= ones
		if e.low >= fullWidth {
			e.carry()
		}
	}
	for e.width < minWidth {
		e.data = append(e.data, byte(e.low>>24))
		e.low = e.low << 8 & (fullWidth - 1)
		e.width <<= 8
	}
}

// carry adds one to the number that data is. It cannot overflow: every interval
// lies in the first one, so some byte before the last 0xff can still grow.
func (e *Encoder) carry() {
	e.low -= fullWidth
	i := len(e.data) - 1
	for e.data[i] == 0xff {
		e.data[i] = 0
		i--
	}
	e.data[i]++
}

// Finish gives the coded bytes: the least number in the interval that needs at
// most one more byte. The Encoder must not be used afterwards.
func (e *Encoder) Finish() []byte {
	// A multiple of minWidth is in the interval, as it is at least so wide.
	e.low += minWidth - 1
	if e.low >= fullWidth {
		e.carry()
	}
	if last := byte(e.low >> 24); last != 0 { // zeros are read behind the end
		e.data = append(e.data, last)
	}
	return e.data
}
