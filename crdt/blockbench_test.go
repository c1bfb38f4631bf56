package crdt_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// BenchmarkBlock makes blocks of recorded editing sessions and reads them again.
//
//	block-B      history block, and its columns
//	write-ms     HistoryBlock
//	load-ms      LoadBlock, one edit, its undo, and a Flush
//	load-all-ms  the same, with the deleted text
func BenchmarkBlock(b *testing.B) {
	folder := os.Getenv("INKLING_TRACES")
	if folder == "" {
		folder = tracesFolder
	}
	paths, _ := filepath.Glob(filepath.Join(folder, "*.json.gz"))
	for _, path := range paths {
		trace := read(crdttest.LoadTrace(path))
		b.Run(strings.TrimSuffix(filepath.Base(path), ".json.gz"), func(b *testing.B) { benchBlock(b, trace) })
	}
}

func benchBlock(b *testing.B, trace *crdttest.Trace) {
	r := newReplay(trace)
	r.run()
	d := r.loadChanges(b)
	m := measures{}
	for b.Loop() {
		var block []byte
		m.ms("write-ms", func() { block = read(d.HistoryBlock()) })
		m.put("block-B", float64(len(block)))
		for name, n := range crdt.BlockSizes(block) {
			m.put(name+"-B", float64(n))
		}
		var loaded *crdt.Doc
		for range 5 {
			m.ms("load-ms", func() { loaded = read(crdt.LoadBlock(block)); touch(b, loaded, r) })
		}
		loaded = read(crdt.LoadBlock(block))
		if loaded.Text() != trace.End {
			b.Fatal("the block has another text")
		}
		m.ms("load-all-ms", func() {
			loaded = read(crdt.LoadBlock(block))
			x := loaded.DeletedText()
			if err := x.Decode(); err != nil {
				b.Fatal(err)
			}
			loaded.FillDeleted(x)
		})
		if err := loaded.Check(); err != nil {
			b.Fatal(err)
		}
		if err := loaded.Verify(); err != nil {
			b.Fatal(err)
		}
	}
	m.report(b)
}

func read[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
