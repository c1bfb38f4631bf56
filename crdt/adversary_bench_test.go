package crdt_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// adversaries are documents as bad as people, or their enemies, can make them. Each is
// measured with n of what it counts, and with a tenth, so that one sees how the cost of one grows.
var adversaries = []struct {
	name string
	n    int
	run  func(b *testing.B, m measures, n int)
}{
	{"siblings", 100_000, anySiblings},
	{"ground-siblings", 100_000, groundSiblings},
	{"applied-siblings", 10_000, appliedSiblings},
	{"backwards", 100_000, backwards},
	{"every-second", 100_000, everySecond},
	{"random-places", 1_000_000, randomPlaces},
	{"long-life", 26_000_000, longLife},
	{"branches", 100_000, branches},
}

// BenchmarkAdversary prints, for each of the adversaries, what an edit costs. In short
// mode it leaves out the greater half.
func BenchmarkAdversary(b *testing.B) {
	for _, a := range adversaries {
		for _, n := range []int{a.n / 10, a.n} {
			b.Run(fmt.Sprintf("%s/%d", a.name, n), func(b *testing.B) {
				if testing.Short() && n == a.n {
					b.Skip("short")
				}
				m := measures{}
				a.run(b, m, n)
				m.report(b)
			})
		}
	}
}

// siblings returns changes of n chains of the creator's device, each with one letter at the
// beginning of the text. The nonce of each is drawn until its name fits.
func siblings(n int, fits func(crdt.ReplicaID) bool) (p crdttest.Person, changes []*crdt.Change) {
	p = crdttest.NewPerson("Ana")
	all := crdttest.NewNaive(p.Genesis())
	doc := p.Genesis().DocID()
	for i := uint64(0); len(changes) < n; i++ {
		binary.BigEndian.PutUint64(p.Author.Nonce[:], i)
		if !fits(p.Author.Replica(doc)) {
			continue
		}
		s := crdttest.NewScribe(all, p, nil)
		c := s.Draft(crdttest.Body{Ops: []crdttest.Op{crdttest.InsertOp(crdt.ID{}, "x")}})
		c.Next = 1
		changes = append(changes, c)
	}
	return p, changes
}

func anySiblings(b *testing.B, m measures, n int) {
	loadSiblings(b, m, n, func(crdt.ReplicaID) bool { return true })
}

// groundSiblings: the names begin alike, as far as an enemy cares to search: a byte, 256
// hashes a name.
func groundSiblings(b *testing.B, m measures, n int) {
	loadSiblings(b, m, n, func(r crdt.ReplicaID) bool { return r[0] == 0xab })
}

// loadSiblings measures inserts of n replicas at one place, and then the first edit that
// somebody makes who has seen them all.
func loadSiblings(b *testing.B, m measures, n int, fits func(crdt.ReplicaID) bool) {
	p, changes := siblings(n, fits)
	for b.Loop() {
		var d *crdt.Doc
		m.since("ns/edit", n, func() { d = loaded(b, p.Genesis(), changes) })
		m.since("answer-ns/replica", n, func() {
			succeed(b, d.Attach(p.Again(1).Author))
			d.Insert(n/2, "y", noon)
			d.Flush()
		})
	}
}

// appliedSiblings: as others get them, hashes and signatures checked.
func appliedSiblings(b *testing.B, m measures, n int) {
	p, changes := siblings(n, func(crdt.ReplicaID) bool { return true })
	for b.Loop() {
		d := crdt.New(p.Genesis())
		m.since("ns/edit", n, func() { apply(b, d, changes...) })
	}
}

// backwards: two people write from the end to the beginning, n letters each, at one place,
// and meet ten letters by ten.
func backwards(b *testing.B, m measures, n int) {
	const perChange = 10
	for b.Loop() {
		p := newPeople(b, 2, "")
		for i, d := range p.docs {
			for k := range n {
				d.Insert(0, string(rune('a'+i)), noon)
				if k%perChange == perChange-1 {
					p.who[i].Flush(d)
				}
			}
		}
		first, second := p.docs[0].DeltaSince(nil), p.docs[1].DeltaSince(nil)
		m.since("ns/edit", 2*n, func() {
			d := loaded(b, p.docs[0].Genesis(), first[:1])
			for i := 1; i < len(first); i++ {
				for _, c := range []*crdt.Change{first[i], second[i]} {
					_, err := d.Load(c)
					succeed(b, err)
				}
			}
		})
		_, d := solo(b, "Ana")
		m.since("local-ns/edit", n, func() {
			for range n {
				d.Insert(0, "x", noon)
			}
		})
	}
}

// everySecond: of 2n letters typed as one, every second one is deleted.
func everySecond(b *testing.B, m measures, n int) {
	for b.Loop() {
		p, d := solo(b, "Ana")
		d.Insert(0, strings.Repeat("ab", n), noon)
		m.since("local-ns/edit", n, func() {
			for at := range n {
				d.Delete(at, at+1, noon)
				d.BreakUndo() // so that no two Deletes become one
			}
		})
		p.Flush(d)
		changes := d.DeltaSince(nil)
		m.since("ns/edit", n, func() { loaded(b, p.Genesis(), changes) })
	}
}

// randomPlaces: n letters, each somewhere else.
func randomPlaces(b *testing.B, m measures, n int) {
	for b.Loop() {
		rng := rand.New(rand.NewPCG(1, 1))
		p, d := solo(b, "Ana")
		m.since("local-ns/edit", n, func() {
			for range n {
				d.Insert(rng.IntN(d.Len()+1), "x", noon)
			}
		})
		p.Flush(d)
		changes := d.DeltaSince(nil)
		m.since("ns/edit", n, func() { loaded(b, p.Genesis(), changes) })
		m.put("heap-B/edit", float64(heap(func() any { return loaded(b, p.Genesis(), changes) }))/float64(n))
	}
}

// longLife: somebody writes n letters, a sentence here and one there, and pastes some.
func longLife(b *testing.B, m measures, n int) {
	for b.Loop() {
		m.put("heap-B/edit", float64(heap(func() any {
			_, d := solo(b, "Ana")
			m.since("local-ns/edit", n, func() { ramble(d, n, d.Flush) })
			return d
		}))/float64(n))
	}
}

// ramble makes n edits, one in ten a Delete, half of the others pasted, in stretches of one place.
func ramble(d *crdt.Doc, n int, flush func() crdt.Batch) {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	for left := n; left > 0; {
		at := rng.IntN(d.Len() + 1)
		if rng.IntN(50) == 0 {
			text := strings.Repeat(article, 25)[:min(left, 1000)]
			d.Insert(at, text, noon)
			left -= len(text)
		}
		for range min(left, 20) {
			if rng.IntN(10) == 0 && at > 0 {
				at--
				d.Delete(at, at+1, noon)
			} else {
				d.Insert(at, "x", noon)
				at++
			}
			flush()
			left--
		}
	}
}

// branches: two people edit one text apart, n times each, all over it, and then they meet.
func branches(b *testing.B, m measures, n int) {
	text := strings.Repeat(article, 1000)
	for b.Loop() {
		p := newPeople(b, 2, text)
		for i, d := range p.docs {
			ramble(d, n, func() (none crdt.Batch) { return none })
			p.who[i].Flush(d)
		}
		m.since("ns/edit", 2*n, func() {
			for i, d := range p.docs {
				other := p.docs[1-i]
				_, err := d.Apply(other.DeltaSince(d.Version())...)
				succeed(b, err)
			}
		})
		if p.docs[0].Text() != p.docs[1].Text() {
			b.Fatal("the texts differ")
		}
	}
}
