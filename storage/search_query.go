package storage

import (
	"strings"
	"unicode"
)

// Limits of what is searched for. What is beyond is passed over.
const (
	maxTyped = 1 << 10 // bytes
	maxTerms = 32
)

// matchOf says in the language of FTS5 what a person typed; "" when there is nothing to search for. A document fits when
// it has all that was typed, in any order:
//
//	tea gard      a word that begins with tea, and one that begins with gard
//	"green tea"   the words green and tea, one behind the other
//	"green te     words that begin so, as long as the quotes are open
//	well-known    what is written with marks in it: well, and behind it a word that begins with known
//	東京          these characters, one behind the other, also inside of words
//
// Case and the accents of Latin letters make no difference: cafe finds Café. What has no letter or digit is passed over. Nothing else has a
// meaning: AND, NOT, *, : and brackets are words and marks like others.
func matchOf(typed string) string {
	var terms []string
	parts := strings.Split(trim(typed, maxTyped), `"`)
	for i, part := range parts {
		if i%2 == 1 {
			terms = append(terms, termOf(part, i == len(parts)-1)...)
			continue
		}
		for _, word := range strings.Fields(part) {
			terms = append(terms, termOf(word, true)...)
		}
	}
	return strings.Join(terms[:min(len(terms), maxTerms)], " ")
}

// termOf returns the term for words that are one behind the other, the last one as a prefix or whole; none when there
// is nothing in it to find.
func termOf(words string, prefix bool) []string {
	if strings.IndexFunc(words, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) < 0 {
		return nil
	}
	term := `"` + spread(words) + `"`
	if prefix {
		term += "*"
	}
	return []string{term}
}
