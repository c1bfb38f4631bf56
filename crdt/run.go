package crdt

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// maxRun is the most elements of one run. Finding an offset inside a run means
// reading its text, so this bounds what that costs. Tests make it less.
var maxRun uint32 = 1024

// run is elements of one replica that stand side by side in the document, have
// consecutive Seqs and the same count of deletes. All but the first have the
// element before them as origin and are their own prepend chain, so their keys
// rise within the run.
type run struct {
	by       *replica
	seq, n   uint32
	chain    uint32 // Seq of the first element's prepend chain
	deletes  uint32 // Deletes that hit these elements and are not cancelled
	text     uint32 // where in by.text their text begins; it has no gaps
	bytes    uint32 // its length
	newlines uint32 // in the text, visible or not
}

// newRun makes the elements of by from seq on, as many of text as one run holds,
// and returns what is left of text.
func newRun(by *replica, seq, chain uint32, text string) (r run, rest string) {
	n, size := uint32(0), 0
	for n < maxRun && size < len(text) {
		_, width := utf8.DecodeRuneInString(text[size:])
		n, size = n+1, size+width
	}
	r = run{
		by: by, seq: seq, n: n, chain: chain,
		text: uint32(len(by.text)), bytes: uint32(size),
		newlines: uint32(strings.Count(text[:size], "\n")),
	}
	by.text = append(by.text, text[:size]...)
	return r, text[size:]
}

func (r *run) visible() bool { return r.deletes == 0 }

func (r *run) content() []byte { return r.by.text[r.text : r.text+r.bytes] }

// sums counts what r shows.
func (r *run) sums() sums {
	if !r.visible() {
		return sums{}
	}
	return sums{int(r.n), int(r.newlines)}
}

// sumsTo counts what the first i elements of r show.
func (r *run) sumsTo(i uint32) sums {
	switch {
	case !r.visible() || i == 0:
		return sums{}
	case i == r.n:
		return r.sums()
	}
	return sums{int(i), countNewlines(r.content()[:r.byteAt(i)])}
}

// byteAt returns where in r's content the element i begins.
func (r *run) byteAt(i uint32) uint32 {
	if r.bytes == r.n {
		return i
	}
	return uint32(byteOffset(r.content(), int(i)))
}

// newline returns the element that is newline number k of r.
func (r *run) newline(k int) uint32 {
	text := r.content()
	at := bytes.IndexByte(text, '\n')
	for ; k > 0; k-- {
		at += 1 + bytes.IndexByte(text[at+1:], '\n')
	}
	return uint32(utf8.RuneCount(text[:at]))
}

// key returns the key of r's first element.
func (r *run) key() key { return keyOf(r.by, r.seq, r.chain) }

// cut shortens r to its first i elements and returns the others.
func (r *run) cut(i uint32) run {
	at := r.byteAt(i)
	right := *r
	right.seq, right.n, right.chain = r.seq+i, r.n-i, r.seq+i
	right.text, right.bytes = r.text+at, r.bytes-at
	r.n, r.bytes = i, at
	r.newlines = uint32(countNewlines(r.content()))
	right.newlines -= r.newlines
	return right
}

// continues says whether s, which stands right behind r, can become part of it.
func (s *run) continues(r *run) bool {
	return s.by == r.by && s.seq == r.seq+r.n && s.chain == s.seq &&
		s.deletes == r.deletes && r.n+s.n <= maxRun
}

// join makes s, which continues r, part of it.
func (r *run) join(s *run) {
	r.n += s.n
	r.bytes += s.bytes
	r.newlines += s.newlines
}

func countNewlines(text []byte) int { return bytes.Count(text, []byte{'\n'}) }

// byteOffset returns where code point n of text begins.
func byteOffset(text []byte, n int) int {
	at := 0
	for ; n > 0; n-- {
		_, size := utf8.DecodeRune(text[at:])
		at += size
	}
	return at
}
