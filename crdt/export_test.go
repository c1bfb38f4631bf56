package crdt

import "math/rand/v2"

// ShrinkContainers makes runs, blocks and index pages small, mostly, so that a short test
// splits and fills many of them. The result undoes that.
func ShrinkContainers(rng *rand.Rand) (restore func()) {
	run, runs, page := maxRun, maxRuns, maxPage
	if rng.IntN(4) > 0 {
		maxRun, maxRuns, maxPage = 1+rng.Uint32N(8), 2+rng.IntN(6), 2+rng.IntN(4)
	}
	return func() { maxRun, maxRuns, maxPage = run, runs, page }
}
