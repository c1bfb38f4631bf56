package model

import (
	"unicode"

	"github.com/rivo/uniseg"
)

// wordLookBack is how many bytes before a place are searched for the start of a
// word from which the segments of UAX #29 can be counted.
const wordLookBack = 4096

// wordEnd returns the byte offset of the end of the word of s that at lies in or
// before, and len(s) if no word follows.
func wordEnd(s string, at int) int {
	end := len(s)
	segments(s, wordSpot(s, at), func(from, to int) bool {
		if to > at && isWord(s[from:to]) {
			end = to
			return false
		}
		return true
	})
	return end
}

// wordStart returns the byte offset of the start of the word of s that at lies
// in or behind, and 0 if no word comes before.
func wordStart(s string, at int) int {
	for stop := at; stop > 0; {
		spot, found := wordSpot(s, stop-1), -1
		segments(s, spot, func(from, to int) bool {
			if from >= stop {
				return false
			}
			if isWord(s[from:to]) {
				found = from
			}
			return true
		})
		if found >= 0 {
			return found
		}
		stop = spot
	}
	return 0
}

// wordAround returns the segment of s at byte at: a word, or what lies between
// words. At the end of a word it is that word.
func wordAround(s string, at int) (from, to int) {
	segments(s, wordSpot(s, max(at-1, 0)), func(a, b int) bool {
		if a > at || a == at && isWord(s[from:to]) && to == at {
			return false
		}
		from, to = a, b
		return b <= at
	})
	return from, to
}

// segments calls f for each word segment of s from byte pos on until f returns
// false. White space comes as one segment.
func segments(s string, pos int, f func(from, to int) bool) {
	state := -1
	for pos < len(s) {
		var word string
		word, _, state = uniseg.FirstWordInString(s[pos:], state)
		if !f(pos, pos+len(word)) {
			return
		}
		pos += len(word)
	}
}

// wordSpot returns a word boundary at or before byte at: a letter or digit of
// ASCII behind a space.
func wordSpot(s string, at int) int {
	limit := max(0, at-wordLookBack)
	for i := min(at, len(s)-1); i > limit; i-- {
		if s[i-1] == ' ' && plainASCII(s[i]) {
			return i
		}
	}
	return graphemeSpot(s, limit)
}

func plainASCII(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z'
}

func isWord(segment string) bool {
	for _, r := range segment {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return true
		}
	}
	return false
}
