package storage_test

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"inkling/crdt"
	"inkling/storage"
	"inkling/storage/storagetest"
)

// after returns a change that goes on from another of the hand's, or begins the chain.
func (h *hand) after(c *crdt.Change, text string) *crdt.Change {
	if c == nil {
		return h.insert(0, text)
	}
	h.before[c.Next] = c.Hash
	return h.insert(c.Next, text)
}

// forking makes n changes of the first document, by turns of several replicas, some of which go on from an older
// change of their chain, or begin it again. No two are the same. Changes from which nothing goes on are signed,
// others maybe.
func forking(rng *rand.Rand, n, replicas int) []*crdt.Change {
	hands := make([]*hand, replicas)
	begin := map[*hand]crdt.Hash{}
	for i := range hands {
		hands[i] = newHand(1, i)
		begin[hands[i]] = hands[i].before[0]
	}
	made := make([][]*crdt.Change, replicas)
	known := map[crdt.Hash]bool{}
	var list []*crdt.Change
	for len(list) < n {
		r := rng.IntN(replicas)
		var from *crdt.Change
		if k := len(made[r]); k > 0 {
			from = made[r][k-1]
		}
		switch back := rng.IntN(20); {
		case back < 3 && len(made[r]) > 0:
			from = made[r][rng.IntN(len(made[r]))]
		case back == 3:
			from = nil
			hands[r].before[0] = begin[hands[r]]
		}
		c := hands[r].after(from, strings.Repeat(string(rune('a'+rng.IntN(26))), 1+rng.IntN(20)))
		if known[c.Hash] {
			continue
		}
		known[c.Hash] = true
		if from != nil && rng.IntN(3) == 0 {
			from.Signature = nil
		}
		made[r] = append(made[r], c)
		list = append(list, c)
	}
	return list
}

// behind returns those of changes that are at or before one of the heads.
func behind(changes []*crdt.Change, heads []crdt.Head) map[crdt.Head]bool {
	all := map[crdt.Head]bool{}
	for _, h := range heads {
		all[h] = true
	}
	for _, c := range slices.Backward(changes) {
		if all[headOf(c)] {
			all[crdt.Head{Replica: c.Replica, Next: c.Seq, Stamp: c.Previous}] = true
		}
	}
	has := map[crdt.Head]bool{}
	for _, c := range changes {
		if all[headOf(c)] {
			has[headOf(c)] = true
		}
	}
	return has
}

// What is appended of forked chains is there, in order, also when it comes twice and after
// reopening, and the heads are those changes from which none goes on.
func TestForksAreKept(t *testing.T) {
	rng := seeded(t)
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	changes := forking(rng, 300, 3)
	for i := 0; i < len(changes); {
		n := min(1+rng.IntN(20), len(changes)-i)
		mustSave(t, l, doc, changes[max(0, i-rng.IntN(30)):i+n]...)
		checkHeads(t, l, doc, headsOf(changes[:i+n]))
		i += n
		if rng.IntN(5) == 0 {
			l = storagetest.Reopen(t, l)
			checkHeads(t, l, doc, headsOf(changes[:i]))
		}
	}
	if !equalFrames(frames(t, l, doc), encoded(changes)) {
		t.Fatal("the journal differs from what was appended")
	}
	i := 0
	for c, err := range l.Changes(doc) {
		if err != nil || c.Previous != changes[i].Previous || c.Hash != changes[i].Hash {
			t.Fatalf("change %d: %v, goes on from %x, want %x", i, err, c.Previous, changes[i].Previous)
		}
		i++
	}
}

