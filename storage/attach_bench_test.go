package storage_test

import (
	"context"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/storage"
)

// attachedBytes is the length of the file of BenchmarkAttach.
const attachedBytes = 100 << 20

// BenchmarkAttach attaches a file of 100 MB and reads it back, and tells how fast, with how much memory more than before
// (of the Go heap, and of the process at its most), and how long a key typed meanwhile, each 20 ms, took from Append to
// done.
func BenchmarkAttach(b *testing.B) {
	for b.Loop() {
		l, doc := benchLibrary(b)
		source := rand.NewChaCha8([32]byte{})
		debug.FreeOSMemory()
		clearPeak(b)
		heap, rss := memoryNow(b)
		stop, keys := typeMeanwhile(b, l, doc)
		peak := watchHeap()
		began := time.Now()
		a, err := l.Attach(context.Background(), doc, "film.mp4", attachedBytes, io.LimitReader(source, attachedBytes), day)
		if err != nil {
			b.Fatal(err)
		}
		wrote := time.Since(began)
		close(stop)
		times := <-keys
		began = time.Now()
		r, err := l.Attachment(context.Background(), a.Hash)
		if err != nil {
			b.Fatal(err)
		}
		sum := sha256.New()
		if n, err := r.WriteTo(sum); err != nil || n != attachedBytes || storage.FileHash(sum.Sum(nil)) != a.Hash {
			b.Fatal(n, err)
		}
		read := time.Since(began)
		b.ReportMetric(attachedBytes/1e6/wrote.Seconds(), "write-MB/s")
		b.ReportMetric(attachedBytes/1e6/read.Seconds(), "read-MB/s")
		b.ReportMetric(float64(peak()-heap)/1e6, "heap-MB")
		b.ReportMetric(float64(peakRSS(b)-rss)/1e6, "rss-MB")
		b.ReportMetric(float64(slices.Max(times).Microseconds()), "key-max-µs")
		report(b, times)
	}
}

// typeMeanwhile types a key each 20 ms until stop is closed, and then tells how long each took.
func typeMeanwhile(b *testing.B, l *storage.Library, doc crdt.DocID) (stop chan struct{}, keys chan []time.Duration) {
	stop, keys = make(chan struct{}), make(chan []time.Duration, 1)
	go func() {
		var times []time.Duration
		ana := newHand(1, 1)
		for seq := uint32(0); ; seq++ {
			began := time.Now()
			if err := save(l, doc, []*crdt.Change{ana.insert(seq, "x")}, "title", day); err != nil {
				b.Error(err)
			}
			times = append(times, time.Since(began))
			select {
			case <-stop:
				keys <- times
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return stop, keys
}

// watchHeap returns what tells the greatest heap since.
func watchHeap() (peak func() int64) {
	stop, greatest := make(chan struct{}), make(chan int64)
	go func() {
		var most uint64
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
			select {
			case <-stop:
				greatest <- int64(most)
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	return func() int64 { close(stop); return <-greatest }
}

// memoryNow returns the bytes of the Go heap, and of the process in memory.
func memoryNow(b *testing.B) (heap, rss int64) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc), status(b, "VmRSS:")
}

// clearPeak makes the kernel forget how much memory the process had at its most.
func clearPeak(b *testing.B) {
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		b.Skipf("memory is measured on Linux only: %v", err)
	}
}

func peakRSS(b *testing.B) int64 { return status(b, "VmHWM:") }

// status returns bytes that /proc/self/status tells in kB.
func status(b *testing.B, what string) int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skipf("memory is measured on Linux only: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, what); found {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			return n << 10
		}
	}
	b.Fatalf("/proc/self/status has no %s", what)
	return 0
}
