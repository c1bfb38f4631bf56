package rangecoder

import (
	"math/rand/v2"
	"testing"
)

const benchBits = 1 << 16

// benchDecisions gives decisions of 256 kinds, each more or less predictable.
func benchDecisions() (kind []byte, bit []int) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range benchBits {
		k := rng.IntN(256)
		kind = append(kind, byte(k))
		b := 0
		if rng.IntN(256) < k/4 {
			b = 1
		}
		bit = append(bit, b)
	}
	return kind, bit
}

func BenchmarkEncodeBit(b *testing.B) {
	kind, bit := benchDecisions()
	size := 0
	for b.Loop() {
		e, model := NewEncoder(), new([256]Prob)
		for i, k := range kind {
			e.Bit(&model[k], bit[i])
		}
		size = len(e.Finish())
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchBits, "ns/bit")
	b.ReportMetric(float64(size), "bytes")
}

func BenchmarkDecodeBit(b *testing.B) {
	kind, bit := benchDecisions()
	e, model := NewEncoder(), new([256]Prob)
	for i, k := range kind {
		e.Bit(&model[k], bit[i])
	}
	data := e.Finish()
	for b.Loop() {
		d, model := NewDecoder(data), new([256]Prob)
		for _, k := range kind {
			d.Bit(&model[k])
		}
		if err := d.End(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchBits, "ns/bit")
}

func BenchmarkDecodeNumber(b *testing.B) {
	const n = 1 << 14
	rng := rand.New(rand.NewPCG(1, 2))
	e, model := NewEncoder(), new(Number)
	for range n {
		model.Encode(e, rng.Uint64N(1<<rng.IntN(12)))
	}
	data := e.Finish()
	for b.Loop() {
		d, model := NewDecoder(data), new(Number)
		for range n {
			model.Decode(d)
		}
		if err := d.End(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/number")
	b.ReportMetric(float64(len(data))*8/n, "bits/number")
}