// Of chains that are known to have forked, Since gives exactly what is not at or before one of the heads told, whatever
// else is told, up to a signature for all of it.
func TestSinceInForks(t *testing.T) {
	rng := seeded(t)
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	changes := forking(rng, 300, 2)
	mustSave(t, l, doc, changes...)
	for range 200 {
		var told []crdt.Head
		for range rng.IntN(8) {
			told = append(told, headOf(changes[rng.IntN(len(changes))]))
		}
		told = append(told, crdt.Head{Replica: changes[0].Replica, Next: uint32(1 + rng.IntN(5000)), Stamp: crdt.Stamp{1}})
		has := behind(changes, told)
		var lacking []*crdt.Change
		edits := 0
		for _, c := range changes {
			if !has[headOf(c)] {
				lacking = append(lacking, c)
				edits += int(c.Next - c.Seq)
			}
		}
		got, then, err := l.Since(doc, told, rng.IntN(5000))
		if err != nil || len(got) == 0 || len(got) > len(lacking) || !equalFrames(got, encoded(lacking[:len(got)])) {
			t.Fatalf("since %v: %d frames, %v, not the first of the %d lacking", told, len(got), err, len(lacking))
		}
		for _, c := range lacking[:len(got)] {
			has[headOf(c)] = true
		}
		if now := behind(changes, then); !maps.Equal(now, has) {
			t.Fatalf("since %v: %d frames lead to %d changes, want %d", told, len(got), len(now), len(has))
		}
		checkCovered(t, lacking[:len(got)])
		if n, err := l.Lacking(doc, told); n != edits || err != nil {
			t.Fatalf("%d edits are lacking, %v, want %d", n, err, edits)
		}
	}
}

// checkCovered says that each of changes has a signature or is before one of them that has.
func checkCovered(t *testing.T, changes []*crdt.Change) {
	t.Helper()
	covered := map[crdt.Head]bool{}
	for _, c := range slices.Backward(changes) {
		if c.Signature == nil && !covered[headOf(c)] {
			t.Fatalf("no signature covers %v", headOf(c))
		}
		covered[crdt.Head{Replica: c.Replica, Next: c.Seq, Stamp: c.Previous}] = true
	}
}

// Libraries that go on telling each other their heads and sending what is lacking by these end with the same,
// whatever each had, and then send nothing more.
func TestLibrariesWithForksBecomeEqual(t *testing.T) {
	rng := seeded(t)
	for range 3 {
		changes := forking(rng, 60, 2)
		byHead := map[crdt.Head]*crdt.Change{}
		for _, c := range changes {
			byHead[headOf(c)] = c
		}
		var all []*storage.Library
		doc := genesis(1).DocID()
		for range 3 {
			l := storagetest.Open(t)
			add(t, l, 1)
			var told []crdt.Head
			for range 1 + rng.IntN(6) {
				told = append(told, headOf(changes[rng.IntN(len(changes))]))
			}
			if len(all) == 2 { // somebody has it
				told = slices.Collect(maps.Keys(headsOf(changes)))
			}
			has := behind(changes, told)
			mustSave(t, l, doc, slices.DeleteFunc(slices.Clone(changes), func(c *crdt.Change) bool { return !has[headOf(c)] })...)
			all = append(all, l)
		}
		rounds := 0
		for busy := true; busy; rounds++ {
			busy = false
			for i := range all {
				from, to := all[i], all[(i+1+rounds%2)%len(all)]
				busy = bring(t, from, to, doc, byHead) || busy
				busy = bring(t, to, from, doc, byHead) || busy
			}
			if rounds > 20 {
				t.Fatal("they never stop")
			}
		}
		for _, l := range all {
			checkHeads(t, l, doc, headsOf(changes))
			if n := len(frames(t, l, doc)); n != len(changes) {
				t.Fatalf("%d changes, want %d", n, len(changes))
			}
		}
	}
}

// bring stores in to what from has and to lacks by its heads. It returns whether there was anything.
func bring(t *testing.T, from, to *storage.Library, doc crdt.DocID, byHead map[crdt.Head]*crdt.Change) (any bool) {
	t.Helper()
	have, err := to.Heads(doc)
	if err != nil {
		t.Fatal(err)
	}
	for {
		got, then, err := from.Since(doc, have, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) == 0 {
			return any
		}
		var changes []*crdt.Change
		for _, b := range got {
			c, _, err := crdt.DecodeFrame(b)
			if err != nil {
				t.Fatal(err)
			}
			changes = append(changes, byHead[crdt.Head{Replica: c.Replica, Next: c.Next, Stamp: c.Stamp}])
		}
		mustSave(t, to, doc, changes...)
		have, any = then, true
	}
}

