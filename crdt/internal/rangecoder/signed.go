package rangecoder

// Signed is the model of a signed integer, any int64: whether it is zero, its
// sign, and its magnitude, learned apart for either sign. The zero value is
// ready for use; it takes 8 KB.
type Signed struct {
	zero, negative Prob
	magnitude      [2]Number // less one, by sign
}

// Encode codes v.
func (m *Signed) Encode(e *Encoder, v int64) {
	if v == 0 {
		e.Bit(&m.zero, 1)
		return
	}
	e.Bit(&m.zero, 0)
	sign, magnitude := 0, uint64(v)
	if v < 0 {
		sign, magnitude = 1, -magnitude
	}
	e.Bit(&m.negative, sign)
	m.magnitude[sign].Encode(e, magnitude-1)
}

// Decode decodes a number. Bytes that no Encoder made may give any number.
func (m *Signed) Decode(d *Decoder) int64 {
	if d.Bit(&m.zero) == 1 {
		return 0
	}
	sign := d.Bit(&m.negative)
	magnitude := m.magnitude[sign].Decode(d) + 1
	if sign == 1 {
		magnitude = -magnitude
	}
	return int64(magnitude)
}
