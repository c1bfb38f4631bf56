package reconcile

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"inkling/crdt"
	"inkling/netsync/wire"
)

// docs returns documents with the given numbers and states; their ids begin with the given number of equal bytes.
func docs(states map[int]int, alike int) (all []Doc) {
	for number, state := range states {
		var seed [16]byte
		binary.BigEndian.PutUint64(seed[:], uint64(number))
		id := crdt.DocID(sha256.Sum256(seed[:]))
		copy(id[:alike], make([]byte, alike))
		binary.BigEndian.PutUint64(seed[8:], uint64(state))
		all = append(all, Doc{ID: id, Sum: sha256.Sum256(seed[:])})
	}
	return all
}

// descend runs a descent over frames and returns what it found, how many bytes went over the wire and in how many ways
// there and back.
func descend(t interface{ Fatalf(string, ...any) }, mine, theirs *Set) (differ []crdt.DocID, size, rounds int) {
	d := NewDescent(mine)
	for ask, more := d.Next(); more; ask, more = d.Next() {
		rounds++
		frame := wire.AppendFrame(nil, ask)
		size += len(frame)
		decoded, err := wire.Decode(frame, wire.ControlStream)
		if err != nil {
			t.Fatalf("%v", err)
		}
		for i, answer := range theirs.Answer(decoded.(wire.Compare)) {
			frame := wire.AppendFrame(nil, answer)
			size += len(frame)
			decoded, err := wire.Decode(frame, wire.ControlStream)
			if err != nil {
				t.Fatalf("answer %d: %v", i, err)
			}
			found, err := d.Take(decoded.(wire.Compared))
			if err != nil {
				t.Fatalf("answer %d: %v", i, err)
			}
			differ = append(differ, found...)
		}
	}
	return differ, size, rounds
}

// TestDifference: the oracle compares document by document. Nothing is found twice.
func TestDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.OneOf(rapid.IntRange(0, 50), rapid.IntRange(0, 3_000)).Draw(t, "documents")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		rate := rapid.SampledFrom([]float64{0, 0.001, 0.1, 1}).Draw(t, "rate")
		mine, theirs := map[int]int{}, map[int]int{}
		want := map[int]bool{}
		for number := range count {
			mine[number], theirs[number] = 1, 1
			if random.Float64() < rate {
				switch random.IntN(3) {
				case 0:
					delete(mine, number)
				case 1:
					delete(theirs, number)
					want[number] = true
				default:
					theirs[number] = 2
					want[number] = true
				}
			}
		}
		alike := rapid.SampledFrom([]int{0, 0, 1, 15}).Draw(t, "alike")
		if alike == 15 && count > 300 {
			alike = 14 // else many have the same short id
		}
		a := docs(mine, alike)
		differ, _, rounds := descend(t, NewSet([32]byte{1}, a), NewSet([32]byte{1}, docs(theirs, alike)))
		oracle := map[crdt.DocID]bool{}
		for number := range want {
			oracle[docs(map[int]int{number: 0}, alike)[0].ID] = true
		}
		for _, id := range differ {
			if !oracle[id] {
				t.Fatalf("%s does not differ, or was found twice", id)
			}
			delete(oracle, id)
		}
		if len(oracle) > 0 {
			t.Fatalf("%d of %d documents that differ were not found", len(oracle), len(want))
		}
		if rounds > wire.MaxDepth+1 || alike == 0 && rounds > 5 { // ids that are hashes have few equal half bytes
			t.Fatalf("%d ways there and back", rounds)
		}
	})
}

// TestSalt: the same sets look different on another connection, and documents with the same fingerprints do not say so.
func TestSalt(t *testing.T) {
	all := docs(map[int]int{1: 1, 2: 1, 3: 1}, 0)
	a, b := NewSet([32]byte{1}, all), NewSet([32]byte{2}, all)
	if a.print(wire.Prefix{}) == b.print(wire.Prefix{}) || a.items[0].Mark == b.items[0].Mark {
		t.Error("the salt does not count")
	}
}

