//go:build linux

package uitest

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// glance is the pause between two looks at a condition that is waited for.
const glance = 10 * time.Millisecond

// eventually waits until look says yes and returns how long that took. When it does
// not within the time, the test ends with what was seen last.
func eventually(t testing.TB, within time.Duration, what string, look func() (ok bool, seen string)) time.Duration {
	t.Helper()
	start := time.Now()
	for {
		ok, seen := look()
		took := time.Since(start)
		if ok {
			return took
		}
		if took > within {
			t.Fatalf("waited %v for this: %s\nseen last: %s", within, what, seen)
		}
		time.Sleep(glance)
	}
}

// quantiles says the middle, the 95th percentile and the greatest of times.
func quantiles(times []time.Duration) string {
	if len(times) == 0 {
		return "nothing measured"
	}
	sorted := slices.Sorted(slices.Values(times))
	at := func(q float64) time.Duration {
		return sorted[int(q*float64(len(sorted)-1))].Round(100 * time.Microsecond)
	}
	return fmt.Sprintf("p50 %v, p95 %v, max %v (%d measured)", at(0.5), at(0.95), at(1), len(sorted))
}
