package model

import (
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// lookBack is how many bytes before a place are searched for a spot from which
// the graphemes can be counted. It keeps a step in a very long paragraph cheap;
// the longest grapheme in use, a family of emoji, has about 40 bytes.
const lookBack = 1024

// graphemeEnd returns the byte offset behind the grapheme of s that contains or
// starts at byte at, and len(s) at the end.
func graphemeEnd(s string, at int) int {
	pos, state := graphemeSpot(s, at), -1
	for pos <= at && pos < len(s) {
		var cluster string
		cluster, _, _, state = uniseg.FirstGraphemeClusterInString(s[pos:], state)
		pos += len(cluster)
	}
	return pos
}

// graphemeStart returns the byte offset of the start of the grapheme of s that
// ends at or contains byte at-1, and 0 at the start.
func graphemeStart(s string, at int) int {
	if at == 0 {
		return 0
	}
	pos, state := graphemeSpot(s, at-1), -1
	for {
		var cluster string
		cluster, _, _, state = uniseg.FirstGraphemeClusterInString(s[pos:], state)
		if pos+len(cluster) >= at {
			return pos
		}
		pos += len(cluster)
	}
}

// graphemeSpot returns a grapheme boundary at or before byte at. Between two
// printable ASCII characters there always is one.
func graphemeSpot(s string, at int) int {
	limit := max(0, at-lookBack)
	for i := min(at, len(s)-1); i > limit; i-- {
		if printableASCII(s[i]) && printableASCII(s[i-1]) {
			return i
		}
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return limit
}

func printableASCII(b byte) bool { return b >= 0x20 && b < 0x7f }

// byteAt returns the byte offset of code point n of s, len(s) if there are fewer.
func byteAt(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// runesTo returns the number of code points before byte at of s.
func runesTo(s string, at int) int { return utf8.RuneCountInString(s[:at]) }