// TestLyingListener answers anything: the descent ends, asks for nothing twice, finds only what is in its set, and has
// a code for what was not asked.
func TestLyingListener(t *testing.T) {
	states := map[int]int{}
	for i := range 500 {
		states[i] = 1
	}
	mine := NewSet([32]byte{1}, docs(states, 0))
	rapid.Check(t, func(t *rapid.T) {
		d := NewDescent(mine)
		asked := map[wire.Prefix]bool{}
		found, rounds := 0, 0
		for ask, more := d.Next(); more; ask, more = d.Next() {
			if rounds++; rounds > wire.MaxDepth+2 {
				t.Fatalf("%d ways there and back", rounds)
			}
			if len(ask.Prints) > mine.Len() {
				t.Fatalf("%d prints of %d documents", len(ask.Prints), mine.Len())
			}
			var ranges []wire.Range
			for _, p := range ask.Prints {
				if asked[p.Prefix] {
					t.Fatalf("%v is asked twice", p.Prefix)
				}
				asked[p.Prefix] = true
				switch kind := rapid.IntRange(0, 9).Draw(t, "answer"); {
				case kind == 0:
				case kind <= 2 || p.Depth == wire.MaxDepth:
					ranges = append(ranges, wire.Range{Prefix: p.Prefix, Listed: true})
				default:
					for _, child := range children(p.Prefix) {
						ranges = append(ranges, wire.Range{Prefix: child, Sum: [8]byte{byte(kind)}})
					}
				}
			}
			for _, m := range wire.PackRanges(ranges) {
				docs, err := d.Take(m)
				if err != nil {
					t.Fatal(err)
				}
				if len(m.Ranges) > 0 {
					var bad *wire.Error
					if _, err := d.Take(m); !errors.As(err, &bad) || bad.Code != wire.Unexpected {
						t.Fatalf("an answer that came twice: %v", err)
					}
				}
				found += len(docs)
			}
		}
		if found > mine.Len() {
			t.Fatalf("%d documents were found of %d", found, mine.Len())
		}
	})
	for name, r := range map[string]wire.Range{
		"the root's own print": {},
		"a grandchild":         {Prefix: wire.Prefix{}.Child(1).Child(2)},
		"a list of a child":    {Prefix: wire.Prefix{}.Child(1), Listed: true},
	} {
		d := NewDescent(mine)
		d.Next()
		if _, err := d.Take(wire.Compared{Ranges: []wire.Range{r}}); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// TestPrefix: child and parent are inverse, and a prefix ends where the next begins.
func TestPrefix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := wire.Prefix{}
		for range rapid.IntRange(0, wire.MaxDepth-1).Draw(t, "depth") {
			p = p.Child(rapid.IntRange(0, 15).Draw(t, "half byte"))
		}
		all := children(p)
		if all[0].ID != p.ID || all[15].Last() != p.Last() {
			t.Fatalf("%v does not have the bounds of its children", p)
		}
		for i, c := range all {
			if c.Parent() != p {
				t.Fatalf("%v is the parent of %v, a child of %v", c.Parent(), c, p)
			}
			if i > 0 {
				after := all[i-1].Last()
				for at := len(after) - 1; at >= 0; at-- {
					if after[at]++; after[at] != 0 {
						break
					}
				}
				if after != c.ID {
					t.Fatalf("a gap between %v and %v", all[i-1], c)
				}
			}
		}
	})
}

// BenchmarkReconcile prints what n documents cost of which d differ.
func BenchmarkReconcile(b *testing.B) {
	for _, c := range [][2]int{{200, 0}, {200, 1}, {5_000, 0}, {5_000, 1}, {5_000, 10}, {5_000, 100}, {5_000, 1_000}, {20_000, 1}, {20_000, 100}} {
		mine, theirs := map[int]int{}, map[int]int{}
		for i := range c[0] {
			mine[i], theirs[i] = 1, 1
		}
		for i := range c[1] {
			theirs[i] = 2
		}
		ours, others := docs(mine, 0), docs(theirs, 0)
		b.Run(fmt.Sprintf("documents=%d/differ=%d", c[0], c[1]), func(b *testing.B) {
			var size, rounds int
			for b.Loop() {
				_, size, rounds = descend(b, NewSet([32]byte{1}, ours), NewSet([32]byte{1}, others))
			}
			b.ReportMetric(float64(size), "wire-B")
			b.ReportMetric(float64(rounds), "rounds")
		})
	}
}
