package crdt

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestMarksAreOnlyAHelp: what is looked for is found, while the table grows at its end, and
// when entries were put in between.
func TestMarksAreOnlyAHelp(t *testing.T) {
	seed := rand.Uint64()
	t.Log("seed", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	table, m := []uint32{0}, marks{}
	for range 2000 {
		if at := rng.IntN(len(table)); rng.IntN(10) == 0 && at > 0 && table[at] > table[at-1]+1 {
			table = slices.Insert(table, at, table[at]-1)
		} else {
			table = append(table, table[len(table)-1]+1+rng.Uint32N(9))
		}
		lv := rng.Uint32N(table[len(table)-1] + 5)
		lo, hi := m.around(lv, len(table), func(i int) uint32 { return table[i] })
		if table[lo] > lv || hi < len(table) && table[hi] <= lv {
			t.Fatalf("%d is not in %d to %d of %d", lv, lo, hi, len(table))
		}
	}
}
