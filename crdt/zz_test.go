package crdt

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

func zzDoc(p string) *Doc {
	b, _ := os.ReadFile(p)
	g, _ := DecodeGenesis(b[:GenesisSize])
	d := New(g)
	for rest := b[GenesisSize:]; len(rest) > 0; {
		c, more, _ := DecodeFrame(rest)
		c.Hash = Hash{1}
		d.Load(c)
		rest = more
	}
	return d
}

func zzMedian(n int, f func()) time.Duration {
	var all []time.Duration
	for range n {
		t := time.Now()
		f()
		all = append(all, time.Since(t))
	}
	slices.Sort(all)
	return all[n/2]
}

func TestZZParts(t *testing.T) {
	paths, _ := filepath.Glob("/tmp/frames/*")
	for _, p := range paths {
		d := zzDoc(p)
		block, _ := d.HistoryBlock()
		r := blockReader{reader: reader{b: block}}
		r.frame()
		fmt.Println(filepath.Base(p), len(block), "groups", r.head.groups, "runs", len(d.runs), "spans", d.tree.Spans(), "arrivals", len(d.arrivals), "bound", len(d.changes.entries))
		fmt.Println("  sha", zzMedian(101, func() { checksum(block) }))
		fmt.Println("  changes", zzMedian(101, func() {
			r := blockReader{reader: reader{b: block}}
			r.frame()
			r.readChanges()
		}), "frame", zzMedian(101, func() {
			r := blockReader{reader: reader{b: block}}
			r.frame()
		}))
		for _, l := range []zstd.EncoderLevel{zstd.SpeedFastest, zstd.SpeedDefault, zstd.SpeedBetterCompression, zstd.SpeedBestCompression} {
			e, _ := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false), zstd.WithEncoderLevel(l), zstd.WithSingleSegment(true))
			z := e.EncodeAll(d.text, nil)
			fmt.Println("  all text", len(d.text), l, len(z), zzMedian(101, func() { decompress(z, len(d.text)) }))
			live := []byte(d.Text())
			z = e.EncodeAll(live, nil)
			fmt.Println("  live text", len(live), l, len(z), zzMedian(101, func() { decompress(z, len(live)) }))
		}
		fmt.Println("  LoadBlock", zzMedian(51, func() { LoadBlock(block) }))
	}
}
