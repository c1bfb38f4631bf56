package portable

import (
	"bytes"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// BenchmarkFile writes and reads recorded editing sessions of one person, one change per transaction.
//
//	file-B      the file
//	plain-B     its changes before packing
//	gather-ms   changes from a disk to a parcel, verified
//	write-ms    parcel to file
//	read-ms     file to parcel, verified
//	read-MB     heap that the parcel takes
func BenchmarkFile(b *testing.B) {
	folder := os.Getenv("INKLING_TRACES")
	paths, _ := filepath.Glob(filepath.Join(folder, "*.json.gz"))
	if folder == "" || len(paths) == 0 {
		b.Skip("set INKLING_TRACES to a folder with *.json.gz from https://github.com/josephg/editing-traces")
	}
	for _, path := range paths {
		trace, err := crdttest.LoadTrace(path)
		if err != nil {
			b.Fatal(err)
		}
		if trace.Agents > 1 {
			continue
		}
		b.Run(strings.TrimSuffix(filepath.Base(path), ".json.gz"), func(b *testing.B) { benchFile(b, trace) })
	}
}

func benchFile(b *testing.B, trace *crdttest.Trace) {
	ana := crdttest.NewPerson("Ana")
	d := crdt.New(ana.Genesis())
	if err := d.Attach(ana.Author); err != nil {
		b.Fatal(err)
	}
	var changes []*crdt.Change
	for _, txn := range trace.Txns {
		for _, e := range txn.Edits {
			d.Delete(e.At, e.At+e.Delete, txn.Time)
			d.Insert(e.At, e.Insert, txn.Time)
		}
		changes = append(changes, flush(d, ana.Key)...)
	}
	for b.Loop() {
		start := time.Now()
		p, err := Gather(ana.Genesis(), journal(slices.Clone(changes)))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(ms(start), "gather-ms")
		start = time.Now()
		written := file(b, p)
		b.ReportMetric(ms(start), "write-ms")
		plain, _ := sections(b, written)
		b.ReportMetric(float64(len(written)), "file-B")
		b.ReportMetric(float64(len(plain)), "plain-B")
		before := heap()
		start = time.Now()
		q, err := Read(bytes.NewReader(written))
		if err != nil || q.Doc().Text() != trace.End {
			b.Fatalf("another text: %v", err)
		}
		b.ReportMetric(ms(start), "read-ms")
		b.ReportMetric(float64(heap()-before)/1e6, "read-MB")
		runtime.KeepAlive(q)
	}
}

func flush(d *crdt.Doc, key ed25519.PrivateKey) []*crdt.Change {
	batch := d.Flush()
	changes := batch.Seal(key)
	d.Sealed(changes)
	return changes
}

func ms(since time.Time) float64 { return float64(time.Since(since).Microseconds()) / 1000 }

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
