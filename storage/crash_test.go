package storage_test

import (
	"flag"
	"hash/maphash"
	"math/rand/v2"
	"testing"
	"time"

	"inkling/storage"
	"inkling/storage/disktest"
)

var (
	imagesWanted = flag.Int("images", 100, "how many crash images TestCrash looks at")
	seedWanted   = flag.Uint64("seed", 0, "seed of the crash tests; 0: another each time")
)

// Crash tests run the library on a disk in memory, let the power fail at any moment, and
// look at what is left (package disktest says what that may be). In virtual time.

// crashes counts the images of one or more trials. No two images of a trial are equal.
type crashes struct {
	images, lost, corrupt int
	stages                map[string]int // of compaction, in images
}

// imagesPerPosition is how many images are drawn between two events of a disk.
const imagesPerPosition = 6

// look makes images all along the record of tr, until there are enough, and judges them.
// When few are wanted it passes over most positions.
func (c *crashes) look(tr *trial, lying bool, enough int, tell func(format string, args ...any)) {
	seen := map[uint64]*verdict{}
	seed := maphash.MakeSeed()
	chance := float64(enough-c.images) / float64(tr.disk.Position())
	for r := tr.replay(lying); c.images < enough && r.Next(); {
		if tr.rng.Float64() > chance {
			continue
		}
		draws := imagesPerPosition
		if r.Settled() {
			draws = 1
		}
		for ; draws > 0 && c.images < enough; draws-- {
			image := r.Image(tr.rng)
			sum := image.Sum(seed)
			if seen[sum] == nil {
				tr.bubble(func(*testing.T) { seen[sum] = tr.judge(image) })
				c.images++
				c.stages[seen[sum].stage]++
			}
			image.Close()
			c.count(tr, seen[sum], r.Position(), tell)
		}
	}
}

// imagesOfOne is how many images of one short trial sample looks at.
const imagesOfOne = 25

// sample makes images along the record that r replays, each position with the given chance, until there are enough or as many as of one trial,
// and has them judged.
func (c *crashes) sample(r *disktest.Replay, rng *rand.Rand, enough int, chance float64, judge func(*disktest.Disk, int) (lost, corrupt error), tell func(format string, args ...any)) {
	seen := map[uint64]bool{}
	seed := maphash.MakeSeed()
	for quota := min(c.images+imagesOfOne, enough); c.images < quota && r.Next(); {
		if rng.Float64() > chance {
			continue
		}
		image := r.Image(rng)
		if sum := image.Sum(seed); !seen[sum] {
			seen[sum] = true
			c.images++
			lost, corrupt := judge(image, r.Position())
			if lost != nil {
				c.lost++
				tell("power cut at event %d: %v", r.Position(), lost)
			}
			if corrupt != nil {
				c.corrupt++
				tell("power cut at event %d: %v", r.Position(), corrupt)
			}
		}
		image.Close()
	}
}

// count counts what is wrong with an image, once.
func (c *crashes) count(tr *trial, v *verdict, position int, tell func(format string, args ...any)) {
	lost := v.lost(tr, position)
	switch {
	case v.told:
		return
	case v.corrupt != nil:
		c.corrupt++
		tell("power cut at event %d: %v", position, v.corrupt)
	case lost != nil:
		c.lost++
		tell("power cut at event %d: %v", position, lost)
	}
	v.told = v.corrupt != nil || lost != nil
}

// entriesPerTrial keeps trials short: what grows with it is the time that an image
// takes, not the number of states that a disk may be left in.
const entriesPerTrial = 24

// crashTrial runs a trial, with checkpoints now often, now as in the program, and compaction in small steps or in
// those of the program.
func crashTrial(t *testing.T, rng *rand.Rand) *trial {
	t.Helper()
	pages := []string{"4", "16", "64", "256"}[rng.IntN(4)]
	defer storage.SetPragma("wal_autocheckpoint", pages)()
	if rng.IntN(2) == 0 {
		defer storage.SmallSteps()()
	}
	tr := newTrial(t, rng, writing(t, rng, entriesPerTrial))
	tr.run()
	return tr
}

func crashSeed(t *testing.T) *rand.Rand {
	t.Helper()
	seed := *seedWanted
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// Whenever the power fails, what was said to be committed is there, and the library is
// whole.
func TestCrash(t *testing.T) {
	rng := crashSeed(t)
	began := time.Now()
	c := crashes{stages: map[string]int{}}
	trials := 0
	for ; c.images < *imagesWanted && !t.Failed(); trials++ {
		tr := crashTrial(t, rng)
		c.look(tr, false, *imagesWanted, t.Errorf)
		tr.disk.Close()
	}
	t.Logf("%d trials, %.0f images a minute; of compaction: %v", trials, float64(c.images)/time.Since(began).Minutes(), c.stages)
	t.Logf("images=%d lost=%d corrupt=%d", c.images, c.lost, c.corrupt)
}

// The same run must find the losses of a library that does not wait for the disk.
func TestCrashTestsFindAMissingSync(t *testing.T) {
	defer storage.SetPragma("synchronous", "normal")()
	if c := untilFound(t, false); c.lost == 0 {
		t.Errorf("%+v: nothing lost with synchronous=NORMAL", c)
	}
}

// And those of a disk that says that it has written, and has not.
func TestCrashTestsFindALyingDisk(t *testing.T) {
	if c := untilFound(t, true); c.lost == 0 || c.corrupt == 0 {
		t.Errorf("%+v: a disk that lies about syncing was not found out", c)
	}
}

// untilFound looks at up to 2000 images, until it has met what is wrong.
func untilFound(t *testing.T, lying bool) (c crashes) {
	t.Helper()
	rng := crashSeed(t)
	c.stages = map[string]int{}
	for c.images < 2000 && (c.lost == 0 || lying && c.corrupt == 0) {
		tr := crashTrial(t, rng)
		c.look(tr, lying, c.images+40, func(string, ...any) {})
		tr.disk.Close()
	}
	t.Logf("images=%d lost=%d corrupt=%d", c.images, c.lost, c.corrupt)
	return c
}
