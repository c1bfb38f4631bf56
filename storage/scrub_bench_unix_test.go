//go:build unix

package storage_test

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"inkling/crdt"
)

// cpuTime returns how much of the processors this process has used, which other programs do not alter as they do the time that passes.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkScrub measures the scrub over blocks in parts of 256 KiB, and over rows of short edits.
func BenchmarkScrub(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, kind := range []string{"blocks", "rows"} {
		b.Run(kind, func(b *testing.B) {
			l, doc := benchLibrary(b)
			h, next := newHand(1, 1), uint32(0)
			letters, n := 80_000, 100
			if kind == "rows" {
				letters, n = 4, 100_000
			}
			var list []*crdt.Change
			for range n {
				c := h.insert(next, scribble(rng, letters))
				next = c.Next
				list = append(list, c)
				if len(list) == 10_000 || kind == "blocks" && len(list) == 50 {
					mustSave(b, l, doc, list...)
					list = nil
				}
			}
			if kind == "blocks" {
				compactAll(b, l, doc)
			}
			scrubAll(b, l, 1<<30) // the file is in the system's memory from here on
			var bytes int64
			began, cpu := time.Now(), cpuTime(b)
			for b.Loop() {
				found, read := scrubAll(b, l, 1<<30)
				if bytes += read; len(found) > 0 {
					b.Fatal(found)
				}
			}
			b.ReportMetric(float64(bytes)/time.Since(began).Seconds()/1e6, "MB/s")
			b.ReportMetric(float64(bytes)/(cpuTime(b)-cpu).Seconds()/1e6, "MB/cpu-s")
			b.ReportMetric(float64(bytes)/float64(b.N)/1e6, "MB")
		})
	}
}
