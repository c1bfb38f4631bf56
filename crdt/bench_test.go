package crdt_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// perEdit reports the time that n edits took, per edit.
func perEdit(b *testing.B, unit string, n int, elapsed time.Duration) {
	b.ReportMetric(float64(elapsed.Nanoseconds())/float64(n)/float64(b.N), unit)
}

// BenchmarkTrace replays recorded typing: as local edits; as changes of one key
// each that a copy applies; and as the bytes of those, decoded as well.
func BenchmarkTrace(b *testing.B) {
	folder := os.Getenv("INKLING_TRACES")
	paths, _ := filepath.Glob(filepath.Join(folder, "*.json.gz"))
	if folder == "" || len(paths) == 0 {
		b.Fatal("set INKLING_TRACES to a folder with sequential traces, *.json.gz, from https://github.com/josephg/editing-traces")
	}
	for _, path := range paths {
		trace, err := crdttest.LoadTrace(path)
		if err != nil {
			b.Log(err)
			continue
		}
		b.Run(strings.TrimSuffix(filepath.Base(path), ".json.gz"), func(b *testing.B) { replayTrace(b, trace) })
	}
}

func replayTrace(b *testing.B, trace *crdttest.Trace) {
	var local, remote, load time.Duration
	size := 0
	for b.Loop() {
		start := time.Now()
		d := crdt.New()
		d.Attach(anaID)
		for _, e := range trace.Edits {
			replaceBench(d, e)
		}
		local += time.Since(start)
		if d.Text() != trace.End {
			b.Fatal("the replay ends with another text")
		}
		changes := keyByKey(trace)
		start = time.Now()
		other := crdt.New()
		for _, c := range changes {
			mustApply(b, other, c)
		}
		remote += time.Since(start)
		if other.Text() != trace.End {
			b.Fatal("the copy ends with another text")
		}
		bodies := make([][]byte, len(changes))
		size = 0
		for i, c := range changes {
			bodies[i] = c.Bytes()
			size += len(bodies[i])
		}
		start = time.Now()
		loadAll(b, bodies)
		load += time.Since(start)
	}
	n := len(trace.Edits)
	perEdit(b, "local-ns/edit", n, local)
	perEdit(b, "remote-ns/edit", n, remote)
	perEdit(b, "load-ns/edit", n, load)
	b.ReportMetric(float64(size)/float64(n), "bytes/edit")
	b.ReportMetric(0, "ns/op")
}

func replaceBench(d *crdt.Doc, e crdttest.Edit) {
	d.Delete(e.At, e.At+e.Delete, noon)
	d.Insert(e.At, e.Insert, noon)
}

func keyByKey(trace *crdttest.Trace) (changes []*crdt.Change) {
	d := crdt.New()
	d.Attach(anaID)
	for _, e := range trace.Edits {
		replaceBench(d, e)
		changes = append(changes, d.Flush(noon)...)
	}
	return changes
}

func mustApply(b *testing.B, d *crdt.Doc, c *crdt.Change) {
	if _, err := d.Apply(c); err != nil {
		b.Fatal(err)
	}
}

func loadAll(b *testing.B, bodies [][]byte) {
	d := crdt.New()
	for _, body := range bodies {
		c, err := crdt.DecodeChange(body)
		if err != nil {
			b.Fatal(err)
		}
		mustApply(b, d, c)
	}
}

// BenchmarkImport inserts 1 MB at once.
func BenchmarkImport(b *testing.B) {
	text := strings.Repeat("All human beings are born free and equal.\n", 25_000)
	for b.Loop() {
		d := crdt.New()
		d.Attach(anaID)
		d.Insert(0, text, noon)
		d.Flush(noon)
	}
}

// BenchmarkScatteredEdits makes 100,000 edits of one key each, at random places of a
// text of 1 MB.
func BenchmarkScatteredEdits(b *testing.B) {
	const edits = 100_000
	text := strings.Repeat("All human beings are born free and equal.\n", 25_000)
	for b.Loop() {
		rng := rand.New(rand.NewPCG(1, 1))
		d := crdt.New()
		d.Attach(anaID)
		d.Insert(0, text, noon)
		for range edits {
			d.Insert(rng.IntN(d.Len()), "x", noon)
			d.Flush(noon)
		}
	}
	perEdit(b, "ns/edit", edits, b.Elapsed())
	b.ReportMetric(0, "ns/op")
}

// BenchmarkSiblings applies inserts of 10,000 replicas at one place.
func BenchmarkSiblings(b *testing.B) {
	const replicas = 10_000
	for b.Loop() {
		d := crdt.New()
		for i := range replicas {
			r := crdt.ReplicaID{1, byte(i >> 8), byte(i)}
			mustApply(b, d, &crdt.Change{Replica: r, Ops: []crdt.Op{insertOp(crdt.ID{}, "x")}})
		}
	}
	perEdit(b, "ns/edit", replicas, b.Elapsed())
	b.ReportMetric(0, "ns/op")
}
