package textmodel

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"testing"

	"inkling/crdt/internal/rangecoder"
)

func Example() {
	pieces := []Piece{
		{Text: []byte("Hello "), Born: 0, Known: true},
		{Text: []byte("wrold"), Born: 6},
		{Text: []byte("world"), Born: 11, Known: true},
	}
	data := Encode(pieces)
	pieces[1].Text = make([]byte, 5)
	err := Decode(data, pieces)
	fmt.Printf("%s %v", pieces[1].Text, err)
	// Output: wrold <nil>
}

func newRand(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// emptied gives the pieces as a decoder has them.
func emptied(pieces []Piece) []Piece {
	pieces = slices.Clone(pieces)
	for i, p := range pieces {
		if !p.Known {
			pieces[i].Text = make([]byte, len(p.Text))
		}
	}
	return pieces
}

func gapBytes(pieces []Piece) (n int) {
	for _, p := range pieces {
		if !p.Known {
			n += len(p.Text)
		}
	}
	return n
}

func equal(a, b []Piece) bool {
	return slices.EqualFunc(a, b, func(a, b Piece) bool {
		return a.Born == b.Born && a.Known == b.Known && bytes.Equal(a.Text, b.Text)
	})
}

// mustRoundTrip gives the coded size.
func mustRoundTrip(t *testing.T, pieces []Piece) int {
	t.Helper()
	data := Encode(pieces)
	got := emptied(pieces)
	if err := Decode(data, got); err != nil {
		t.Fatalf("%d bytes: %v", len(data), err)
	}
	for i := range got {
		if !bytes.Equal(got[i].Text, pieces[i].Text) {
			t.Fatalf("piece %d is %q, want %q", i, got[i].Text, pieces[i].Text)
		}
	}
	return len(data)
}

func TestWhatIsCodedIsDecoded(t *testing.T) {
	rng := newRand(t)
	for range 30 {
		pieces := write(rng, rng.IntN(400))
		before := emptied(pieces)
		for i := range before {
			copy(before[i].Text, pieces[i].Text)
		}
		mustRoundTrip(t, pieces)
		if !equal(pieces, before) {
			t.Fatal("Encode has changed the pieces")
		}
	}
}

// Neither the order of Born nor the bytes need make sense.
func TestAnyPieces(t *testing.T) {
	rng := newRand(t)
	for range 30 {
		var pieces []Piece
		for range rng.IntN(200) {
			text := make([]byte, rng.IntN(1+rng.IntN(40)))
			for i := range text {
				text[i] = byte(rng.IntN(1 + rng.IntN(256)))
			}
			pieces = append(pieces, Piece{Text: text, Born: uint32(rng.IntN(50)), Known: rng.IntN(2) == 0})
		}
		mustRoundTrip(t, pieces)
	}
}

func TestNothingToCode(t *testing.T) {
	for name, pieces := range map[string][]Piece{
		"no pieces":  nil,
		"all known":  {{Text: []byte("known"), Known: true}},
		"empty text": {{}, {Known: true}, {Born: 1}},
	} {
		if n := mustRoundTrip(t, pieces); n != 0 {
			t.Errorf("%s: %d bytes", name, n)
		}
	}
}

// A text that is there already costs next to nothing.
func TestCopiesAreNearlyFree(t *testing.T) {
	rng := newRand(t)
	var text []byte
	for len(text) < 20_000 {
		text = append(append(text, randomWord(rng)...), ' ')
	}
	live := Piece{Text: text, Known: true}
	dead := Piece{Text: text[3000:13000], Born: 30_000}
	if n := mustRoundTrip(t, []Piece{live, dead}); n > 100 {
		t.Errorf("10,000 bytes that are in the live text took %d", n)
	}
	dead.Text = text
	again := Piece{Text: text, Born: 60_000}
	once := mustRoundTrip(t, []Piece{dead})
	if n := mustRoundTrip(t, []Piece{dead, again}) - once; n > 100 {
		t.Errorf("20,000 bytes that were deleted before took %d", n)
	}
}

// What was typed again in the same place helps.
func TestRivalHelps(t *testing.T) {
	rng := newRand(t)
	var near, far []Piece
	born := uint32(0)
	for range 1500 {
		word := make([]byte, 8)
		for i := range word {
			word[i] = 'a' + byte(rng.IntN(26))
		}
		space := Piece{Text: []byte(" "), Born: born, Known: true}
		dead := Piece{Text: word, Born: born + 1}
		live := Piece{Text: word, Born: born + 9, Known: true}
		near = append(near, space, live, dead)
		far = append(far, space, dead)
		born += 17
	}
	for _, i := range rng.Perm(1500) {
		far = append(far, near[3*i+1])
	}
	if a, b := mustRoundTrip(t, near), mustRoundTrip(t, far); a*4 > b {
		t.Errorf("%d bytes, without a rival %d", a, b)
	}
}

func TestRandomBytesCostLittleMore(t *testing.T) {
	rng := newRand(t)
	text := make([]byte, 20_000)
	for i := range text {
		text[i] = byte(rng.Uint32())
	}
	if n := mustRoundTrip(t, []Piece{{Text: text}}); n > len(text)*105/100 {
		t.Errorf("%d bytes took %d", len(text), n)
	}
}

func TestTypedErrors(t *testing.T) {
	pieces := write(rand.New(rand.NewPCG(1, 2)), 300)
	data := Encode(pieces)
	if err := Decode(data[:len(data)/2], emptied(pieces)); !errors.Is(err, rangecoder.ErrTruncated) {
		t.Errorf("half the data: %v", err)
	}
	if err := Decode(append(data, 1, 2), emptied(pieces)); !errors.Is(err, rangecoder.ErrTrailing) {
		t.Errorf("two bytes more: %v", err)
	}
}

// Files are written with this model: other bytes are another format.
func TestFormatIsFixed(t *testing.T) {
	const want uint32 = 0xc78e509b
	pieces := write(rand.New(rand.NewPCG(3, 4)), 5000)
	data := Encode(pieces)
	if sum := crc32.ChecksumIEEE(data); sum != want {
		t.Errorf("%d bytes in %d, with checksum %#x, want %#x", gapBytes(pieces), len(data), sum, want)
	}
}

// Any data gives an error or text of which it is the only coding.
func FuzzDecode(f *testing.F) {
	shape := write(rand.New(rand.NewPCG(5, 6)), 60)
	f.Add([]byte{})
	f.Add(Encode(shape))
	f.Add(bytes.Repeat([]byte{0xff}, 100))
	f.Fuzz(func(t *testing.T, data []byte) {
		pieces := emptied(shape)
		if Decode(data, pieces) == nil && !bytes.Equal(Encode(pieces), data) {
			t.Errorf("% x is accepted but not made", data)
		}
	})
}
