package rangecoder

import "errors"

// What can be wrong with coded bytes.
var (
	ErrTruncated = errors.New("rangecoder: data ends too early")
	ErrTrailing  = errors.New("rangecoder: data does not end where its values do")
)

// ahead is how many bytes the Decoder reads before it needs them; Finish leaves
// out three or four of them.
const ahead = 4

// Decoder takes the decisions out of the bytes of an [Encoder]. It is made by
// [NewDecoder].
//
// It is total: for any bytes every method returns, with some value. Behind the
// end it reads zeros. A loop whose count comes out of the data must therefore
// ask [Decoder.Err] now and then, and a reader ask [Decoder.End] at its end.
type Decoder struct {
	code  uint64 // the coded number, counted from the start of the interval; less than width
	width uint64
	data  []byte
	next  int // bytes read, also those behind the end
}

// NewDecoder gives a Decoder that reads data, which must not change meanwhile.
func NewDecoder(data []byte) *Decoder {
	d := &Decoder{width: fullWidth, data: data}
	for range ahead {
		d.read()
	}
	return d
}

// Bit decodes a decision, 0 or 1, by its model, which learns from it.
func (d *Decoder) Bit(p *Prob) int {
	bit := d.BitAt(p.one())
	p.learn(bit)
	return bit
}

// BitAt decodes a decision coded by [Encoder.BitAt] with the same probability.
func (d *Decoder) BitAt(one uint16) int {
	return d.narrow(split(d.width, one))
}

// Direct decodes n bits, at most 64.
func (d *Decoder) Direct(n int) uint64 {
	var v uint64
	for range n {
		v = v<<1 | uint64(d.narrow(d.width>>1))
	}
	return v
}

// narrow tells in which part of the interval the coded number lies.
func (d *Decoder) narrow(ones uint64) int {
	bit := 0
	if d.code < ones {
		d.width = ones
		bit = 1
	} else {
		d.code -= ones
		d.width -= ones
	}
	for d.width < minWidth {
		d.width <<= 8
		d.read()
	}
	return bit
}

// read appends the next byte to code, zero behind the end.
func (d *Decoder) read() {
	d.code <<= 8
	if d.next < len(d.data) {
		d.code |= uint64(d.data[d.next])
	}
	d.next++
}

// Err gives [ErrTruncated] if the values decoded so far needed more bytes than
// there are.
func (d *Decoder) Err() error {
	if d.next > len(d.data)+ahead {
		return ErrTruncated
	}
	return nil
}

// End gives nil if the data is exactly what [Encoder.Finish] makes of the values
// decoded so far, [ErrTruncated] if it is too short for them, and else
// [ErrTrailing]. So equal values have one coding only.
func (d *Decoder) End() error {
	if err := d.Err(); err != nil {
		return err
	}
	// Finish takes the least multiple of minWidth at or behind the interval's
	// start, and writes its one byte unless that is zero.
	missing := d.next - len(d.data)
	whole := missing == ahead || missing == ahead-1 && d.data[len(d.data)-1] != 0
	if !whole || d.code >= minWidth {
		return ErrTrailing
	}
	return nil
}
