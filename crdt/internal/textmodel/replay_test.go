package textmodel

import (
	"math/rand/v2"
	"slices"
	"strings"
	"unicode/utf8"
)

// replay makes the pieces of a document out of edits, in the plainest way.
type replay struct {
	spans []span
	typed uint32 // elements
}

type span struct {
	text  []rune
	born  uint32
	alive bool
}

// edit deletes n visible elements from offset at on and inserts text there.
func (r *replay) edit(at, n int, text []rune) {
	first := r.cut(at)
	last := first
	if len(text) > 0 {
		r.spans = slices.Insert(r.spans, first, span{slices.Clone(text), r.typed, true})
		r.typed += uint32(len(text))
		last++
	}
	if n > 0 {
		first := r.cut(at + len(text))
		last = r.cut(at + len(text) + n)
		for k := first; k < last; k++ {
			r.spans[k].alive = false
		}
	}
	for k := last; k >= first; k-- {
		r.join(k)
	}
}

// cut gives the number of the span that begins behind so many visible elements,
// directly behind the last of them.
func (r *replay) cut(at int) int {
	for i := range r.spans {
		s := &r.spans[i]
		switch {
		case at == 0:
			return i
		case !s.alive:
		case at < len(s.text):
			right := span{s.text[at:], s.born + uint32(at), true}
			s.text = s.text[:at:at]
			r.spans = slices.Insert(r.spans, i+1, right)
			return i + 1
		default:
			at -= len(s.text)
		}
	}
	return len(r.spans)
}

// join makes one of span i and the one in front of it, if they are one.
func (r *replay) join(i int) {
	if i < 1 || i >= len(r.spans) {
		return
	}
	left, right := &r.spans[i-1], r.spans[i]
	if left.alive == right.alive && left.born+uint32(len(left.text)) == right.born {
		left.text = append(left.text, right.text...)
		r.spans = slices.Delete(r.spans, i, i+1)
	}
}

func (r *replay) pieces() (all []Piece) {
	for _, s := range r.spans {
		all = append(all, Piece{Text: []byte(string(s.text)), Born: s.born, Known: s.alive})
	}
	return all
}

// write lets a clumsy author write about so many edits long: words of a small
// language, typed with slips that are corrected, deleted, moved.
func write(rng *rand.Rand, edits int) []Piece {
	var r replay
	at, length := 0, 0
	edit := func(n int, text string) {
		runes := []rune(text)
		r.edit(at, n, runes)
		at += len(runes)
		length += len(runes) - n
	}
	for range edits {
		switch word := randomWord(rng); rng.IntN(8) {
		case 0: // elsewhere
			at = rng.IntN(length + 1)
		case 1: // backspace
			n := rng.IntN(min(at, 5) + 1)
			at -= n
			edit(n, "")
		case 2: // forward delete
			edit(rng.IntN(min(length-at, 30)+1), "")
		case 3: // a slip, mended
			edit(0, word[1:])
			n := utf8.RuneCountInString(word[1:])
			at -= n
			edit(n, word)
		default:
			edit(0, word+" ")
		}
	}
	return r.pieces()
}

// randomWord gives a word, frequent ones more often.
func randomWord(rng *rand.Rand) string {
	n := rng.IntN(1 + rng.IntN(500))
	var word strings.Builder
	word.WriteByte("bdfgklmnprst"[n%12])
	for ; n > 0; n /= 7 {
		word.WriteString([]string{"a", "el", "ü", "om", "i", "er", "日"}[n%7])
	}
	return word.String()
}
