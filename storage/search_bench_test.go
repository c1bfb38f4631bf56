package storage_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/storage"
)

// vocabulary makes n words of one to four syllables, as many beginning alike as words of a language do.
func vocabulary(rng *rand.Rand, n int) []string {
	var words []string
	seen := map[string]bool{}
	for len(words) < n {
		var b strings.Builder
		for range 1 + rng.IntN(4) {
			b.WriteByte("bcdfghklmnprstvw"[rng.IntN(16)])
			b.WriteByte("aeiou"[rng.IntN(5)])
			if rng.IntN(2) == 0 {
				b.WriteByte("lnrst"[rng.IntN(5)])
			}
		}
		if w := b.String(); !seen[w] {
			seen[w] = true
			words = append(words, w)
		}
	}
	return words
}

// prose gives n words, the r-th of the vocabulary with a probability of about 1/r (Zipf's law).
func prose(rng *rand.Rand, words []string, n int) string {
	zipf := rand.NewZipf(rng, 1.07, 2, uint64(len(words)-1))
	var b strings.Builder
	for range n {
		b.WriteString(words[zipf.Uint64()])
		b.WriteString([]string{" ", " ", " ", " ", " ", " ", ", ", ". ", "\n"}[rng.IntN(9)])
	}
	return b.String()
}

// BenchmarkSearch types one and two words, letter by letter, over 10,000 documents of 300 words: the time of each search
// on the way, the size of the library with and without what makes it searchable, and what it costs to index a document.
func BenchmarkSearch(b *testing.B) {
	const documents, length = 10_000, 300
	rng := rand.New(rand.NewPCG(3, 1))
	words := vocabulary(rng, 50_000)
	l, _ := benchLibrary(b)
	began := time.Now()
	bytes := 0
	for n := range documents {
		text := prose(rng, words, length)
		bytes += len(text)
		index(b, l, n+100, text[:40], text)
	}
	filled := time.Since(began)
	for _, words := range []int{1, 2} {
		b.Run(fmt.Sprintf("words=%d", words), func(b *testing.B) { benchTyping(b, l, rng, words) })
	}
	for _, n := range []int{300, 50_000} {
		b.Run(fmt.Sprintf("index=%d", n), func(b *testing.B) { benchIndex(b, l, rng, words, n) })
	}
	b.Run("size", func(b *testing.B) {
		for b.Loop() {
			size, err := storage.Count(l, `SELECT sum(pgsize) FROM dbstat WHERE name LIKE 'search%'`)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(size)/1e6, "index-MB")
		}
		kept, err := storage.Count(l, `SELECT sum(pgsize) FROM dbstat WHERE name = 'indexed'`)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(kept)/1e6, "texts-MB")
		b.ReportMetric(float64(bytes)/1e6, "words-MB")
		b.ReportMetric(filled.Seconds(), "fill-s")
	})
	b.Run("open", func(b *testing.B) { benchOpen(b, l) })
}

// BenchmarkList lists 10,000 documents of 300 words with how they begin, and makes a backup of them: how large that is
// beside the library, of which it has all but the index.
func BenchmarkList(b *testing.B) {
	const documents, length = 10_000, 300
	rng := rand.New(rand.NewPCG(3, 1))
	words := vocabulary(rng, 50_000)
	l, _ := benchLibrary(b)
	told := make(chan error, documents)
	for n := range documents {
		text := prose(rng, words, length)
		doc := add(b, l, n+100)
		l.Append(doc, []*crdt.Change{newHand(n+100, 1).insert(0, text)}, text[:40], day, func(err error) { told <- err })
		c := storage.Content{Title: text[:40], Preview: text[40:200], People: []crdt.DeviceKey{deviceKey()}, Text: text}
		if err := l.Index(doc, 1, c); err != nil {
			b.Fatal(err)
		}
	}
	for range documents {
		if err := <-told; err != nil {
			b.Fatal(err)
		}
	}
	b.Run("list", func(b *testing.B) {
		var times []time.Duration
		for b.Loop() {
			began := time.Now()
			if list, err := l.Documents(); err != nil || len(list) != documents+1 || list[0].Preview == "" {
				b.Fatal(len(list), err)
			}
			times = append(times, time.Since(began))
		}
		report(b, times)
	})
	b.Run("backup", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			backup, err := l.BackTo(b.Context(), filepath.Join(b.TempDir(), fmt.Sprint(i)))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(backup.Bytes)/1e6, "backup-MB")
		}
		pages, err := storage.Count(l, `SELECT sum(pgsize) FROM dbstat`)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(pages)/1e6, "library-MB")
	})
}

func benchTyping(b *testing.B, l *storage.Library, rng *rand.Rand, n int) {
	words := vocabulary(rand.New(rand.NewPCG(3, 1)), 50_000)
	var times []time.Duration
	for b.Loop() {
		typed := strings.Join(strings.Fields(prose(rng, words, n)), " ")
		for end := 1; end <= len(typed); end++ {
			began := time.Now()
			if _, err := l.Search(context.Background(), typed[:end]); err != nil {
				b.Fatal(err)
			}
			times = append(times, time.Since(began))
		}
	}
	slices.Sort(times)
	for _, p := range []int{50, 95, 100} {
		b.ReportMetric(float64(times[(len(times)-1)*p/100].Microseconds())/1000, fmt.Sprintf("p%d-ms", p))
	}
}

func benchIndex(b *testing.B, l *storage.Library, rng *rand.Rand, words []string, n int) {
	texts := []string{prose(rng, words, n)}
	texts = append(texts, texts[0]+" more")
	doc := index(b, l, 1, "", texts[0])
	var times []time.Duration
	for i := 0; b.Loop(); i++ {
		began := time.Now()
		if err := l.Index(doc, 0, storage.Content{Title: "", Text: texts[(i+1)%2]}); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(began))
	}
	report(b, times)
}

// benchOpen opens a copy of the library, which checks all of it.
func benchOpen(b *testing.B, l *storage.Library) {
	to := b.TempDir()
	for _, name := range []string{"library.db", "library.db-wal"} {
		copyWithCat(b, filepath.Join(l.Dir(), name), filepath.Join(to, name))
	}
	for b.Loop() {
		again, err := storage.Open(to)
		if err != nil {
			b.Fatal(err)
		}
		if err := again.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
