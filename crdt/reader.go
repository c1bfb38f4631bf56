package crdt

import (
	"fmt"
	"math"
)

// A FormatError says that bytes from a peer or a disk are not what they ought to
// be: where, in bytes from the start, and what is wrong there.
type FormatError struct {
	Offset int
	Reason string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("crdt: malformed bytes at %d: %s", e.Offset, e.Reason)
}

func formatErrorf(offset int, format string, args ...any) error {
	return &FormatError{Offset: offset, Reason: fmt.Sprintf(format, args...)}
}

// reader reads b from at on. After the first error it returns zero values.
type reader struct {
	b   []byte
	at  int
	err error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = formatErrorf(r.at, format, args...)
	}
}

// bytes returns the next n bytes, in place.
func (r *reader) bytes(n int, what string) []byte {
	if r.err == nil && (n < 0 || n > len(r.b)-r.at) {
		r.fail("%s: %d bytes wanted, %d left", what, n, len(r.b)-r.at)
	}
	if r.err != nil {
		return nil
	}
	r.at += n
	return r.b[r.at-n : r.at : r.at]
}

func (r *reader) byte(what string) byte {
	if r.err == nil && r.at < len(r.b) {
		r.at++
		return r.b[r.at-1]
	}
	r.fail("%s: the bytes end", what)
	return 0
}

func (r *reader) replica(what string) (id ReplicaID) {
	copy(id[:], r.bytes(len(id), what))
	return id
}

// number reads a varint in its shortest form, at most limit.
func (r *reader) number(what string, limit uint64) uint64 {
	if r.err != nil {
		return 0
	}
	if r.at < len(r.b) && r.b[r.at] < 0x80 && uint64(r.b[r.at]) <= limit {
		r.at++
		return uint64(r.b[r.at-1])
	}
	return r.longNumber(what, limit)
}

func (r *reader) longNumber(what string, limit uint64) (v uint64) {
	for i := 0; ; i++ {
		switch {
		case r.at+i == len(r.b):
			r.fail("%s: the bytes end", what)
			return 0
		case i == 9 && r.b[r.at+i] > 1:
			r.fail("%s: a number of more than 64 bits", what)
			return 0
		}
		c := r.b[r.at+i]
		v |= uint64(c&0x7f) << (7 * i)
		if c >= 0x80 {
			continue
		}
		switch {
		case c == 0 && i > 0:
			r.fail("%s: a number longer than need be", what)
			return 0
		case v > limit:
			r.fail("%s: %d, at most %d is allowed", what, v, limit)
			return 0
		}
		r.at += i + 1
		return v
	}
}

// number32 reads a number from least to 2³²−1.
func (r *reader) number32(what string, least uint32) uint32 {
	v := uint32(r.number(what, math.MaxUint32))
	if r.err == nil && v < least {
		r.fail("%s: %d, at least %d is needed", what, v, least)
	}
	return v
}

// signed reads a zigzag number.
func (r *reader) signed(what string) int64 {
	v := r.number(what, math.MaxUint64)
	return int64(v>>1) ^ -int64(v&1)
}
