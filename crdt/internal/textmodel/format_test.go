package textmodel

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

// The examples of FORMAT.md: a column of other bytes is another format.

func TestFormatOfOneGap(t *testing.T) {
	mustEncode(t, "4143d0c5ee", []Piece{
		{Text: []byte("Hello "), Born: 0, Known: true},
		{Text: []byte("wrold"), Born: 6},
		{Text: []byte("world"), Born: 11, Known: true},
	})
}

// The gap typed first is the second one: its rival is at its left. That of the other is behind it.
func TestFormatOfTwoGaps(t *testing.T) {
	mustEncode(t, "60ec04017845b519ab7d", []Piece{
		{Text: []byte("The quick brown "), Born: 0, Known: true},
		{Text: []byte("fox über"), Born: 29},
		{Text: []byte("fox "), Born: 20, Known: true},
		{Text: []byte("fxo "), Born: 16},
		{Text: []byte("jumps"), Born: 24, Known: true},
	})
}

func TestFormatOfManyGaps(t *testing.T) {
	pieces := longExample()
	data := Encode(pieces)
	sum := sha256.Sum256(data)
	if got, want := hex.EncodeToString(sum[:]), "ecab6a81517bc4bc1910ae3b28f4c1796b931433bd48f035a49d6475278b4296"; got != want {
		t.Errorf("%d bytes in %d, with SHA-256 %s, want %s", gapBytes(pieces), len(data), got, want)
	}
}

func mustEncode(t *testing.T, want string, pieces []Piece) {
	t.Helper()
	if got := hex.EncodeToString(Encode(pieces)); got != want {
		t.Errorf("the column is %s, want %s", got, want)
	}
	mustRoundTrip(t, pieces)
}

// longExample is pieces that a reader in any language can make. They have more known
// text than is rehearsed, and a quarter of them are copies, so that there are matches.
func longExample() (pieces []Piece) {
	x := uint32(1)
	next := func(n int) int {
		x = x*1664525 + 1013904223
		return int(x>>16) % n
	}
	for i := range 3000 {
		var text []byte
		if i > 0 && next(4) == 0 {
			text = pieces[next(i)].Text
		} else {
			for range 1 + next(20) {
				text = append(text, "e taoinshrdlu\n"[min(next(14), next(14))])
			}
		}
		pieces = append(pieces, Piece{Text: text, Born: uint32(i * 7 % 3000), Known: next(3) > 0})
	}
	return pieces
}
