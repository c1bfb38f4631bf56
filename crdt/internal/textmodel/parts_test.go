package textmodel

import (
	"math"
	"testing"
)

func TestSquash(t *testing.T) {
	for x := int32(-stretchLimit); x <= stretchLimit; x++ {
		want := 65536 / (1 + math.Exp(-float64(x)/256))
		if got := float64(squash(x)); math.Abs(got-want) > 1.01 {
			t.Fatalf("squash(%d) = %v, want %v", x, got, want)
		}
	}
	if squash(-1<<20) != squash(-stretchLimit) || squash(1<<20) != squash(stretchLimit) {
		t.Error("not clamped")
	}
	if squash(-stretchLimit) < 1 {
		t.Error("a probability is 0")
	}
}

func TestStretch(t *testing.T) {
	for p := 16; p < 1<<16; p += 16 {
		want := 256 * math.Log(float64(p+8)/float64(1<<16-p-8))
		if got := float64(stretch(uint16(p))); math.Abs(got-want) > 1.5+300/float64(min(p, 1<<16-p)) {
			t.Errorf("stretch(%d) = %v, want %.1f", p, got, want)
		}
	}
}

func TestWindow(t *testing.T) {
	var w window
	for _, c := range []byte("for the word Wor") {
		w.push(c)
	}
	if w.recent(1) != 'r' || w.recent(2) != 'o'<<8|'r' || w.recent(4) != ' '<<24|'W'<<16|'o'<<8|'r' {
		t.Errorf("recent: %x", w.recent(4))
	}
	var other window
	for _, c := range []byte("all of one word, wor") {
		other.push(c)
	}
	if w.word != other.word || w.last != other.last || w.word == w.last {
		t.Error("equal words, unequal hashes")
	}
	if w.hash(3) != other.hash(3) && w.hash(5) == other.hash(5) {
		t.Error("hashes of the newest bytes")
	}
	word, last := w.word, w.last
	w.recount()
	if w.word != word || w.last != last {
		t.Error("recount differs")
	}
}

// The ring overwrites what is old, and a match never says what is not there.
func TestMatchInARing(t *testing.T) {
	rng := newRand(t)
	var w window
	m := newMatch(256)
	var all []byte
	found := 0
	for range 5000 {
		c := byte('a' + rng.IntN(3))
		if len(all) > 200 && rng.IntN(50) > 0 {
			c = all[len(all)-200]
		}
		if m.find(&w) {
			found++
			if m.at >= m.end || m.end-m.at > 5000 {
				t.Fatalf("match at %d of %d", m.at, m.end)
			}
		}
		w.push(c)
		m.push(&w, c)
		all = append(all, c)
	}
	if found < 3000 {
		t.Errorf("%d matches only", found)
	}
}

// A full bucket gives way to a context that is new.
func TestSlotTable(t *testing.T) {
	table := newSlotTable(0)
	rng := newRand(t)
	for range 100_000 {
		hash := rng.Uint32()
		at := table.find(hash)
		if table.slots[at+1] != emptySlot && table.slots[at+1]&slotFull == 0 {
			t.Fatal("not cleared")
		}
		table.slots[at+1].learn(1)
		if again := table.find(hash); again != at {
			t.Fatal("not found again")
		}
	}
}

func TestSlotLearns(t *testing.T) {
	s := emptySlot
	for i := range 100 {
		before := s
		s.learn(1)
		if s>>4 < before>>4 || s&slotFull != slot(min(i+1, slotFull)) {
			t.Fatalf("%#x became %#x", before, s)
		}
	}
	if s>>4 < 3900 {
		t.Errorf("a hundred ones: %d", s>>4)
	}
}
