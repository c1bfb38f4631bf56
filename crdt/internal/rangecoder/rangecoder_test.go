package rangecoder

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func Example() {
	lengths := []uint64{5, 5, 6, 5, 300, 5, 5}
	var model Number
	e := NewEncoder()
	for _, v := range lengths {
		model.Encode(e, v)
	}
	data := e.Finish()

	model = Number{}
	d := NewDecoder(data)
	for range lengths {
		fmt.Print(model.Decode(d), " ")
	}
	fmt.Println(d.End())
	// Output: 5 5 6 5 300 5 5 <nil>
}

// A script is a sequence of values of every kind. It is taken out of any bytes
// by a decoder, and written again by an encoder.
type script struct {
	values []uint64
}

// models is one model of every kind.
type models struct {
	prob   Prob
	tree   Tree
	number Number
	signed Signed
}

// kinds is how many kinds of values a script takes turns with.
const kinds = 6

// odds gives a known probability for the i-th value; both extremes occur.
func odds(i int) uint16 { return []uint16{1, 1 << 8, 1 << 15, 65535}[i/kinds%4] }

func decodeScript(data []byte, n int) (script, *Decoder) {
	d, m := NewDecoder(data), models{tree: NewTree(5)}
	var s script
	for i := range n {
		var v uint64
		switch i % kinds {
		case 0:
			v = uint64(d.Bit(&m.prob))
		case 1:
			v = uint64(m.tree.Decode(d))
		case 2:
			v = m.number.Decode(d)
		case 3:
			v = uint64(m.signed.Decode(d))
		case 4:
			v = d.Direct(i % 65)
		case 5:
			v = uint64(d.BitAt(odds(i)))
		}
		s.values = append(s.values, v)
	}
	return s, d
}

func (s script) encode() []byte {
	e, m := NewEncoder(), models{tree: NewTree(5)}
	for i, v := range s.values {
		switch i % kinds {
		case 0:
			e.Bit(&m.prob, int(v))
		case 1:
			m.tree.Encode(e, int(v))
		case 2:
			m.number.Encode(e, v)
		case 3:
			m.signed.Encode(e, int64(v))
		case 4:
			e.Direct(v, i%65)
		case 5:
			e.BitAt(odds(i), int(v))
		}
	}
	return e.Finish()
}

// randomScript has values of all magnitudes, most of them small.
func randomScript(rng *rand.Rand, n int) script {
	var s script
	for i := range n {
		v := rng.Uint64() >> rng.IntN(65)
		if rng.IntN(2) == 0 {
			v = uint64(rng.IntN(3))
		}
		switch i % kinds {
		case 0, 5:
			v &= 1
		case 1:
			v &= 31
		case 3:
			v = uint64(int64(v) * int64(1-2*rng.IntN(2)))
		case 4:
			v &= 1<<(i%65) - 1
		}
		s.values = append(s.values, v)
	}
	return s
}

