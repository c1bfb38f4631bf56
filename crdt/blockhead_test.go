package crdt

import "testing"

// TestCostOfABlock: everything that a head counts makes the block claim more memory.
func TestCostOfABlock(t *testing.T) {
	var h blockHead
	for i, n := range h.counts() {
		before := h.cost()
		if *n = 1000; i > 0 && h.cost() < before+2*1000 { // what seqs there are shows in the others
			t.Errorf("count %d makes the cost %d from %d", i, h.cost(), before)
		}
	}
}
