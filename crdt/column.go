package crdt

import (
	"math"

	"inkling/crdt/internal/rangecoder"
)

// column is a stretch of a block's bytes in which numbers are written or read, each in
// about as many bits as it is surprising. Both directions go through the same methods, so that one
// function says what a column holds: writing, a method codes its value and returns it;
// reading, it ignores the value and returns what was written.
type column struct {
	e   *rangecoder.Encoder // nil when reading
	d   *rangecoder.Decoder // nil when writing
	err error
}

func writeColumn() *column { return &column{e: rangecoder.NewEncoder()} }

func readColumn(data []byte) *column { return &column{d: rangecoder.NewDecoder(data)} }

// reads says whether values come out of the column.
func (c *column) reads() bool { return c.e == nil }

// fail notes that what was read makes no sense.
func (c *column) fail(format string, args ...any) {
	if c.err == nil {
		c.err = formatErrorf(0, format, args...)
	}
}

// check returns an error when values have been read that are not there, or make no sense.
func (c *column) check() error {
	if c.err == nil && c.reads() && c.d.Err() != nil {
		c.fail("a column ends too early")
	}
	return c.err
}

// end returns an error when the column is not just what was read from it.
func (c *column) end() error {
	if c.err == nil && c.d.End() != nil {
		c.fail("a column does not end with its values")
	}
	return c.err
}

func (c *column) bit(p *rangecoder.Prob, v bool) bool {
	if c.reads() {
		return c.d.Bit(p) == 1
	}
	one := 0
	if v {
		one = 1
	}
	c.e.Bit(p, one)
	return v
}

func (c *column) symbol(t rangecoder.Tree, v int) int {
	if c.reads() {
		return t.Decode(c.d)
	}
	t.Encode(c.e, v)
	return v
}

func (c *column) number(m *rangecoder.Number, v uint32) uint32 {
	if !c.reads() {
		m.Encode(c.e, uint64(v))
		return v
	}
	n := m.Decode(c.d)
	if n > math.MaxUint32 {
		c.fail("a number of more than 32 bits")
		return 0
	}
	return uint32(n)
}

func (c *column) signed(m *rangecoder.Signed, v int64) int64 {
	if c.reads() {
		return m.Decode(c.d)
	}
	m.Encode(c.e, v)
	return v
}
