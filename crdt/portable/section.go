package portable

import "hash"

// section reads the bytes of one section, whose pieces follow each other.
type section struct {
	in    *input
	which byte
	piece []byte    // at hand, as far as it has not been read
	start int64     // where it begins in the file
	sum   hash.Hash // of all that was unpacked; or nil
}

func (s *section) err() error { return s.in.bad }

func (s *section) fail(format string, args ...any) { s.in.failAt(s.start, format, args...) }

// ended says whether nothing is left, or something is wrong.
func (s *section) ended() bool {
	if len(s.piece) == 0 && s.in.peek() == s.which {
		s.start = s.in.at - 1
		if s.which != sectionAttachments {
			s.piece = s.in.piece(true)
		} else if s.piece = s.in.piece(false); s.in.packed {
			s.fail("attachments are packed")
		}
		if s.sum != nil {
			s.sum.Write(s.piece)
		}
	}
	return s.in.bad != nil || len(s.piece) == 0
}

// bytes returns the next n bytes, which are the caller's.
func (s *section) bytes(n int, what string) []byte {
	if s.err() != nil {
		return nil
	}
	b := make([]byte, 0, n)
	for len(b) < n {
		if s.ended() {
			s.fail("%s: the section ends", what)
			return nil
		}
		part := min(n-len(b), len(s.piece))
		b = append(b, s.piece[:part]...)
		s.piece = s.piece[part:]
	}
	return b
}

// number reads a varint in its shortest form, at most limit.
func (s *section) number(what string, limit uint64) uint64 {
	v, problem := readNumber(func() byte {
		if s.ended() {
			s.fail("%s: the section ends", what)
			return 0
		}
		c := s.piece[0]
		s.piece = s.piece[1:]
		return c
	}, limit)
	if problem != "" {
		s.fail("%s: %s", what, problem)
	}
	if s.err() != nil {
		return 0
	}
	return v
}

// begin notes that a change begins.
func (s *section) begin() { s.in.claim(changeCost, s.in.at) }
