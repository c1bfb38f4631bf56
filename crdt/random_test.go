package crdt_test

import (
	"flag"
	"math/rand/v2"
	"runtime/debug"
	"testing"
	"time"
)

var (
	runsFlag  = flag.Int("runs", 25, "random runs of each kind")
	stepsFlag = flag.Int("steps", 150, "steps of a random run")
	peersFlag = flag.Int("peers", 0, "peers of a random run; 0: 2 to 5, rarely up to 16")
	seedFlag  = flag.Uint64("seed", 0, "seed of the first random run; 0: another one each time")
)

// eachSeed runs f on fresh seeds and names the seed of one that fails.
func eachSeed(t *testing.T, f func(t *testing.T, rng *rand.Rand)) {
	t.Helper()
	fromSeed(t, *runsFlag, f)
}

// fewSeeds is eachSeed for what takes long.
func fewSeeds(t *testing.T, f func(t *testing.T, rng *rand.Rand)) {
	t.Helper()
	fromSeed(t, (*runsFlag+4)/5, f)
}

func fromSeed(t *testing.T, runs int, f func(t *testing.T, rng *rand.Rand)) {
	t.Helper()
	first := *seedFlag
	if first == 0 {
		first = uint64(time.Now().UnixNano()) % 1_000_000_007
	}
	for seed := first; seed < first+uint64(runs) && !t.Failed(); seed++ {
		oneSeed(t, seed, f)
	}
}

func oneSeed(t *testing.T, seed uint64, f func(t *testing.T, rng *rand.Rand)) {
	t.Helper()
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("panic: %v\n%s", r, debug.Stack())
		}
		if t.Failed() {
			t.Logf("again with -run '^%s$' -seed %d -runs 1 -steps %d -peers %d", t.Name(), seed, *stepsFlag, *peersFlag)
		}
	}()
	f(t, rand.New(rand.NewPCG(seed, 1)))
}

// TestRandomPeersConverge: whatever people do and the network does to it, each copy
// is what the oracle says, and in the end all are equal.
func TestRandomPeersConverge(t *testing.T) {
	eachSeed(t, func(t *testing.T, rng *rand.Rand) {
		n := *peersFlag
		switch {
		case n > 0:
		case rng.IntN(12) == 0:
			n = 6 + rng.IntN(11)
		default:
			n = 2 + rng.IntN(4)
		}
		run(t, rng, n, *stepsFlag)
	})
}
