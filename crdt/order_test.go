package crdt_test

import (
	"strings"
	"testing"

	"inkling/crdt"
)

// people are copies of one document whose replicas are named 'A', 'B' …
func people(n int, text string) []*crdt.Doc {
	first := crdt.New()
	first.Attach(crdt.ReplicaID{'0'})
	first.Insert(0, text, noon)
	changes := first.Flush(noon)
	docs := make([]*crdt.Doc, n)
	for i := range docs {
		docs[i] = crdt.New()
		for _, c := range changes {
			if _, err := docs[i].Apply(c); err != nil {
				panic(err)
			}
		}
		docs[i].Attach(crdt.ReplicaID{byte('A' + i)})
	}
	return docs
}

// meet brings everybody's changes to everybody and returns the text they share.
func meet(t *testing.T, docs []*crdt.Doc) string {
	t.Helper()
	for i, from := range docs {
		changes := from.Flush(noon)
		for j, to := range docs {
			if i != j {
				applyAll(t, to, changes)
			}
		}
	}
	for _, d := range docs {
		if err := d.Check(); err != nil {
			t.Fatalf("%v\n%s", err, d.Dump())
		}
		if d.Text() != docs[0].Text() {
			t.Fatalf("texts differ: %q and %q", docs[0].Text(), d.Text())
		}
	}
	return docs[0].Text()
}

func applyAll(t *testing.T, d *crdt.Doc, changes []*crdt.Change) (patch crdt.Patch) {
	t.Helper()
	for _, c := range changes {
		applied, err := d.Apply(c)
		if err != nil {
			t.Fatal(err)
		}
		patch = append(patch, applied.Patch...)
	}
	return patch
}

func TestWordsTypedAtOnePlaceStayWhole(t *testing.T) {
	docs := people(2, "<>")
	for i, word := range []string{"alice", "BOB!!"} {
		for k, r := range word {
			docs[i].Insert(1+k, string(r), noon)
		}
	}
	if got := meet(t, docs); got != "<BOB!!alice>" {
		t.Errorf("text %q", got)
	}
}

func TestWordsTypedBackwardsStayWhole(t *testing.T) {
	docs := people(2, "<>")
	var changes [2][]*crdt.Change
	for i, word := range []string{"ecila", "!!BOB"} {
		for _, r := range word {
			docs[i].Insert(1, string(r), noon)
			changes[i] = append(changes[i], docs[i].Flush(noon)...)
		}
	}
	applyAll(t, docs[0], changes[1])
	applyAll(t, docs[1], changes[0])
	if got := meet(t, docs); got != "<BOB!!alice>" {
		t.Errorf("text %q", got)
	}
}

func TestPrependedLinesStayTogether(t *testing.T) {
	for _, n := range []int{2, 3} {
		docs := people(n, "end")
		for i, d := range docs {
			for _, line := range []string{"1", "2", "3", "4"} {
				d.Insert(0, string(rune('a'+i))+line+"\n", noon)
				d.BreakUndo()
			}
		}
		want := "c4\nc3\nc2\nc1\nb4\nb3\nb2\nb1\na4\na3\na2\na1\nend"
		want = want[strings.Index(want, string(rune('a'+n-1))):]
		if got := meet(t, docs); got != want {
			t.Errorf("%d people: text %q, want %q", n, got, want)
		}
	}
}

func TestRetypedFirstLetterKeepsItsWord(t *testing.T) {
	docs := people(2, "<>")
	for i, word := range []string{"jello", "MORLD"} {
		docs[i].Insert(1, word, noon)
		docs[i].Delete(1, 2, noon)
		docs[i].Insert(1, []string{"h", "W"}[i], noon)
	}
	if got := meet(t, docs); got != "<WORLDhello>" {
		t.Errorf("text %q", got)
	}
}
