package layout

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestIndexIsAList: the index answers as a plain list of heights does.
func TestIndexIsAList(t *testing.T) {
	const estimate = 7
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		n := 1 + rnd.IntN(3000)
		index, list := NewIndex(n, estimate), slices.Repeat([]int{estimate}, n)
		for step := range 2000 {
			if rnd.IntN(3) > 0 {
				i, h := rnd.IntN(len(list)), 1+rnd.IntN(20)
				index.Set(i, h)
				list[i] = h
			} else {
				i := rnd.IntN(len(list) + 1)
				removed, added := rnd.IntN(min(len(list)-i, 40)+1), rnd.IntN(40)
				if removed == len(list) {
					added++
				}
				index.Splice(i, removed, added)
				list = slices.Replace(list, i, i+removed, slices.Repeat([]int{estimate}, added)...)
			}
			if step%50 == 0 {
				compare(t, seed, index, list)
			}
		}
		compare(t, seed, index, list)
	}
}

func compare(t *testing.T, seed uint64, index *Index, list []int) {
	t.Helper()
	if index.Len() != len(list) {
		t.Fatalf("seed %d: %d paragraphs, want %d", seed, index.Len(), len(list))
	}
	y := 0
	for i, h := range list {
		if top := index.Top(i); top != y {
			t.Fatalf("seed %d: paragraph %d at %d, want %d", seed, i, top, y)
		}
		if a, b := index.At(y), index.At(y+h-1); a != i || b != i {
			t.Fatalf("seed %d: at %d and %d paragraphs %d and %d, want %d", seed, y, y+h-1, a, b, i)
		}
		y += h
	}
	if index.Height() != y || index.Top(len(list)) != y || index.At(y+100) != len(list)-1 || index.At(-5) != 0 {
		t.Fatalf("seed %d: height %d, end %d, want %d", seed, index.Height(), index.Top(len(list)), y)
	}
}
