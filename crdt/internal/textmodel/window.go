package textmodel

// windowSize is how far a context looks back, in bytes.
const windowSize = 32

// window is the bytes in front of the next one.
type window struct {
	bytes      [windowSize]byte // the newest last
	word, last uint32           // hashes of the word that is being written, 0 for none, and of that before
}

// push appends a byte.
func (w *window) push(c byte) {
	copy(w.bytes[:], w.bytes[1:])
	w.bytes[windowSize-1] = c
	w.count(c)
}

// count takes a byte into the hashes of words.
func (w *window) count(c byte) {
	switch {
	case isLetter(c):
		w.word = (w.word + uint32(c|0x20)) * 0x2F0B4C47
	case w.word != 0:
		w.last, w.word = w.word, 0
	}
}

// recount finds the words anew after all bytes have changed.
func (w *window) recount() {
	w.word, w.last = 0, 0
	for _, c := range w.bytes {
		w.count(c)
	}
}

// recent gives the n newest bytes as a number, n ≤ 4.
func (w *window) recent(n int) uint32 {
	b := &w.bytes
	all := uint32(b[28])<<24 | uint32(b[29])<<16 | uint32(b[30])<<8 | uint32(b[31])
	return all & (1<<(8*n) - 1)
}

// hash gives a hash of the n newest bytes.
func (w *window) hash(n int) uint32 {
	var h uint32
	for _, c := range w.bytes[windowSize-n:] {
		h = (h + uint32(c) + 1) * 0x2F0B4C47
		h ^= h >> 15
	}
	return h
}

// isLetter counts all that is not ASCII to the letters.
func isLetter(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}
