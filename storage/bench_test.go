package storage_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/storage"
)

// benchLibrary opens a library that is closed when b ends.
func benchLibrary(b *testing.B) (*storage.Library, crdt.DocID) {
	b.Helper()
	l, err := storage.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := l.Close(); err != nil {
			b.Error(err)
		}
	})
	return l, add(b, l, 1)
}

// report prints percentiles of times in microseconds.
func report(b *testing.B, times []time.Duration) {
	b.Helper()
	slices.Sort(times)
	for _, p := range []int{50, 99} {
		b.ReportMetric(float64(times[(len(times)-1)*p/100].Nanoseconds())/1000, fmt.Sprintf("p%d-µs", p))
	}
}

// written returns how many bytes this process has handed to the kernel for writing.
func written(b *testing.B) (n int64) {
	b.Helper()
	text, err := os.ReadFile("/proc/self/io")
	if err != nil {
		b.Fatalf("bytes written are measured on Linux only: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		if _, err := fmt.Sscanf(line, "wchar: %d", &n); err == nil {
			return n
		}
	}
	b.Fatal("/proc/self/io has no wchar")
	return 0
}

// BenchmarkCommit measures from Append to done: of one typed key, and of the keys of
// a 50 ms group typed at 100 a second by two people (10 of them).
func BenchmarkCommit(b *testing.B) {
	for _, keys := range []int{1, 10} {
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) {
			l, doc := benchLibrary(b)
			ana := newHand(1, 1)
			seq := uint32(0)
			var times []time.Duration
			before := written(b)
			for b.Loop() {
				began := time.Now()
				told := make(chan error, keys)
				for range keys {
					l.Append(doc, []*crdt.Change{ana.insert(seq, "x")}, "title", time.Now(), func(err error) { told <- err })
					seq++
				}
				storage.Hurry(l) // measure the commit, not the wait for the next group
				for range keys {
					if err := <-told; err != nil {
						b.Fatal(err)
					}
				}
				times = append(times, time.Since(began))
			}
			report(b, times)
			b.ReportMetric(float64(written(b)-before)/float64(seq), "written-B/key")
		})
	}
}

// BenchmarkRawFile is what the disk alone takes for as much as BenchmarkCommit's one key has written: over older bytes of a file,
// as SQLite writes its log, and synced.
func BenchmarkRawFile(b *testing.B) {
	const commitBytes, logBytes = 10_000, 4 << 20
	f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	bytes := make([]byte, logBytes)
	if _, err := f.Write(bytes); err != nil {
		b.Fatal(err)
	}
	var times []time.Duration
	for i := int64(0); b.Loop(); i++ {
		began := time.Now()
		if _, err := f.WriteAt(bytes[:commitBytes], i*commitBytes%(logBytes-commitBytes)); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(began))
	}
	report(b, times)
}

// BenchmarkTyping appends 100 keys a second, as they come, and measures what is
// written for them with groups as they are in use.
func BenchmarkTyping(b *testing.B) {
	l, doc := benchLibrary(b)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	ana := newHand(1, 1)
	seq := uint32(0)
	before := written(b)
	done := make(chan error, 1<<20)
	for b.Loop() {
		l.Append(doc, []*crdt.Change{ana.insert(seq, "x")}, "title", time.Now(), func(err error) { done <- err })
		seq++
		<-tick.C
	}
	for range seq {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(written(b)-before)/float64(seq), "written-B/key")
}

// BenchmarkOpen opens libraries of many documents, in a process of its own each time, and lists the first 100: how
// long that takes, and how much memory the process has then, beside one that opened nothing. The documents are of 300
// words, and can be searched.
func BenchmarkOpen(b *testing.B) {
	for _, documents := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("documents=%d", documents), func(b *testing.B) {
			dir := b.TempDir()
			fillLibrary(b, dir, documents)
			var opened, listed []time.Duration
			var size, bare int
			for b.Loop() {
				var open, list time.Duration
				tell(b, "nothing", dir, &bare)
				tell(b, "list", dir, &open, &list, &size)
				opened, listed = append(opened, open), append(listed, open+list)
			}
			slices.Sort(opened)
			slices.Sort(listed)
			b.ReportMetric(opened[len(opened)/2].Seconds()*1000, "open-ms")
			b.ReportMetric(listed[len(listed)/2].Seconds()*1000, "open+list-ms")
			b.ReportMetric(float64(size)/1024, "RSS-MB")
			b.ReportMetric(float64(size-bare)/1024, "more-RSS-MB")
		})
	}
}

