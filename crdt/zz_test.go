package crdt

import "testing"
import "fmt"
import "os"
import "strings"
import "path/filepath"
import "time"

func DumpFrames(d *Doc, name string) {
	f, _ := os.Create("/tmp/frames/" + name)
	defer f.Close()
	f.Write(d.genesis.Bytes())
	for _, c := range d.DeltaSince(nil) {
		f.Write(c.AppendFrame(nil))
	}
}

func TestZZSizes(t *testing.T) {
	paths, _ := filepath.Glob("/tmp/frames/*")
	for _, p := range paths {
		b, _ := os.ReadFile(p)
		g, _ := DecodeGenesis(b[:GenesisSize])
		d := New(g)
		for rest := b[GenesisSize:]; len(rest) > 0; {
			c, more, err := DecodeFrame(rest)
			if err != nil {
				t.Fatal(err)
			}
			c.Hash = Hash{1}
			if _, err := d.Load(c); err != nil {
				t.Fatal(err)
			}
			rest = more
		}
		w := blockWriter{d: d}
		w.head.replicas = d.inOrderOfArrival()
		t0 := time.Now()
		w.columns[columnChanges] = w.writeChanges()
		t1 := time.Now()
		w.columns[columnOps] = w.writeOps()
		t2 := time.Now()
		fmt.Println(strings.TrimPrefix(p, "/tmp/frames/"), "changes", len(w.columns[columnChanges]), "ops", len(w.columns[columnOps]), t1.Sub(t0), t2.Sub(t1), "groups", w.head.groups, "strokes", w.head.strokes)
	}
}

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

func BenchmarkZZLoad(b *testing.B) {
	paths, _ := filepath.Glob("/tmp/frames/*")
	for _, p := range paths {
		d := zzDoc(p)
		block, err := d.HistoryBlock()
		if err != nil {
			b.Fatal(err)
		}
		b.Run(filepath.Base(p), func(b *testing.B) {
			for b.Loop() {
				if _, err := LoadBlock(block); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
