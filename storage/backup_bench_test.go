package storage_test

import (
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/storage"
)

// BenchmarkBackup makes a backup of a library of 80 MB while somebody writes a letter each 5 ms. It reports how long
// that takes, and from Append to done the worst of the letters, beside the worst of as many without a backup.
func BenchmarkBackup(b *testing.B) {
	dir := b.TempDir()
	l, err := storage.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	fillBig(b, l, 80<<20)
	doc := add(b, l, 1)
	ana := newHand(1, 1)
	seq := uint32(0)
	var bytes int64
	var took time.Duration
	var alone, during []time.Duration
	for i := 0; b.Loop(); i++ {
		made := make(chan error, 1)
		rest := make(chan error)
		wait := time.AfterFunc(time.Second, func() { close(rest) })
		alone = append(alone, typeUntil(b, l, doc, ana, &seq, rest)...)
		wait.Stop()
		began := time.Now()
		go func() {
			backup, err := l.Back(b.Context(), day.Add(time.Duration(i)*time.Hour))
			bytes, took = backup.Bytes, took+time.Since(began)
			made <- err
		}()
		during = append(during, typeUntil(b, l, doc, ana, &seq, made)...)
	}
	report(b, during) // sorts
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(took.Seconds()/float64(b.N), "s/backup")
	b.ReportMetric(float64(bytes)/(1<<20), "MB")
	b.ReportMetric(float64(slowest(during).Microseconds())/1000, "worst-ms")
	b.ReportMetric(float64(slowest(alone).Microseconds())/1000, "worst-alone-ms")
}

func slowest(times []time.Duration) (worst time.Duration) {
	for _, t := range times {
		worst = max(worst, t)
	}
	return worst
}

// typeUntil appends a letter each 5 ms until there is something in end, and returns how long each took.
func typeUntil(b *testing.B, l *storage.Library, doc crdt.DocID, h *hand, seq *uint32, end <-chan error) (times []time.Duration) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-end:
			if err != nil {
				b.Fatal(err)
			}
			return times
		case <-tick.C:
		}
		began := time.Now()
		told := make(chan error, 1)
		l.Append(doc, []*crdt.Change{h.insert(*seq, "x")}, "title", day, func(err error) { told <- err })
		*seq++
		storage.Hurry(l) // measure the commit, not the wait for the next group
		if err := <-told; err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(began))
	}
}

// fillBig puts n bytes of text into l, in changes of 16 KB, with which the file has little more.
func fillBig(b *testing.B, l *storage.Library, n int) {
	b.Helper()
	text := strings.Repeat("quite some words ", 950)
	for d := 2; n > 0; d++ {
		doc := add(b, l, d)
		h := newHand(d, 1)
		var changes []*crdt.Change
		for i := range 100 {
			changes = append(changes, h.insert(uint32(i*len(text)), text))
		}
		mustSave(b, l, doc, changes...)
		n -= len(changes) * len(text)
	}
}