// A copy that is further in a chain than this one counts as having it, until a fork in it is known here.
func TestSinceForOneWhoIsFurther(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	ana := newHand(1, 1)
	first := ana.insert(0, "abc")
	second := ana.after(first, "def")
	mustSave(t, l, doc, first, second)
	other := ana.after(first, "xyzxyz")
	for _, c := range []struct {
		told []crdt.Head
		want int
	}{
		{[]crdt.Head{headOf(other)}, 0},
		{[]crdt.Head{headOf(other), headOf(first)}, 0},
		{[]crdt.Head{{Replica: ana.replica, Next: 6, Stamp: crdt.Stamp{1}}}, 2}, // as far, but another
		{[]crdt.Head{{Replica: ana.replica, Next: 5, Stamp: crdt.Stamp{1}}, headOf(first)}, 1},
		{[]crdt.Head{{Replica: ana.replica, Next: 2, Stamp: crdt.Stamp{1}}}, 2},
	} {
		if got, _, err := l.Since(doc, c.told, 1000); err != nil || len(got) != c.want {
			t.Errorf("since %v: %d changes, %v, want %d", c.told, len(got), err, c.want)
		}
	}
	mustSave(t, l, doc, other)
	if got, _, err := l.Since(doc, []crdt.Head{headOf(other)}, 1000); err != nil || len(got) != 1 {
		t.Errorf("of a fork that is known: %d changes, %v", len(got), err)
	}
}

// What does not go on from a stored change is refused, with all of its call.
func TestAppendRefusesWhatGoesOnFromNothing(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	ana := newHand(1, 1)
	first := ana.insert(0, "abc")
	left, right := ana.after(first, "left"), ana.after(first, "right")
	mustSave(t, l, doc, first)
	var seqErr *storage.SeqError
	for name, list := range map[string][]*crdt.Change{
		"the one before is missing":  {left, ana.after(right, "!")},
		"that one comes behind it":   {ana.after(right, "!"), right},
		"inside a change":            {left, {Replica: ana.replica, Seq: 2, Next: 3, Hash: crdt.Hash{1}, Previous: crdt.Stamp{1}}},
		"a beginning in the middle":  {left, {Replica: ana.replica, Seq: 3, Next: 4, Hash: crdt.Hash{1}}},
		"a beginning that goes on":   {left, {Replica: ana.replica, Seq: 0, Next: 4, Hash: crdt.Hash{1}, Previous: crdt.Stamp{1}}},
		"another's change before it": {left, {Replica: crdt.ReplicaID{9}, Seq: 3, Next: 4, Hash: crdt.Hash{1}, Previous: left.Previous}},
	} {
		if err := save(l, doc, list, "title", day); !errors.As(err, &seqErr) {
			t.Errorf("%s: %v", name, err)
		}
	}
	mustSave(t, l, doc, left, right, left, ana.after(right, "!"), ana.after(right, "?"))
	if got := frames(t, l, doc); len(got) != 5 {
		t.Errorf("%d changes, want 5", len(got))
	}
}

// Check says where the rows of a chain do not fit together.
func TestCheckFollowsChains(t *testing.T) {
	ana := newHand(1, 1)
	first := ana.insert(0, "abc")
	left, right := ana.after(first, "left"), ana.after(first, "right")
	last := ana.after(left, "!")
	for statement, want := range map[string]string{
		"DELETE FROM change WHERE next_seq = 7":                            "goes on from one that is not there",
		"DELETE FROM fork":                                                 "forked, which is not noted",
		"INSERT INTO fork VALUES (1, x'00112233445566778899aabbccddeeff')": "did not fork",
		`INSERT INTO change SELECT id + 3, doc, replica, seq, next_seq, previous, hash, signature, checksum, codec, body
			FROM change WHERE next_seq = 7`: "is there twice",
		"UPDATE change SET previous = x'0011223344556677' WHERE next_seq = 7": "goes on from one that is not there",
	} {
		dir := t.TempDir()
		l, err := storage.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		mustSave(t, l, add(t, l, 1), first, left, right, last)
		if r, err := l.Check(context.Background()); err != nil || !r.Intact() {
			t.Fatalf("%v, %v", r, err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if err := storage.Alter(dir, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		if l, err = storage.OpenReadOnly(dir); err != nil {
			t.Fatal(err)
		}
		if r, err := l.Check(context.Background()); err != nil || r.Intact() || !strings.Contains(r.String(), want) {
			t.Errorf("%s: %v, %v, want %q", statement, r, err, want)
		}
		l.Close()
	}
}
