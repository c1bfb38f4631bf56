package storage_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/storage"
)

// BenchmarkSalvage measures the salvage of one document of 100,000 changes of two people by turns, kept as rows and as a block.
func BenchmarkSalvage(b *testing.B) {
	for _, kind := range []string{"rows", "block"} {
		b.Run(kind, func(b *testing.B) {
			l, doc := benchLibrary(b)
			rng := rand.New(rand.NewPCG(1, 1))
			hands, next := []*hand{newHand(1, 1), newHand(1, 2)}, []uint32{0, 0}
			var list []*crdt.Change
			for range 100_000 {
				i := rng.IntN(2)
				c := hands[i].insert(next[i], scribble(rng, 1+rng.IntN(5)))
				next[i] = c.Next
				if list = append(list, c); len(list) == 10_000 {
					mustSave(b, l, doc, list...)
					list = nil
				}
			}
			if kind == "block" {
				compactAll(b, l, doc)
			}
			if err := l.Close(); err != nil {
				b.Fatal(err)
			}
			began := time.Now()
			for b.Loop() {
				if report, err := storage.Salvage(context.Background(), l.Dir(), device); err != nil || !report.Whole() {
					b.Fatal(report, err)
				}
			}
			b.ReportMetric(time.Since(began).Seconds()*1e6/float64(b.N)/100_000, "µs/change")
		})
	}
}
