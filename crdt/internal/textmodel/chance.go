package textmodel

// chance is an adaptive probability of a one, in 1/65536.
type chance uint16

// chanceRate says how fast a chance learns: by 2^-chanceRate of its error.
const chanceRate = 6

func (c *chance) learn(bit int) {
	*c += chance((int32(bit)*(1<<16-1) - int32(*c)) >> chanceRate)
}

// centred gives the chance less one half, so scaled that it is of the size of
// stretched ones. It says little where stretch says much, and the reverse.
func (c chance) centred() int32 { return (int32(c) - 1<<15) >> 6 }
