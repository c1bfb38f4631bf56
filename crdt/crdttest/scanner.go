package crdttest

import (
	"encoding/binary"
	"fmt"
)

// scanner reads fields from the front of bytes. Its first error stays; what is read
// after it is zero.
type scanner struct {
	left []byte
	err  error
}

func (s *scanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf(format, args...)
	}
	s.left = nil
}

func (s *scanner) bytes(n uint64) []byte {
	if s.err != nil || n > uint64(len(s.left)) {
		s.fail("%d bytes where %d are left", n, len(s.left))
		return nil
	}
	b := s.left[:n:n]
	s.left = s.left[n:]
	return b
}

// array copies the next len(to) bytes.
func (s *scanner) array(to []byte) { copy(to, s.bytes(uint64(len(to)))) }

func (s *scanner) byte() byte {
	var b [1]byte
	s.array(b[:])
	return b[0]
}

// number reads a varint in its shortest form.
func (s *scanner) number() uint64 {
	n, size := binary.Uvarint(s.left)
	if size <= 0 || (size > 1 && s.left[size-1] == 0) {
		s.fail("no number in its shortest form")
		return 0
	}
	s.left = s.left[size:]
	return n
}

// below reads a number less than limit.
func (s *scanner) below(limit uint64) uint64 {
	n := s.number()
	if n >= limit {
		s.fail("number %d, want less than %d", n, limit)
		return 0
	}
	return n
}

// back reads a distance, at least 1, and returns the place so far below s.
func (s *scanner) back(from uint32) uint32 {
	n := s.below(uint64(from) + 1)
	if n == 0 {
		s.fail("no distance")
	}
	return from - uint32(n)
}

func zigzag(n int64) uint64   { return uint64(n<<1) ^ uint64(n>>63) }
func unzigzag(n uint64) int64 { return int64(n>>1) ^ -int64(n&1) }
