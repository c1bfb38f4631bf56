package crdt

import (
	"math/rand/v2"
	"testing"
)

// TestBitset compares a set of numbers with a map.
func TestBitset(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		set, want := bitset(make([]uint64, 5)), map[uint32]bool{}
		for range 20 {
			from := rng.Uint32N(5 * 64)
			to := from + rng.Uint32N(min(5*64-from, 1+rng.Uint32N(200))+1)
			apart := true
			for n := from; n < to; n++ {
				apart = apart && !want[n]
				want[n] = true
			}
			if got := set.add(from, to); got != apart {
				t.Fatalf("add(%d, %d) says %t", from, to, got)
			}
		}
	}
}
