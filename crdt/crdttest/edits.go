package crdttest

import "math/rand/v2"

// Edit replaces the range [At, At+Delete) by Insert.
type Edit struct {
	At, Delete int
	Insert     string
}

// Edits makes random edits as people make them: mostly typing on or deleting where
// the last one ended, often in front of it, sometimes elsewhere.
type Edits struct {
	rng *rand.Rand
	at  int
}

// NewEdits returns a stream of edits drawn from rng.
func NewEdits(rng *rand.Rand) *Edits { return &Edits{rng: rng} }

// Move puts the caret elsewhere.
func (g *Edits) Move(at int) { g.at = at }

// Next returns an edit of a text of the given length. It changes something.
func (g *Edits) Next(length int) Edit {
	if g.rng.IntN(6) == 0 {
		g.at = g.rng.IntN(length + 1)
	}
	g.at = min(g.at, length)
	e := Edit{At: g.at}
	switch k := g.rng.IntN(10); {
	case k < 2 && g.at > 0: // backspace
		e.Delete = 1 + g.rng.IntN(min(3, g.at))
		e.At -= e.Delete
		g.at = e.At
	case k == 2 && g.at < length: // delete forward, perhaps a selection
		e.Delete = 1 + g.rng.IntN(min(12, length-g.at))
	case k == 3 && g.at < length: // type over a selection
		e.Delete = 1 + g.rng.IntN(min(4, length-g.at))
		e.Insert = g.Text(1 + g.rng.IntN(3))
		g.at += len([]rune(e.Insert))
	case k < 6: // prepend: the caret stays in front
		e.Insert = g.Text(1 + g.rng.IntN(4))
	default:
		e.Insert = g.Text(1 + g.rng.IntN(4))
		g.at += len([]rune(e.Insert))
	}
	return e
}

// charset has code points of one to four bytes, joiners and newlines.
var charset = []rune("abcdefghijklmnopqrstuvwxyz     ,.\n\n\näöüßéñ中文字日本語한\u0301\u200d👍🏽👩🚀")

// Text returns n random code points.
func (g *Edits) Text(n int) string {
	text := make([]rune, n)
	for i := range text {
		text[i] = charset[g.rng.IntN(len(charset))]
	}
	return string(text)
}
