package storage_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/crdt/crdttest"
	"inkling/storage"
)

// BenchmarkTraceOnDisk keeps recorded editing sessions of one person, one change per transaction, and compacts them.
//
//	rows-B, disk-B    what is kept on disk for the document as rows, and compacted: pages in use beyond those of an empty library
//	block-B           the block
//	load-rows-ms      document from rows
//	load-ms           document from the compacted library, with 100 rows behind the block
//	compose-ms        rows to block, proven and stored
//	settle-ms         block read and proven, rows deleted
//	shrink-ms         the file made shorter
//	again-ms          compose and settle with those 100 rows
//	archive-ms        the changes out of the block, for a peer that has nothing
//	since-µs          what a peer lacks that has all but the last of those 100 rows
//	wait-ms           the longest that a key waited for its commit while the first two ran, and (still-ms) as long without them
func BenchmarkTraceOnDisk(b *testing.B) {
	folder := os.Getenv("INKLING_TRACES")
	if folder == "" {
		folder = "../../shared/traces"
	}
	paths, _ := filepath.Glob(filepath.Join(folder, "*.json.gz"))
	if len(paths) == 0 {
		b.Skip("no traces in " + folder + ": set INKLING_TRACES to a folder with *.json.gz from https://github.com/josephg/editing-traces")
	}
	for _, path := range paths {
		b.Run(strings.TrimSuffix(filepath.Base(path), ".json.gz"), func(b *testing.B) {
			trace, err := crdttest.LoadTrace(path)
			if err != nil {
				b.Fatal(err)
			}
			if trace.Agents > 1 {
				b.Skip("of several people")
			}
			benchOnDisk(b, trace)
		})
	}
}

// play returns the changes of a trace.
func play(b *testing.B, trace *crdttest.Trace, p crdttest.Person) (changes []*crdt.Change) {
	d := crdt.New(p.Genesis())
	if err := d.Attach(p.Author); err != nil {
		b.Fatal(err)
	}
	for _, txn := range trace.Txns {
		for _, e := range txn.Edits {
			if e.Delete > 0 {
				d.Delete(e.At, e.At+e.Delete, txn.Time)
			}
			if e.Insert != "" {
				d.Insert(e.At, e.Insert, txn.Time)
			}
		}
		changes = append(changes, p.Flush(d)...)
	}
	return changes
}

func benchOnDisk(b *testing.B, trace *crdttest.Trace) {
	p := crdttest.People(1)[0]
	changes := play(b, trace, p)
	fresh := changes[len(changes)-100:]
	for b.Loop() {
		l, other := benchLibrary(b)
		if err := l.Add(p.Genesis(), day); err != nil {
			b.Fatal(err)
		}
		doc := p.Genesis().DocID()
		empty := pages(b, l)
		mustSave(b, l, doc, changes[:len(changes)-100]...)
		b.ReportMetric(float64(pages(b, l)-empty), "rows-B")
		took(b, "load-rows-ms", func() { load(b, l, doc) })
		b.ReportMetric(waits(b, l, other, func() { time.Sleep(time.Second) }), "still-ms")
		b.ReportMetric(waits(b, l, other, func() {
			took(b, "compose-ms", func() { compact(b, l, doc) })
			took(b, "settle-ms", func() { compact(b, l, doc) })
		}), "wait-ms")
		block, err := l.Base(doc)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(block.Length), "block-B")
		if err := storage.AlterOpen(l, "DELETE FROM change WHERE doc <> (SELECT max(id) FROM doc)"); err != nil { // what was typed meanwhile
			b.Fatal(err)
		}
		took(b, "shrink-ms", func() {
			if _, err := l.Shrink(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
		b.ReportMetric(float64(pages(b, l)-empty), "disk-B")
		mustSave(b, l, doc, fresh...)
		took(b, "load-ms", func() {
			if load(b, l, doc).Text() != trace.End {
				b.Fatal("the trace ends with another text")
			}
		})
		took(b, "archive-ms", func() {
			if frames, _, err := l.Since(doc, nil, 1); err != nil || len(frames) == 0 {
				b.Fatal(len(frames), err)
			}
		})
		have := []crdt.Head{headOf(changes[len(changes)-2])}
		began := time.Now()
		for range 1000 {
			if frames, _, err := l.Since(doc, have, 1000); err != nil || len(frames) != 1 {
				b.Fatal(len(frames), err)
			}
		}
		b.ReportMetric(float64(time.Since(began).Microseconds())/1000, "since-µs")
		took(b, "again-ms", func() {
			compact(b, l, doc)
			compact(b, l, doc)
		})
	}
	b.ReportMetric(0, "ns/op")
}

func load(b *testing.B, l *storage.Library, doc crdt.DocID) *crdt.Doc {
	d, err := l.Load(doc)
	if err != nil {
		b.Fatal(err)
	}
	return d
}

func took(b *testing.B, name string, f func()) {
	began := time.Now()
	f()
	b.ReportMetric(float64(time.Since(began).Microseconds())/1000, name)
}

// pages returns the bytes of l's pages that are in use.
func pages(b *testing.B, l *storage.Library) (bytes int) {
	for pragma, sign := range map[string]int{"page_count": 1, "freelist_count": -1} {
		n, err := storage.Setting(l, pragma)
		if err != nil {
			b.Fatal(err)
		}
		bytes += 4096 * sign * n
	}
	return bytes
}

// waits types in another document, 20 keys a second, while f runs, and returns how many ms the slowest key waited for
// its commit.
func waits(b *testing.B, l *storage.Library, doc crdt.DocID, f func()) float64 {
	b.Helper()
	var most atomic.Int64
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		d, err := l.Load(doc)
		if err != nil {
			b.Error(err)
			return
		}
		seq := uint32(d.Len())
		ana := newHand(1, 1)
		for i := range seq {
			ana.insert(i, "x")
		}
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for ; ctx.Err() == nil; seq++ {
			began := time.Now()
			l.Append(doc, []*crdt.Change{ana.insert(seq, "x")}, "title", day, func(err error) {
				if err != nil {
					b.Error(err)
				}
				most.Store(max(most.Load(), int64(time.Since(began))))
			})
			<-tick.C
		}
	}()
	f()
	stop()
	<-ended
	return time.Duration(most.Load()).Seconds() * 1000
}
