package textmodel

// guess is a source that says which byte comes next, as long as the byte's first
// bits agree; it learns how often that is right at each level of trust.
type guess struct {
	byte   int32 // with a one in front; 0 for no guess
	level  int
	chance [guessLevels * 2]chance // of a one, by level and guessed bit
	at     *chance                 // that was used for the last bit, nil for none
}

const guessLevels = 64

func newGuess() (g guess) {
	for i := range g.chance {
		g.chance[i] = 1 << 14
		if i&1 == 1 {
			g.chance[i] = 3 << 14
		}
	}
	return g
}

// offer makes c the guess for the next byte.
func (g *guess) offer(c byte, level int) {
	g.byte, g.level = 1<<8|int32(c), level
}

// predict gives the two inputs for the next bit, after count bits of a byte that
// prefix holds with a one in front.
func (g *guess) predict(prefix int32, count int) (stretched, centred int32) {
	if g.byte == 0 || g.byte>>(8-count) != prefix {
		g.byte, g.at = 0, nil
		return 0, 0
	}
	bit := int(g.byte >> (7 - count) & 1)
	g.at = &g.chance[g.level*2+bit]
	return stretch(uint16(*g.at)), g.at.centred()
}

func (g *guess) learn(bit int) {
	if g.at != nil {
		g.at.learn(bit)
	}
}
