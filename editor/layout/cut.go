package layout

import "unicode/utf8"

// A paragraph is cut where its text says so (content-defined chunking, as in
// rsync and LBFS), so that after an edit the cuts before and behind it are where
// they were, and the pieces between them are still in the cache.
const (
	minPiece = 40   // bytes before a cut is looked for
	maxPiece = 1024 // bytes after which a cut is made at any place that is safe
	// oneIn is how many words on average go by until one starts a piece.
	oneIn = 4
)

// cutPiece returns the length in bytes of the first piece of s.
func cutPiece(s string) int {
	if len(s) <= minPiece {
		return len(s)
	}
	for i := minPiece; i < min(len(s), maxPiece); i++ {
		if wordStarts(s, i) && (hash4(s[i-4:i])%oneIn == 0) {
			return i
		}
	}
	if len(s) <= maxPiece {
		return len(s)
	}
	return hardCut(s)
}

// wordStarts: a letter behind a space behind a letter. There a line may break
// (UAX #14), a grapheme ends, the direction is left to right on both sides, and
// no kerning is lost that a reader would miss.
func wordStarts(s string, i int) bool {
	return letter(s[i]) && s[i-1] == ' ' && letter(s[i-2])
}

// hardCut cuts a text without words, such as a long number: between two
// printable characters of ASCII, or else between two code points.
func hardCut(s string) int {
	for i := maxPiece; i > minPiece; i-- {
		if visible(s[i]) && visible(s[i-1]) {
			return i
		}
	}
	at := maxPiece
	for !utf8.RuneStart(s[at]) {
		at--
	}
	return at
}

func letter(b byte) bool  { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }
func visible(b byte) bool { return b > 0x20 && b < 0x7f }

// hash4 mixes four bytes (FNV-1a).
func hash4(s string) uint32 {
	h := uint32(2166136261)
	for i := range 4 {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h >> 16
}
