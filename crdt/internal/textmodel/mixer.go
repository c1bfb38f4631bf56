package textmodel

// inputs is how many stretched guesses are mixed: two of each context, of the
// match and of the rival.
const inputs = 2*contexts + 4

// mixer is a neuron: it adds up the inputs by weights and moves these, after
// every bit, against the error. It has many sets of weights, chosen by what is
// known of the place, as the sources are not equally good everywhere.
type mixer struct {
	weights []int32 // inputs for each set, in 1/65536
	set     *[inputs]int32
	guess   int32 // as a probability
}

const (
	firstWeight = 8000
	mixerRate   = 5
	mixerShift  = 18
)

func newMixer(sets int) mixer {
	weights := make([]int32, sets*inputs)
	for i := range weights {
		weights[i] = firstWeight
	}
	return mixer{weights: weights}
}

// mix gives the stretched guess of a set of weights.
func (m *mixer) mix(in *[inputs]int32, set int) int32 {
	m.set = (*[inputs]int32)(m.weights[set*inputs:])
	var sum int64
	for i, x := range in {
		sum += int64(x) * int64(m.set[i])
	}
	x := int32(min(max(sum>>16, -stretchLimit), stretchLimit))
	m.guess = squash(x)
	return x
}

// learn moves the weights that mix used last.
func (m *mixer) learn(in *[inputs]int32, bit int) {
	wrong := (int32(bit)*(1<<16-1) - m.guess) * mixerRate
	for i, x := range in { // |x| ≤ 4096 and |wrong| < 2^19: the product fits 32 bits
		m.set[i] += (x*wrong + 1<<(mixerShift-1)) >> mixerShift
	}
}
