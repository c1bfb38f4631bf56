package spantree

import (
	"compress/gzip"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// ascending is a source in which a greater LV has a greater key, as in a document
// with one author, and nothing is a newline.
type ascending struct{}

func (ascending) Less(a, b uint32) bool        { return a < b }
func (ascending) Newlines(first, n uint32) int { return 0 }

// lonely is a source in which no two elements make one span.
type lonely struct{}

func (lonely) Less(a, b uint32) bool        { return a > b }
func (lonely) Newlines(first, n uint32) int { return 0 }

// typeAt types n elements in front of the k-th visible one.
func typeAt(t *Tree, k int, first, n uint32) {
	for i := range n {
		p := t.Start()
		if k > 0 {
			p = t.Behind(t.Nth(Visible, k-1))
		}
		t.Insert(p, first+i, 1)
		k++
	}
}

// scattered is a tree of n spans of one element, put at random places.
func scattered(source Source, n uint32) *Tree {
	t, rng := New(source), rand.New(rand.NewPCG(1, 2))
	for lv := range n {
		typeAt(t, rng.IntN(int(lv)+1), lv*2, 1)
	}
	return t
}

func BenchmarkTyping(b *testing.B) {
	t := scattered(ascending{}, 12500)
	lv := uint32(25000)
	typeAt(t, 5000, lv, 1)
	for k := 5001; b.Loop(); k++ {
		lv++
		t.Insert(t.Behind(t.Nth(Visible, k-1)), lv, 1)
	}
}

// BenchmarkRemote is one element after another by their names, not positions.
func BenchmarkRemote(b *testing.B) {
	t := scattered(ascending{}, 12500)
	lv := uint32(25000)
	typeAt(t, 5000, lv, 1)
	for b.Loop() {
		p := t.Skip(t.Behind(t.Find(lv)), lv+1)
		t.Insert(p, lv+1, 1)
		lv++
	}
}

func BenchmarkRandomInsert(b *testing.B) {
	for _, size := range []struct {
		name string
		n    uint32
	}{{"10k", 10_000}, {"1M", 1_000_000}} {
		b.Run(size.name, func(b *testing.B) {
			t, rng := scattered(ascending{}, size.n), rand.New(rand.NewPCG(3, 4))
			b.ReportMetric(float64(t.Bytes())/float64(t.Spans()), "B/span")
			b.ReportAllocs()
			for lv := size.n; b.Loop(); lv++ {
				typeAt(t, rng.IntN(int(lv)), lv*2, 1)
			}
		})
	}
}

func BenchmarkBackspace(b *testing.B) {
	const n = 1_000_000
	t, k := New(ascending{}), 0
	for b.Loop() {
		if k == 0 {
			b.StopTimer()
			t = scattered(ascending{}, 12500)
			t.Insert(t.Nth(Visible, 5000), 25000, n)
			k = n
			b.StartTimer()
		}
		k--
		t.SetDead(t.Nth(Visible, 5000+k), 1, true)
	}
}

func BenchmarkEverySecond(b *testing.B) {
	const n = 100_000
	for b.Loop() {
		t := built(New(ascending{}), Part{Stretch: Stretch{0, n, false}})
		for k := range n / 2 {
			t.SetDead(t.Nth(Visible, k), 1, true)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(n/2), "ns/delete")
}

// BenchmarkSkip: 100,000 siblings at one place. Each new one has the least key so
// far and has to pass all others, or the greatest and stays in front.
func BenchmarkSkip(b *testing.B) {
	for _, order := range []struct {
		name   string
		source Source
	}{{"past-all", lonely{}}, {"past-none", ascending{}}} {
		b.Run(order.name, func(b *testing.B) {
			const n = 100_000
			for b.Loop() {
				t := New(order.source)
				for lv := range uint32(n) {
					t.Insert(t.Skip(t.Start(), lv*2), lv*2, 1)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/insert")
		})
	}
}

func BenchmarkBuild(b *testing.B) {
	var parts []Part
	for s := range scattered(ascending{}, 12500).All() {
		parts = append(parts, Part{Stretch: s, Rank: uint64(s.First)})
	}
	b.ReportAllocs()
	for b.Loop() {
		built(New(ascending{}), parts...)
	}
}

// A patch of an editing trace: delete n elements at position at, then insert text.
type patch struct{ at, deleted, inserted int }

// readTrace reads the patches of a sequential trace. The traces are public:
// github.com/josephg/editing-traces, sequential_traces; INKLING_TRACES names a
// folder with some of them.
func readTrace(b *testing.B, name string) (patches []patch) {
	dir := os.Getenv("INKLING_TRACES")
	if dir == "" {
		b.Skip("set INKLING_TRACES to a folder with the sequential traces of github.com/josephg/editing-traces")
	}
	file, err := os.Open(filepath.Join(dir, name+".json.gz"))
	if err != nil {
		b.Skip(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		b.Fatal(err)
	}
	var trace struct {
		Txns []struct{ Patches [][3]any }
	}
	if err := json.NewDecoder(unzipped).Decode(&trace); err != nil {
		b.Fatal(err)
	}
	for _, txn := range trace.Txns {
		for _, p := range txn.Patches {
			patches = append(patches, patch{int(p[0].(float64)), int(p[1].(float64)), len([]rune(p[2].(string)))})
		}
	}
	return patches
}

// replay does what the trace's author did.
func replay(patches []patch) *Tree {
	t, lv := New(ascending{}), uint32(0)
	for _, p := range patches {
		for left := p.deleted; left > 0; {
			at := t.Nth(Visible, p.at)
			s, _ := t.At(at)
			n := min(int(s.N), left)
			t.SetDead(at, uint32(n), true)
			left -= n
			lv += uint32(n)
		}
		if p.inserted > 0 {
			at := t.gapBehind(p.at)
			t.Insert(at, lv, uint32(p.inserted))
			lv += uint32(p.inserted)
		}
	}
	return t
}

func BenchmarkTrace(b *testing.B) {
	for _, name := range []string{"automerge-paper", "rustcode", "sveltecomponent", "seph-blog1"} {
		b.Run(name, func(b *testing.B) {
			patches := readTrace(b, name)
			t := replay(patches)
			if err := t.Check(); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				t = replay(patches)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(patches)), "ns/patch")
			b.ReportMetric(float64(t.Spans()), "spans")
			b.ReportMetric(float64(t.Bytes())/float64(t.Spans()), "B/span")
		})
	}
}
