package textmodel

import (
	"compress/gzip"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The environment variable names a folder of sequential editing traces, as they
// are to be had from github.com/josephg/editing-traces (CC BY 4.0).
const tracesVariable = "INKLING_TRACES"

func BenchmarkTraces(b *testing.B) {
	files, _ := filepath.Glob(filepath.Join(os.Getenv(tracesVariable), "*.json.gz"))
	if os.Getenv(tracesVariable) == "" || len(files) == 0 {
		b.Skip(tracesVariable + " names no folder of traces; they come from github.com/josephg/editing-traces")
	}
	for _, file := range files {
		b.Run(strings.TrimSuffix(filepath.Base(file), ".json.gz"), func(b *testing.B) {
			benchmark(b, traceFile(b, file))
		})
	}
}

// What even the smallest document costs.
func BenchmarkSmall(b *testing.B) {
	benchmark(b, write(rand.New(rand.NewPCG(1, 2)), 50))
}

// benchmark encodes and decodes, and reports both.
func benchmark(b *testing.B, pieces []Piece) {
	empty := emptied(pieces)
	all, gaps := 0, gapBytes(pieces)
	for _, p := range pieces {
		all += len(p.Text)
	}
	b.Run("encode", func(b *testing.B) {
		coded := 0
		for b.Loop() {
			coded = len(Encode(pieces))
		}
		b.ReportMetric(float64(coded), "bytes")
		b.ReportMetric(float64(coded)*8/float64(gaps), "bits/byte")
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(all), "ns/byte")
	})
	b.Run("decode", func(b *testing.B) {
		data := Encode(pieces)
		for b.Loop() {
			if err := Decode(data, empty); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms")
	})
}

// traceFile gives the pieces after the edits of a trace:
// {startContent, txns: [{patches: [[offset, deleted, inserted], …]}, …]}.
func traceFile(b *testing.B, file string) []Piece {
	f, err := os.Open(file)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		b.Fatal(err)
	}
	var trace struct {
		Kind, StartContent, EndContent string
		Txns                           []struct{ Patches [][3]any }
	}
	if err := json.NewDecoder(z).Decode(&trace); err != nil {
		b.Fatal(err)
	}
	if trace.Kind == "concurrent" {
		b.Skip("offsets of several authors need a whole document to be understood")
	}
	var r replay
	r.edit(0, 0, []rune(trace.StartContent))
	for _, txn := range trace.Txns {
		for _, p := range txn.Patches {
			r.edit(int(p[0].(float64)), int(p[1].(float64)), []rune(p[2].(string)))
		}
	}
	var live strings.Builder
	for _, p := range r.pieces() {
		if p.Known {
			live.Write(p.Text)
		}
	}
	if live.String() != trace.EndContent {
		b.Fatal("the edits lead to another text than they should")
	}
	return r.pieces()
}