// tell runs a child and reads what it prints.
func tell(b *testing.B, task, dir string, into ...any) {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childTask+"="+task, childDir+"="+dir)
	out, err := cmd.Output()
	if err == nil {
		_, err = fmt.Sscan(string(out), into...)
	}
	if err != nil {
		b.Fatalf("%s: %v, %q", task, err, out)
	}
}

// listNewest opens the library in dir, lists the newest documents, and prints how many ns each took, and the process's
// memory.
func listNewest(dir string) error {
	began := time.Now()
	l, err := storage.Open(dir)
	if err != nil {
		return err
	}
	opened := time.Now()
	list, err := l.Newest(100)
	if err != nil || len(list) != 100 {
		return fmt.Errorf("%d documents, %w", len(list), err)
	}
	fmt.Print(opened.Sub(began).Nanoseconds(), " ", time.Since(opened).Nanoseconds(), " ")
	if err := printMemory(""); err != nil {
		return err
	}
	return l.Close()
}

// printMemory prints how many KB of memory the process has.
func printMemory(string) error {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return fmt.Errorf("memory is measured on Linux only: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, "VmRSS:"); found {
			_, err := fmt.Println(strings.Fields(value)[0])
			return err
		}
	}
	return errors.New("/proc/self/status has no VmRSS")
}

func fillLibrary(b *testing.B, dir string, documents int) {
	b.Helper()
	l, err := storage.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 1))
	words := vocabulary(rng, 50_000)
	told := make(chan error, documents)
	for i := range documents {
		doc, text := add(b, l, i), prose(rng, words, 300)
		change := newHand(i, 1).insert(0, text)
		l.Append(doc, []*crdt.Change{change}, text[:40], day.Add(time.Duration(i)*time.Minute), func(err error) { told <- err })
		if err := l.Index(doc, 1, storage.Content{Title: text[:40], Text: text}); err != nil {
			b.Fatal(err)
		}
	}
	for range documents {
		if err := <-told; err != nil {
			b.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkHeads asks for the heads of one of many documents, as each push does.
func BenchmarkHeads(b *testing.B) {
	l, doc := benchLibrary(b)
	ana := newHand(1, 1)
	if err := save(l, doc, []*crdt.Change{ana.insert(0, "x")}, "", day); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := l.Heads(doc); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRead reads a journal of 10,000 changes, with their hashes.
func BenchmarkRead(b *testing.B) {
	l, doc := benchLibrary(b)
	ana := newHand(1, 1)
	var list []*crdt.Change
	for seq := range 10_000 {
		list = append(list, ana.insert(uint32(seq), "x"))
	}
	if err := save(l, doc, list, "", day); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		n := 0
		for _, err := range l.Changes(doc) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != len(list) {
			b.Fatal(n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(list)), "ns/change")
}

// BenchmarkCheck checks a library of one document of 10,000 changes.
func BenchmarkCheck(b *testing.B) {
	l, doc := benchLibrary(b)
	ana := newHand(1, 1)
	var list []*crdt.Change
	for seq := range uint32(10_000) {
		list = append(list, ana.insert(seq, "x"))
	}
	mustSave(b, l, doc, list...)
	for b.Loop() {
		if r, err := l.Check(b.Context()); err != nil || !r.Intact() {
			b.Fatal(r, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*10_000), "ns/change")
}

// BenchmarkSince asks, as after each key, what a peer lacks who has all but the last of 10,000 changes; all of them
// rows, or all but 100 of them a block.
func BenchmarkSince(b *testing.B) {
	for _, name := range []string{"rows", "block"} {
		b.Run(name, func(b *testing.B) {
			l, doc := benchLibrary(b)
			ana := newHand(1, 1)
			var list []*crdt.Change
			for seq := range 10_000 {
				list = append(list, ana.insert(uint32(seq), "x"))
			}
			mustSave(b, l, doc, list[:9900]...)
			if name == "block" {
				compactAll(b, l, doc)
			}
			mustSave(b, l, doc, list[9900:]...)
			have := []crdt.Head{headOf(list[len(list)-2])}
			for b.Loop() {
				if frames, _, err := l.Since(doc, have, 1000); err != nil || len(frames) != 1 {
					b.Fatal(len(frames), err)
				}
			}
		})
	}
}
