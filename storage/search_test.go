package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"inkling/crdt"
	"inkling/storage"
	"inkling/storage/storagetest"
)

// index adds document n, with title and text as what is to be found of it.
func index(t testing.TB, l *storage.Library, n int, title, text string) crdt.DocID {
	t.Helper()
	doc := add(t, l, n)
	if err := l.Index(doc, 0, storage.Content{Title: title, Text: text}); err != nil {
		t.Fatal(err)
	}
	return doc
}

func search(t testing.TB, l *storage.Library, typed string) []storage.Found {
	t.Helper()
	found, err := l.Search(context.Background(), typed)
	if err != nil {
		t.Fatalf("%q: %v", typed, err)
	}
	return found
}

func finds(t testing.TB, l *storage.Library, typed string) []crdt.DocID {
	t.Helper()
	var ids []crdt.DocID
	for _, f := range search(t, l, typed) {
		ids = append(ids, f.ID)
	}
	return ids
}

// marked is a snippet with its hits in brackets.
func marked(f storage.Found) string {
	var b strings.Builder
	for _, p := range f.Snippet {
		if p.Hit {
			fmt.Fprintf(&b, "[%s]", p.Text)
		} else {
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

func TestSearchFindsWhatIsTyped(t *testing.T) {
	l := storagetest.Open(t)
	doc := index(t, l, 1, "Tea", "Café Zürich, well-known.\nDon't drink green tea! 日本の東京都とパリ 한국어 ภาษาไทย हिन्दी Ελλάδα Straße\u0301 "+
		"cafe\u0301s a1b2 NOT a test AND x:y \x00nul \x02two\x03 \xff")
	for _, typed := range []string{
		"te", "TEA", "gre te", "te gre", "cafe", "café", "CAFÉ", "cafe\u0301", "cafes", "zurich", "well-known", "well-kn", "known", "don't", "don", "dont'",
		`"green tea"`, `"green te`, `green "tea`, `"tea"`, "東京", "京都", "東京都", "本", "パリ", "한국", "국어", "ภาษา", "ไทย", "हिन्दी", "ΕΛΛΆΔΑ", "strasse",
		"a1", "not", "NOT", "AND", "x:y", "x : y", "(tea", "tea)", "tea*", "*tea", "^tea", "te + gre", "{tea}", "tea NEAR green", "nul", "two", "--", "",
		"-tea", "tea ---", `tea "`, `""tea""`, "title:tea",
	} {
		want := !slices.Contains([]string{"", "--", "dont'", "strasse", "tea NEAR green", "title:tea"}, typed)
		if got := finds(t, l, typed); slices.Equal(got, []crdt.DocID{doc}) != want {
			t.Errorf("%q: %v, want it found: %v", typed, got, want)
		}
	}
	for _, typed := range []string{`"tea green"`, `"green te"`, "een", "都京", "drunk", "tea coffee", "京東", strings.Repeat("z", 5000)} {
		if got := finds(t, l, typed); len(got) != 0 {
			t.Errorf("%q found it", typed)
		}
	}
}

// TestSearchAgainstOracle compares with a search that looks at every word of every text.
func TestSearchAgainstOracle(t *testing.T) {
	rng := seeded(t)
	l := storagetest.Open(t)
	words := func(n int) []string {
		list := make([]string, n)
		for i := range list {
			for range 1 + rng.IntN(3) {
				list[i] += string("abé"[0:2][rng.IntN(2)])
			}
		}
		return list
	}
	texts := map[crdt.DocID][]string{}
	for n := range storage.MaxFound { // no more, so that all are given
		text := words(rng.IntN(12))
		doc := index(t, l, n+1, "", strings.Join(words(3), " ")) // what it said before
		if err := l.Index(doc, 0, storage.Content{Title: "", Text: strings.Join(text, []string{" ", ". ", "\n"}[rng.IntN(3)])}); err != nil {
			t.Fatal(err)
		}
		texts[doc] = text
	}
	for range 500 {
		query := words(1 + rng.IntN(3))
		phrase := rng.IntN(3) == 0
		typed := strings.Join(query, " ")
		if phrase {
			typed = `"` + typed + `"`
		}
		got := finds(t, l, typed)
		for doc, text := range texts {
			want := true
			for _, w := range query {
				want = want && slices.ContainsFunc(text, func(s string) bool { return strings.HasPrefix(s, w) })
			}
			if phrase {
				want = strings.Contains(" "+strings.Join(text, " ")+" ", " "+strings.Join(query, " ")+" ")
			}
			if slices.Contains(got, doc) != want {
				t.Fatalf("%s in %q: found %v", typed, text, !want)
			}
		}
	}
}

func TestSearchRanksAndShows(t *testing.T) {
	l := storagetest.Open(t)
	filler := strings.Repeat("many other words that say nothing at all. ", 40)
	once := index(t, l, 1, "Notes", "Notes\n"+filler+"Then the gardener came.\n"+filler)
	often := index(t, l, 2, "Plants", "Plants\n"+strings.Repeat("A garden, gardens, gardening. ", 5)+filler)
	titled := index(t, l, 3, "Garden", "Garden\n"+filler)
	index(t, l, 4, "Sea", filler)
	if got := finds(t, l, "gard"); !slices.Equal(got, []crdt.DocID{titled, often, once}) {
		t.Errorf("order %v, want %v", got, []crdt.DocID{titled, often, once})
	}
	found := search(t, l, "gard")
	if got := marked(found[2]); !strings.Contains(got, "Then the [gardener] came.") || strings.Contains(got, "\n") {
		t.Errorf("snippet %q", got)
	}
	if f := found[0]; f.ID != titled || f.Created.IsZero() {
		t.Errorf("%+v", f)
	}
	index(t, l, 5, "", "日本の東京都です")
	if got := marked(search(t, l, "東京")[0]); got != "日本の[東京]都です" && got != "日本の[東][京]都です" {
		t.Errorf("snippet %q", got)
	}
}

func TestSearchAndTheBin(t *testing.T) {
	l := storagetest.Open(t)
	doc := index(t, l, 1, "Tea", "green tea")
	if err := l.Delete(doc, day); err != nil {
		t.Fatal(err)
	}
	if got := finds(t, l, "tea"); len(got) != 0 {
		t.Error("a document in the bin was found")
	}
	if err := l.Undelete(doc); err != nil {
		t.Fatal(err)
	}
	if got := finds(t, l, "tea"); len(got) != 1 {
		t.Error("a document that was taken out of the bin was not found")
	}
}

// TestDestroyedIsNotIndexed: no word of a destroyed document, nor one that it had earlier, is left in the library's
// files, and the others are found as before.
func TestDestroyedIsNotIndexed(t *testing.T) {
	l := storagetest.Open(t)
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 50 {
		index(t, l, n+10, "", fmt.Sprint("common ", rng.Perm(300)))
	}
	doc := index(t, l, 1, "xylophonistic", "xylophonistic common "+strings.Repeat("qwertzuiop ", 500))
	if err := l.Index(doc, 0, storage.Content{Title: "", Text: "yesterdaysecret common"}); err != nil {
		t.Fatal(err)
	}
	other := index(t, l, 2, "", "kept common")
	if err := l.Delete(doc, day); err != nil {
		t.Fatal(err)
	}
	if err := l.Destroy(doc, day); err != nil {
		t.Fatal(err)
	}
	if err := l.Index(doc, 0, storage.Content{Title: "again", Text: "again"}); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("indexed after that: %v", err)
	}
	for _, name := range []string{"library.db", "library.db-wal"} {
		to := filepath.Join(t.TempDir(), "copy")
		copyWithCat(t, filepath.Join(l.Dir(), name), to)
		content, err := os.ReadFile(to)
		for _, word := range []string{"ylophonist", "wertzuio", "esterdaysecre"} {
			if err != nil || bytes.Contains(content, []byte(word)) {
				t.Errorf("%s has %q still; %v", name, word, err)
			}
		}
	}
	if got := finds(t, l, "common"); len(got) != storage.MaxFound {
		t.Errorf("%d found", len(got))
	}
	if got := finds(t, l, "kept"); !slices.Equal(got, []crdt.DocID{other}) {
		t.Errorf("%v", got)
	}
	checkIndex(t, l)
}

// TestDestroyedIndexIsTakenUp: what a kill leaves in the index of a destroyed document goes later.
func TestDestroyedIndexIsTakenUp(t *testing.T) {
	l := storagetest.Open(t)
	doc := index(t, l, 1, "", "xylophonistic common")
	index(t, l, 2, "", "common")
	if err := l.Delete(doc, day); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{`UPDATE doc SET destroyed = 1 WHERE deleted IS NOT NULL`, `DELETE FROM listing WHERE doc = 1`} {
		if err := storage.Alter(l.Dir(), statement); err != nil {
			t.Fatal(err)
		}
	}
	l = storagetest.OpenDir(t, l.Dir())
	if got := finds(t, l, "common"); len(got) != 1 {
		t.Errorf("a destroyed document is found: %v", got)
	}
	if err := l.SweepDestroyed(); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{
		`SELECT count(*) FROM search_data WHERE instr(block, CAST('ylophonist' AS BLOB))`,
		`SELECT count(*) FROM indexed WHERE doc = 1`, `SELECT count(*) FROM state WHERE key = 'unmerged'`,
	} {
		if n, err := storage.Count(l, query); n != 0 || err != nil {
			t.Errorf("%s: %d, %v", query, n, err)
		}
	}
}

// TestDamagedIndexIsMadeAnew: a library whose index is damaged opens, and loses nothing.
func TestDamagedIndexIsMadeAnew(t *testing.T) {
	l := storagetest.Open(t)
	doc := index(t, l, 1, "", "green tea")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := storage.Alter(l.Dir(), `UPDATE search_data SET block = x'0001' WHERE id > 10`); err != nil {
		t.Fatal(err)
	}
	l = storagetest.OpenDir(t, l.Dir())
	if _, err := l.Search(t.Context(), "green"); err == nil {
		t.Error("the damage was not noticed: the test does not damage what it should")
	}
	if err := l.DropIndex(); err != nil {
		t.Fatal(err)
	}
	index(t, l, 1, "", "green tea")
	if got := finds(t, l, "gre"); !slices.Equal(got, []crdt.DocID{doc}) {
		t.Errorf("made anew, it finds %v", got)
	}
}

// checkIndex says that SQLite's index is just that of the texts in table indexed.
func checkIndex(t testing.TB, l *storage.Library) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := storage.Alter(l.Dir(), `INSERT INTO search (search, rank) VALUES ('integrity-check', 1)`); err != nil {
		t.Errorf("the index is not that of the texts: %v", err)
	}
}

// TestIndexedOverAndOver: what is indexed anew is as if it had never been indexed before.
func TestIndexedOverAndOver(t *testing.T) {
	rng := seeded(t)
	l, fresh := storagetest.Open(t), storagetest.Open(t)
	text := func() string {
		var b strings.Builder
		for range rng.IntN(200) {
			fmt.Fprintf(&b, "w%d 字%c ", rng.IntN(500), rune(0x4e00+rng.IntN(50)))
		}
		return b.String()
	}
	last := map[int]string{}
	for range 300 {
		n := 1 + rng.IntN(20)
		last[n] = text()
		index(t, l, n, "", last[n])
	}
	for n, text := range last {
		index(t, fresh, n, "", text)
	}
	for range 100 {
		typed := fmt.Sprintf("w%d", rng.IntN(500))
		a, b := finds(t, l, typed), finds(t, fresh, typed)
		slices.SortFunc(a, func(x, y crdt.DocID) int { return bytes.Compare(x[:], y[:]) })
		slices.SortFunc(b, func(x, y crdt.DocID) int { return bytes.Compare(x[:], y[:]) })
		if !slices.Equal(a, b) {
			t.Fatalf("%s: %d and %d found", typed, len(a), len(b))
		}
	}
	checkIndex(t, l)
}

func TestLagging(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	add(t, l, 2)
	lags := func(want ...crdt.DocID) {
		t.Helper()
		if got, err := l.Lagging(); err != nil || len(got) != len(want) || len(got) > 0 && !slices.Equal(got, want) {
			t.Errorf("%v, %v, want %v", got, err, want)
		}
	}
	lags()
	ana := newHand(1, 1)
	mustSave(t, l, doc, ana.insert(0, "green"))
	place, err := l.Place(doc)
	if err != nil || place != 1 {
		t.Fatal(place, err)
	}
	lags(doc)
	if err := l.Index(doc, place, storage.Content{Title: "", Text: "green"}); err != nil {
		t.Fatal(err)
	}
	lags()
	mustSave(t, l, doc, ana.insert(5, " tea"))
	lags(doc)
	l = storagetest.Reopen(t, l)
	lags(doc)
	if err := l.Index(doc, 2, storage.Content{Title: "", Text: "green"}); err != nil { // the same text again
		t.Fatal(err)
	}
	lags()
	compactAll(t, l, doc) // no rows are left
	if n, err := storage.Count(l, `SELECT count(*) FROM change`); n != 0 || err != nil {
		t.Fatalf("%d rows after compaction, %v", n, err)
	}
	lags()
	if err := l.DropIndex(); err != nil {
		t.Fatal(err)
	}
	if got := finds(t, l, "green"); len(got) != 0 {
		t.Errorf("%v", got)
	}
	lags(doc)
	if _, err := l.Place(genesis(9).DocID()); !errors.Is(err, storage.ErrNotFound) {
		t.Error(err)
	}
}

// FuzzSearch: whatever is typed, there is an answer, and a text is found by what is in it.
func FuzzSearch(f *testing.F) {
	for _, s := range []string{"tea", `"`, `"a b`, "a*", "NOT AND OR NEAR(a b)", "東京", "\x00", "\x01\x02\x03", "a\"b\"c", "^a", "{a b}: c", "\u0301", "ꙮ", "𞤀"} {
		f.Add(s)
	}
	l := storagetest.Open(f)
	f.Fuzz(func(t *testing.T, typed string) {
		if len(typed) > 500 {
			typed = typed[:500]
		}
		index(t, l, 1, "", typed)
		found := search(t, l, typed)
		ascii := strings.IndexFunc(typed, func(r rune) bool { return r > unicode.MaxASCII }) < 0
		words := strings.FieldsFunc(typed, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if ascii && len(words) > 0 && len(words) < 32 && len(found) != 1 && !strings.Contains(typed, `"`) {
			t.Errorf("%q is not found by itself", typed)
		}
	})
}
