package textmodel

import "math/bits"

// match follows the longest text found that ended like the window: after long
// equal text the next byte is nearly sure. Long matches are looked for first,
// because in a text with many like places the nearest is not the right one.
type match struct {
	text   []byte // ring of all bytes so far
	end    uint32 // how many there were
	ends   [2][]uint32
	next   [2]uint32 // where the candidates of either kind go on, 0 for none
	at     uint32    // where the match goes on
	length int       // bytes known to be equal, 0 for no match
}

// matchLengths is the least length of a match of either kind.
var matchLengths = [2]int{16, 5}

const (
	matchBits    = 17
	longestMatch = 1 << 16
	maxRing      = 1 << 22
)

func newMatch(textSize int) match {
	ring := 1
	for ring < maxRing && ring < textSize {
		ring *= 2
	}
	var ends [2][]uint32
	for k := range ends {
		ends[k] = make([]uint32, 1<<matchBits)
	}
	return match{text: make([]byte, ring), ends: ends}
}

func (m *match) byteAt(i uint32) byte { return m.text[i&uint32(len(m.text)-1)] }

// jump drops the match, as the window shows another place.
func (m *match) jump(w *window) {
	m.length = 0
	for k, n := range matchLengths {
		m.next[k] = m.ends[k][w.hash(n)>>(32-matchBits)]
	}
}

// push appends a byte, which is the window's newest.
func (m *match) push(w *window, c byte) {
	if m.length > 0 && m.byteAt(m.at) == c {
		m.at++
		m.length = min(m.length+1, longestMatch)
	} else {
		m.length = 0
	}
	m.text[m.end&uint32(len(m.text)-1)] = c
	m.end++
	for k, n := range matchLengths {
		place := &m.ends[k][w.hash(n)>>(32-matchBits)]
		m.next[k], *place = *place, m.end
	}
}

// find looks for a longer match while the present one is short, and says whether
// there is one.
func (m *match) find(w *window) bool {
	for k, least := range matchLengths {
		if m.length >= matchLengths[0] {
			break
		}
		if n := m.equal(w, m.next[k]); n >= least && n > m.length {
			m.at, m.length = m.next[k], n
			break
		}
	}
	if m.at == m.end { // nothing follows yet
		m.length = 0
	}
	return m.length > 0
}

// equal tells how many bytes in front of at are those of the window.
func (m *match) equal(w *window, at uint32) int {
	n := 0
	for n < windowSize && uint32(n) < at && m.byteAt(at-1-uint32(n)) == w.bytes[windowSize-1-n] {
		n++
	}
	return n
}

// level is how far the match can be trusted, below guessLevels.
func (m *match) level() int {
	if m.length <= 16 {
		return m.length
	}
	return min(16+(m.length-16)>>3, guessLevels-1)
}

// matchClasses is how many classes of match length there are, with "none".
const matchClasses = 5

func (m *match) class() int {
	return min(1+bits.Len(uint(m.length))/2, matchClasses-1)
}
