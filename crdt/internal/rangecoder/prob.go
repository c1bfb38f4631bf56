package rangecoder

// Prob is the probability that a decision of one kind is a one, learned from
// those before it. It is the mean of two estimates, each a plain average at
// first and later one that forgets: the one soon, to follow changes, the other
// late, to be exact about what stays. The zero value says "even".
type Prob struct {
	fast, slow int32 // estimate − 1/2, in 2^-30, within ±certain
	seen       uint8 // decisions averaged, below slowMemory
}

// How many decisions an estimate remembers. Measured on the edits of four real
// texts; twice or half of either costs under 1 %.
const (
	fastMemory = 16
	slowMemory = 128
)

// certain is what a long row of equal decisions leads to: 1/65536 from 0 or 1.
const certain = 1<<29 - 1<<14

// share[n] is 1/n in 2^-16: what the newest of n decisions counts.
var share = func() (table [256]int64) {
	for n := 1; n < len(table); n++ {
		table[n] = 1 << 16 / int64(n)
	}
	return table
}()

// one gives the probability of a one, in 1/65536, never 0.
func (p *Prob) one() uint16 {
	return uint16(1<<15 + (p.fast+p.slow)>>15)
}

// learn moves the estimates towards bit.
func (p *Prob) learn(bit int) {
	target := int64(bit)*(2*certain) - certain
	n := p.seen + 2 // an even chance counts as the first decision
	p.fast += int32((target - int64(p.fast)) * share[min(n, fastMemory)] >> 16)
	p.slow += int32((target - int64(p.slow)) * share[n] >> 16)
	if n < slowMemory {
		p.seen++
	}
}