func newRand(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func TestWhatIsCodedIsDecoded(t *testing.T) {
	rng := newRand(t)
	for range 500 {
		s := randomScript(rng, rng.IntN(300))
		data := s.encode()
		got, d := decodeScript(data, len(s.values))
		if !slices.Equal(got.values, s.values) {
			t.Fatalf("decoded %v\nwant %v", got.values, s.values)
		}
		if err := d.End(); err != nil {
			t.Fatalf("End of %d values in %d bytes: %v", len(s.values), len(data), err)
		}
	}
}

// End tells exactly what Finish makes from all else: other bytes that decode to
// the same values are not accepted.
func TestOneCodingOnly(t *testing.T) {
	rng := newRand(t)
	for range 300 {
		s := randomScript(rng, 1+rng.IntN(50))
		data := s.encode()
		for _, other := range neighbours(data) {
			got, d := decodeScript(other, len(s.values))
			if d.End() == nil && slices.Equal(got.values, s.values) {
				t.Fatalf("% x is accepted for % x", other, data)
			}
		}
	}
}

// neighbours gives codings that are a byte longer, shorter or different.
func neighbours(data []byte) [][]byte {
	all := [][]byte{append(bytes.Clone(data), 0), append(bytes.Clone(data), 7), append(bytes.Clone(data), 0, 0, 0, 0)}
	if len(data) > 0 {
		all = append(all, data[:len(data)-1])
	}
	for i := range data {
		for _, delta := range []byte{1, 255} {
			other := bytes.Clone(data)
			other[i] += delta
			all = append(all, other)
		}
	}
	return all
}

func TestTypedErrors(t *testing.T) {
	e := NewEncoder()
	e.Direct(math.MaxUint64, 64)
	data := e.Finish()
	read := func(data []byte) *Decoder {
		d := NewDecoder(data)
		d.Direct(64)
		return d
	}
	if d := read(data); d.Err() != nil || d.End() != nil {
		t.Errorf("good data: %v, %v", d.Err(), d.End())
	}
	if d := read(data[:3]); !errors.Is(d.Err(), ErrTruncated) || !errors.Is(d.End(), ErrTruncated) {
		t.Errorf("cut data: %v, %v", d.Err(), d.End())
	}
	if d := read(append(data, 1, 1)); d.Err() != nil || !errors.Is(d.End(), ErrTrailing) {
		t.Errorf("trailing data: %v, %v", d.Err(), d.End())
	}
}

func TestExtremes(t *testing.T) {
	var number Number
	var signed Signed
	numbers := []uint64{0, 1, 2, 7, 8, math.MaxUint32, math.MaxUint64, math.MaxUint64, 0}
	integers := []int64{0, 1, -1, math.MaxInt64, math.MinInt64, math.MinInt64, 0}
	e := NewEncoder()
	for _, v := range numbers {
		number.Encode(e, v)
	}
	for _, v := range integers {
		signed.Encode(e, v)
	}
	number, signed = Number{}, Signed{}
	d := NewDecoder(e.Finish())
	for _, v := range numbers {
		if got := number.Decode(d); got != v {
			t.Errorf("%d became %d", v, got)
		}
	}
	for _, v := range integers {
		if got := signed.Decode(d); got != v {
			t.Errorf("%d became %d", v, got)
		}
	}
	if err := d.End(); err != nil {
		t.Error(err)
	}
}

func TestNothingTakesNoByte(t *testing.T) {
	if data := NewEncoder().Finish(); len(data) != 0 {
		t.Errorf("% x", data)
	}
	if err := NewDecoder(nil).End(); err != nil {
		t.Error(err)
	}
}

// The carry must run through any number of 0xff bytes. The decisions are chosen
// so that the middle of the first interval stays inside: both 0x7fff… and 0x8000…
// can still be the result, and the last decision says which.
func TestLongCarry(t *testing.T) {
	rng := newRand(t)
	e, middle := NewEncoder(), uint64(fullWidth/2)
	var odds []uint16
	var bits []int
	for e.Len() < 1000 || e.low+split(e.width, 1<<15) < middle {
		one, bit := uint16(1<<14+rng.IntN(1<<15)), 0
		if e.low+split(e.width, one) > middle {
			bit = 1
		}
		before := e.Len()
		e.BitAt(one, bit)
		odds, bits = append(odds, one), append(bits, bit)
		if e.Len() > before {
			middle = fullWidth // in the scale of the next byte
		}
	}
	if !bytes.Equal(e.data[1:], bytes.Repeat([]byte{0xff}, e.Len()-1)) {
		t.Fatal("no long row of 0xff")
	}
	for range 20 {
		e.BitAt(1<<15, 0)
		odds, bits = append(odds, 1<<15), append(bits, 0)
	}
	if e.data[0] != 0x80 || e.data[500] != 0 {
		t.Fatal("no carry")
	}
	d := NewDecoder(e.Finish())
	for i, one := range odds {
		if d.BitAt(one) != bits[i] {
			t.Fatalf("decision %d", i)
		}
	}
	if err := d.End(); err != nil {
		t.Fatal(err)
	}
}

// The size is that of Shannon: -log2 of the probability of every decision.
func TestSizeIsTheInformation(t *testing.T) {
	rng := newRand(t)
	e, bits := NewEncoder(), 0.0
	for range 100_000 {
		one := uint16(1 + rng.IntN(65535)>>rng.IntN(12))
		bit, p := 0, float64(one)/65536
		if rng.Float64() < p {
			bit = 1
		} else {
			p = 1 - p
		}
		e.BitAt(one, bit)
		bits -= math.Log2(p)
	}
	data := e.Finish()
	if over := float64(len(data)) - bits/8; over > 2+bits/8/10_000 {
		t.Errorf("%d bytes for %.1f", len(data), bits/8)
	}
}

// A Prob that learns costs little more than one that knew.
func TestLearningCostsLittle(t *testing.T) {
	rng := newRand(t)
	for _, p := range []float64{0.001, 0.02, 0.1, 0.5, 0.9, 0.999} {
		const n = 200_000
		e, bits := NewEncoder(), 0.0
		var model Prob
		for range n {
			if rng.Float64() < p {
				e.Bit(&model, 1)
				bits -= math.Log2(p)
			} else {
				e.Bit(&model, 0)
				bits -= math.Log2(1 - p)
			}
		}
		if got := float64(e.Len()) * 8; got > bits*1.08+n*0.005 {
			t.Errorf("p = %v: %.4f bits, the source has %.4f", p, got/n, bits/n)
		}
	}
}

// What never changes is nearly free, and stays possible to change.
func TestCertainty(t *testing.T) {
	for _, usual := range []int{0, 1} {
		e := NewEncoder()
		var model Prob
		for range 1_000_000 {
			e.Bit(&model, usual)
		}
		if e.Len() > 16 {
			t.Errorf("a million times %d: %d bytes", usual, e.Len())
		}
		before := e.Len()
		e.Bit(&model, 1-usual)
		if e.Len() > before+3 {
			t.Errorf("a surprise took %d bytes", e.Len()-before)
		}
	}
}

func TestSmallNumbersAreCheap(t *testing.T) {
	for v, limit := range map[uint64]int{0: 8, 1: 16, 2: 24, 7: 32, 1000: 8 * 1000} {
		e := NewEncoder()
		var model Number
		for range 8000 {
			model.Encode(e, v)
		}
		if e.Len() > limit {
			t.Errorf("8000 times %d: %d bytes", v, e.Len())
		}
	}
}

func TestTreeLimits(t *testing.T) {
	for name, call := range map[string]func(){
		"no bits":          func() { NewTree(0) },
		"nine bits":        func() { NewTree(9) },
		"too large symbol": func() { NewTree(3).Encode(NewEncoder(), 8) },
		"negative symbol":  func() { NewTree(3).Encode(NewEncoder(), -1) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			call()
		})
	}
}

// Any bytes decode to something, and what End accepts is what Finish makes.
func FuzzDecoder(f *testing.F) {
	f.Add([]byte{}, 10)
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff}, 3)
	f.Add(randomScript(rand.New(rand.NewPCG(1, 2)), 40).encode(), 40)
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		s, d := decodeScript(data, min(max(n, 0), 1000))
		if d.End() != nil {
			return
		}
		if again := s.encode(); !bytes.Equal(again, data) {
			t.Errorf("% x became % x", data, again)
		}
	})
}
