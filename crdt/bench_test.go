package crdt_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// perEdit reports the time that n edits took, per edit, and not that of all.
func perEdit(b *testing.B, n int, elapsed time.Duration) {
	b.ReportMetric(float64(elapsed.Nanoseconds())/float64(n)/float64(b.N), "ns/edit")
	b.ReportMetric(0, "ns/op")
}

const article = "All human beings are born free and equal.\n"

// BenchmarkImport inserts 1 MB at once and makes changes of it.
func BenchmarkImport(b *testing.B) {
	p := crdttest.NewPerson("Ana")
	text := strings.Repeat(article, 25_000)
	for b.Loop() {
		d := crdt.New(p.Genesis())
		succeed(b, d.Attach(p.Author))
		d.Insert(0, text, noon)
		d.Flush()
	}
}

// BenchmarkScatteredEdits makes 100,000 edits of one key each, at random places of a
// text of 1 MB, each flushed and sealed, but not signed.
func BenchmarkScatteredEdits(b *testing.B) {
	const edits = 100_000
	text := strings.Repeat(article, 25_000)
	for b.Loop() {
		rng := rand.New(rand.NewPCG(1, 1))
		_, d := solo(b, "Ana")
		d.Insert(0, text, noon)
		for range edits {
			d.Insert(rng.IntN(d.Len()), "x", noon)
			d.Flush()
		}
	}
	perEdit(b, edits, b.Elapsed())
}

// BenchmarkApply takes 10,000 keys from elsewhere, with the one signature at the end:
// in batches of 1,000, which wait for it, and all at once.
func BenchmarkApply(b *testing.B) {
	p, d := solo(b, "Ana")
	for at := range 10_000 {
		d.Insert(at, "x", noon)
		p.Flush(d)
	}
	all := crdttest.Frames(d.DeltaSince(nil))
	for name, size := range map[string]int{"batches": 1000, "one piece": len(all)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				other := crdt.New(p.Genesis())
				for from := 0; from < len(all); from += size {
					var batch []*crdt.Change
					for _, f := range all[from:min(from+size, len(all))] {
						c, _, err := crdt.DecodeFrame(f)
						succeed(b, err)
						batch = append(batch, c)
					}
					_, err := other.Apply(batch...)
					succeed(b, err)
				}
				if other.Len() != len(all) {
					b.Fatal("the copy is not complete")
				}
			}
			perEdit(b, len(all), b.Elapsed())
		})
	}
}

// BenchmarkWaiting takes 1,000 unsigned changes of one chain, one by one; all wait.
func BenchmarkWaiting(b *testing.B) {
	const changes = 1000
	p, d := solo(b, "Ana")
	for at := range changes + 1 {
		d.Insert(at, "x", noon)
		p.Flush(d)
	}
	all := d.DeltaSince(nil)[:changes]
	for b.Loop() {
		other := crdt.New(p.Genesis())
		for _, c := range all {
			_, err := other.Apply(c)
			succeed(b, err)
		}
		if other.Pending() != changes {
			b.Fatal("they do not wait")
		}
	}
	perEdit(b, changes, b.Elapsed())
}
