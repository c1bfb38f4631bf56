package textmodel

// contexts is how many contexts the slots are looked up by.
const contexts = 6

// predictor guesses the bits of a text, one after the other.
type predictor struct {
	window window
	match  match
	slots  slotTable

	// The next byte.
	hashes [contexts]uint32
	prefix int32  // its bits so far, with a one in front
	count  int    // how many they are
	before uint32 // what tells the newest byte from most others
	place  int    // class of the place in the gap

	// The next bit.
	node     uint32           // its slot within the buckets
	buckets  [contexts]uint32 // where they begin in slots
	meanings [contexts]*chance
	in       [inputs]int32

	meaning           []chance // of a slot, by context, bits seen and share of ones
	matched, rivalled guess
	byPrefix, byPlace mixer
	refiner           refiner
}

// How a slot's state is told from others: by all of its count, and six bits of
// its share of ones.
const (
	shareBits = 6
	states    = (slotFull + 1) << shareBits
)

// newPredictor gives a predictor for so many bytes of text in all.
func newPredictor(textSize int) *predictor {
	p := &predictor{
		match:    newMatch(textSize),
		slots:    newSlotTable(textSize),
		meaning:  make([]chance, contexts*states),
		matched:  newGuess(),
		rivalled: newGuess(),
		byPrefix: newMixer(1 << 8),
		byPlace:  newMixer(matchClasses * placeClasses),
		refiner:  newRefiner(),
	}
	for i := range p.meaning { // at first a slot means what it says
		share := i % (1 << shareBits)
		p.meaning[i] = chance((2*share + 1) << (15 - shareBits))
	}
	return p
}

// begin prepares for the next byte.
func (p *predictor) begin(e edge) {
	w := &p.window
	p.before = w.recent(1) % refinerRows
	// Two, three and six bytes; the word so far, also with the word before; the
	// edge with a byte. More contexts, and other lengths, were tried: none took
	// more than 0.3 % off the coded size, each costs a tenth of the time.
	p.hashes = [contexts]uint32{
		scramble(1, w.recent(2)),
		scramble(2, w.recent(3)),
		scramble(3, w.hash(6)),
		scramble(4, w.word),
		scramble(5, w.word*0x3D4D51CB+w.last),
		scramble(6, e.context()<<8|w.recent(1)),
	}
	p.place = e.class()
	p.prefix, p.count = 1, 0
	p.enter()
}

// enter looks the buckets up for the next half of a byte.
func (p *predictor) enter() {
	p.node = 1
	for i, hash := range p.hashes {
		if p.count > 0 {
			hash = scramble(uint32(p.prefix), hash)
		}
		p.buckets[i] = p.slots.find(hash)
	}
}

// scramble gives a hash of a context's value.
func scramble(kind, value uint32) uint32 {
	x := (value + kind*0x9E3779B1) * 0x2C1B3C6D
	x ^= x >> 15
	x *= 0x297A2D39
	return x ^ x>>16
}

// predict gives the probability of a one, in 1/65536, never 0.
func (p *predictor) predict() uint16 {
	p.consult()
	length := 0
	if p.matched.at != nil {
		length = p.match.class()
	}
	x := p.byPrefix.mix(&p.in, int(p.prefix))
	x += p.byPlace.mix(&p.in, length*placeClasses+p.place)
	x >>= 1
	one := squash(x) + p.refiner.refine(x, p.before<<8|uint32(p.prefix))
	return uint16(min(max(one/2, 1), 1<<16-1))
}

// consult asks all sources about the next bit.
func (p *predictor) consult() {
	for i, bucket := range p.buckets {
		s := p.slots.slots[bucket+p.node]
		seen := int32(s & slotFull)
		m := &p.meaning[i*states+int(seen)<<shareBits+int(s>>(16-shareBits))]
		p.meanings[i] = m
		if seen == 0 {
			p.in[2*i], p.in[2*i+1] = 0, 0
			continue
		}
		p.in[2*i] = stretch(uint16(*m))
		p.in[2*i+1] = (int32(s>>4) - 1<<11) * (seen + 1) >> 4
	}
	const rest = 2 * contexts
	p.in[rest], p.in[rest+1] = p.matched.predict(p.prefix, p.count)
	p.in[rest+2], p.in[rest+3] = p.rivalled.predict(p.prefix, p.count)
}

// learn takes the bit that predict was asked for into all that was consulted.
func (p *predictor) learn(bit int) {
	p.byPrefix.learn(&p.in, bit)
	p.byPlace.learn(&p.in, bit)
	for _, m := range p.meanings {
		m.learn(bit)
	}
	p.matched.learn(bit)
	p.rivalled.learn(bit)
	p.refiner.at.learn(bit)
}

// step goes on to the next bit. The slots learn here, and so from text that
// nothing was predicted of too.
func (p *predictor) step(bit int) {
	for _, bucket := range p.buckets {
		p.slots.slots[bucket+p.node].learn(bit)
	}
	p.node = p.node<<1 | uint32(bit)
	p.prefix = p.prefix<<1 | int32(bit)
	p.count++
	if p.count == 4 {
		p.enter()
	}
}

// push appends a whole byte to what the next one is guessed from.
func (p *predictor) push(c byte) {
	p.window.push(c)
	p.match.push(&p.window, c)
}

// read learns a byte that is known.
func (p *predictor) read(c byte) {
	p.begin(noEdge)
	for i := 7; i >= 0; i-- {
		p.step(int(c >> i & 1))
	}
	p.push(c)
}

// rehearse learns a byte that is known, and how well it was guessed.
func (p *predictor) rehearse(c byte) {
	// The coder gives the bit back and has no error.
	_, _ = p.code(c, noEdge, func(_ uint16, bit int) (int, error) { return bit, nil })
}

// A bitCoder codes a bit with the probability of a one, or decodes it and
// ignores the one it is given.
type bitCoder func(one uint16, bit int) (int, error)

// code codes a byte of a gap.
func (p *predictor) code(c byte, e edge, code bitCoder) (byte, error) {
	p.begin(e)
	p.matched.byte = 0
	if p.match.find(&p.window) {
		p.matched.offer(p.match.byteAt(p.match.at), p.match.level())
	}
	for i := 7; i >= 0; i-- {
		bit, err := code(p.predict(), int(c>>i&1))
		if err != nil {
			return 0, err
		}
		p.learn(bit)
		p.step(bit)
	}
	coded := byte(p.prefix)
	p.push(coded)
	return coded, nil
}
