package crdt_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// author is one who writes at the same time in our document and in a FugueMax list.
type author struct {
	crdttest.Person
	doc   *crdt.Doc
	fugue *crdttest.FugueMax
	ops   []crdttest.FugueOp // since the last meeting
}

func (a *author) insert(at int, text string) {
	a.doc.Insert(at, text, noon)
	a.doc.BreakUndo()
	a.ops = append(a.ops, a.fugue.Insert(at, text)...)
}

func (a *author) delete(from, to int) {
	a.doc.Delete(from, to, noon)
	a.ops = append(a.ops, a.fugue.Delete(from, to)...)
}

// authors write in copies of one text, which is there from the beginning.
type authors struct {
	*people
	all []*author
}

func newAuthors(t *testing.T, n int, text string) *authors {
	p := newPeople(t, n, text)
	first := crdttest.NewFugueMax(crdt.ReplicaID{15: 1})
	ops := first.Insert(0, text)
	as := &authors{people: p}
	for i, d := range p.docs {
		a := &author{Person: p.who[i], doc: d, fugue: crdttest.NewFugueMax(p.who[i].Author.Replica(d.ID()))}
		a.fugue.Apply(ops...)
		as.all = append(as.all, a)
	}
	return as
}

// meet brings everything to everybody and returns our text and FugueMax's.
func (as *authors) meet() (ours, fugue string) {
	as.t.Helper()
	ours = as.people.meet()
	for _, from := range as.all {
		for _, to := range as.all {
			if from != to {
				to.fugue.Apply(from.ops...)
			}
		}
		from.ops = nil
	}
	fugue = as.all[0].fugue.Text()
	for _, a := range as.all {
		if a.fugue.Text() != fugue {
			as.t.Fatalf("FugueMax has %q and %q", fugue, a.fugue.Text())
		}
	}
	return ours, fugue
}

// wantWhole: each word stands in both texts as it is, and nothing else does.
func (as *authors) wantWhole(frame string, words ...string) {
	as.t.Helper()
	ours, fugue := as.meet()
	for name, text := range map[string]string{"ours": ours, "FugueMax": fugue} {
		rest := text
		for _, w := range words {
			if strings.Count(text, w) != 1 {
				as.t.Errorf("%s: %q is not whole in %q", name, w, text)
			}
			rest = strings.Replace(rest, w, "", 1)
		}
		if rest != frame {
			as.t.Errorf("%s: beside the words there is %q in %q, want %q", name, rest, text, frame)
		}
	}
}

// key types text key by key, each in a flush of its own.
func (a *author) keys(at int, text string) {
	for i, r := range []rune(text) {
		a.insert(at+i, string(r))
		a.Flush(a.doc)
	}
}

func TestWordsTypedAtOnePlaceStayWhole(t *testing.T) {
	as := newAuthors(t, 3, "<>")
	words := []string{"alice", "BOB!!", "12345"}
	for i, a := range as.all {
		for k, r := range words[i] {
			a.insert(1+k, string(r))
		}
	}
	as.wantWhole("<>", words...)
}

func TestWordsTypedBackwardsStayWhole(t *testing.T) {
	as := newAuthors(t, 3, "<>")
	for i, word := range []string{"ecila", "!!BOB", "54321"} {
		for _, r := range word {
			as.all[i].insert(1, string(r))
		}
	}
	as.wantWhole("<>", "alice", "BOB!!", "12345")
}

func TestPrependedLinesStayTogether(t *testing.T) {
	for _, n := range []int{2, 3} {
		as := newAuthors(t, n, "end")
		var words []string
		for i, a := range as.all {
			word := ""
			for k := range 6 {
				line := fmt.Sprintf("%c%d\n", 'a'+i, k)
				a.insert(0, line)
				word = line + word
			}
			words = append(words, word)
		}
		as.wantWhole("end", words...)
	}
}

func TestRetypedFirstLetterKeepsItsWord(t *testing.T) {
	as := newAuthors(t, 2, "<>")
	for i, word := range []string{"jello", "MORLD"} {
		as.all[i].insert(1, word)
		as.all[i].delete(1, 2)
		as.all[i].insert(1, []string{"h", "W"}[i])
	}
	as.wantWhole("<>", "hello", "WORLD")
}

// TestLinesBehindOnesOwnNewline: Ana ends her line and goes on; Ben writes where her
// line ended, before he knows the second one, and after.
func TestLinesBehindOnesOwnNewline(t *testing.T) {
	as := newAuthors(t, 2, "")
	ana, ben := as.all[0], as.all[1]
	ana.insert(0, "one\n")
	as.meet()
	for i, r := range "two, by Ana\n" {
		ana.insert(4+i, string(r))
	}
	for i, r := range "TWO, BY BEN\n" {
		ben.insert(4+i, string(r))
	}
	as.wantWhole("one\n", "two, by Ana\n", "TWO, BY BEN\n")
	end := ana.doc.Len()
	ana.insert(end, "three ")
	ben.insert(end, "THREE ")
	ana.insert(end+6, "by Ana\n")
	ana.insert(end+13, "four by Ana\n")
	ben.insert(end+6, "BY BEN\n")
	ana.insert(end, "at last, ")
	ben.insert(end, "AT LAST, ")
	as.wantWhole("one\n", "two, by Ana\n", "TWO, BY BEN\n", "at last, three by Ana\nfour by Ana\n", "AT LAST, THREE BY BEN\n")
}

// TestMixedWaysOfTypingStayWhole: each types and prepends in turns, flushed key by
// key, at the place where the others do so too.
func TestMixedWaysOfTypingStayWhole(t *testing.T) {
	as := newAuthors(t, 3, "<>")
	var words []string
	for i, a := range as.all {
		upper := func(s string) string { return strings.Map(func(r rune) rune { return r + rune(20*i)<<4 }, s) }
		a.keys(1, upper("middle"))
		a.keys(1, upper("begin "))
		a.keys(13, upper(" end"))
		a.delete(1, 3)
		a.keys(1, upper("Be"))
		words = append(words, upper("Begin middle end"))
	}
	as.wantWhole("<>", words...)
}

// TestDifferencesFromFugueMax lists how often our order and FugueMax's differ where
// people edit at random and apart; both must converge, with the same letters.
func TestDifferencesFromFugueMax(t *testing.T) {
	runs, differ, places := 0, 0, 0
	eachSeed(t, func(t *testing.T, rng *rand.Rand) {
		as := newAuthors(t, 2+rng.IntN(3), "some text to begin with")
		for range 3 {
			for _, a := range as.all {
				edits := crdttest.NewEdits(rng)
				for range rng.IntN(8) {
					if a.fugue.Text() != a.doc.Text() {
						break // they part; offsets mean different places from here on
					}
					e := edits.Next(a.doc.Len())
					a.delete(e.At, e.At+e.Delete)
					a.insert(e.At, e.Insert)
				}
			}
			ours, fugue := as.meet()
			runs++
			if ours == fugue {
				continue
			}
			differ++
			places += differing(ours, fugue)
			if !slices.Equal(slices.Sorted(slices.Values([]rune(ours))), slices.Sorted(slices.Values([]rune(fugue)))) {
				t.Fatalf("other letters: %q and %q", ours, fugue)
			}
			return
		}
	})
	t.Logf("of %d meetings %d had another order than FugueMax, at %d places in all", runs, differ, places)
}

// differing counts the offsets where two texts of one length differ.
func differing(a, b string) (n int) {
	x, y := []rune(a), []rune(b)
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			n++
		}
	}
	return n
}
