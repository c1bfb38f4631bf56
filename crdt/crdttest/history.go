package crdttest

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"slices"

	"inkling/crdt"
)

// History is a small document as the proof of the order rule has it: ops that name each other and nothing else. It has no
// text, keys or bytes; these follow from it ([History.Changes]), always the same ones, so that a history is
// told by a few lines of text ([History.String], [ParseHistory]) and is there again.
type History struct{ entries []*entry }

// entry is a change: ops that one writer made with the same knowledge. Entries stand in a causal order.
type entry struct {
	writer   int // rank of its ReplicaID
	previous *entry
	causes   []*entry // in no order
	deeds    []*deed

	// What follows, see number.
	causesInOrder []*entry // as the body has them
	table         []*entry // by place: what the chain has declared last, this change's causes among it
	seq, next     uint32
	minutes       int64

	// What the bytes are, see write.
	replica crdt.ReplicaID
	hash    crdt.Hash
	change  *crdt.Change // nil where it was read, not written
}

// deed is an op, or one code point of an Insert of several.
type deed struct {
	verb    byte    // 'i'nsert, 'd'elete, 'r'estore, 'x': nothing
	origin  *deed   // insert; nil: the root
	named   *deed   // insert; of the own chain, or nil
	targets []*deed // delete: one behind the other in a chain; restore: one of the own chain

	in      *entry
	seq     uint32
	lamport uint64
}

// number gives all changes and ops the numbers that follow from what comes before them.
func (h *History) number() {
	for i, e := range h.entries {
		e.minutes = int64(i) + 1 // so no two changes have one body
		e.number()
	}
}

func (e *entry) number() {
	e.seq, e.table = 0, nil
	lamport := uint64(0)
	if p := e.previous; p != nil {
		e.seq, e.table = p.next, slices.Clone(p.table)
		lamport = p.last().lamport
	}
	e.declare()
	for _, k := range e.causes {
		lamport = max(lamport, k.last().lamport)
	}
	e.next = e.seq
	for _, d := range e.deeds {
		lamport++
		d.in, d.seq, d.lamport = e, e.next, lamport
		e.next++
	}
}

// declare enters the causes in the table, as FORMAT.md orders them: a place goes on along its chain, what goes on
// from nothing that is declared gets a place behind all others.
func (e *entry) declare() {
	var fresh []*entry
	places := map[*entry]int{}
	for _, k := range e.causes {
		place := slices.IndexFunc(e.table, func(t *entry) bool { return t.leadsTo(k) })
		if place < 0 {
			fresh = append(fresh, k)
			continue
		}
		places[k] = place
		e.table[place] = k
	}
	e.causesInOrder = nil
	for place, k := range e.table {
		if p, ok := places[k]; ok && p == place {
			e.causesInOrder = append(e.causesInOrder, k)
		}
	}
	slices.SortFunc(fresh, func(k, l *entry) int {
		return cmp.Or(compareNumbers(k.writer, l.writer, int(k.next), int(l.next)), bytes.Compare(k.hash[:], l.hash[:]))
	})
	e.causesInOrder = append(e.causesInOrder, fresh...)
	e.table = append(e.table, fresh...)
}

// compareNumbers compares pairs of numbers, the first that differ.
func compareNumbers(pairs ...int) int {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] != pairs[i+1] {
			return pairs[i] - pairs[i+1]
		}
	}
	return 0
}

func (e *entry) last() *deed { return e.deeds[len(e.deeds)-1] }

// leadsTo says whether e is k or in front of it in its chain.
func (e *entry) leadsTo(k *entry) bool {
	for ; k != nil; k = k.previous {
		if e == k {
			return true
		}
	}
	return false
}

// knows says whether an op of e may refer to d.
func (e *entry) knows(d *deed) bool {
	return d == nil || d.in.leadsTo(e) || slices.ContainsFunc(e.table, d.in.leadsTo)
}

// knowsAll says whether an op of e may refer to all that d refers to.
func (e *entry) knowsAll(d *deed) bool {
	return e.knows(d.origin) && !slices.ContainsFunc(d.targets, func(d *deed) bool { return !e.knows(d) })
}

// sound says whether the format has bytes for h, and documents read them.
func (h *History) sound() bool {
	return !slices.ContainsFunc(h.entries, func(e *entry) bool { return !e.sound() || h.readings(e) > maxReadings })
}

// maxReadings is so much less than the number of wrong readings after which a document gives a change up (FORMAT.md) that
// histories stay below that.
const maxReadings = 300

// readings returns how many combinations of changes, at most, the causes of e may mean: of a chain that forked a cause
// only says where the change ends, and of several that say the same the hashes rise.
func (h *History) readings(e *entry) int {
	n := 1
	for i, k := range e.causes {
		same := func(l *entry) bool { return l.writer == k.writer && l.next == k.next }
		alike, before := 0, 0
		for _, l := range h.entries {
			alike += oneIf(same(l))
		}
		for _, l := range e.causes[:i] {
			before += oneIf(same(l))
		}
		if n = n * (alike - before) / (before + 1); n > maxReadings {
			break
		}
	}
	return n
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (e *entry) sound() bool {
	bad := func(k *entry) bool { // of the own family, or known already
		return k.writer == e.writer || slices.ContainsFunc(e.causes, func(l *entry) bool { return k != l && k.leadsTo(l) })
	}
	if len(e.deeds) == 0 || e.writer < 0 || e.writer >= MaxWriters || slices.ContainsFunc(e.causes, bad) {
		return false
	}
	for _, d := range e.deeds {
		if !e.knowsAll(d) || d.named != nil && !d.named.in.leadsTo(e) || d.verb == 'r' && !d.targets[0].in.leadsTo(e) {
			return false
		}
		for i := 1; i < len(d.targets); i++ {
			if a, b := d.targets[i-1], d.targets[i]; a.seq+1 != b.seq || !a.in.leadsTo(b.in) {
				return false
			}
		}
	}
	return true
}

// path returns all ops of e's chain up to its end; the place in the list is the Seq.
func (e *entry) path() (deeds []*deed) {
	if e == nil {
		return nil
	}
	return append(e.previous.path(), e.deeds...)
}

// names returns what a copy that has all of h calls the ops: of the changes that go on from one, that with
// the least hash keeps the chain's name, each other begins a replica named by its hash.
func (h *History) names() map[crdt.ID]*deed {
	replicas := map[*entry]crdt.ReplicaID{}
	deeds := map[crdt.ID]*deed{}
	for _, e := range h.entries {
		name := e.replica
		if e.previous != nil {
			name = replicas[e.previous]
		}
		if slices.ContainsFunc(h.entries, func(k *entry) bool {
			return k.previous == e.previous && k.writer == e.writer && bytes.Compare(k.hash[:], e.hash[:]) < 0
		}) {
			name = crdt.ReplicaID(e.hash[:])
		}
		replicas[e] = name
		for _, d := range e.deeds {
			deeds[crdt.ID{Replica: name, Seq: d.seq}] = d
		}
	}
	return deeds
}

// Forked says whether a writer went on twice from one place.
func (h *History) Forked() bool {
	return slices.ContainsFunc(h.entries, func(e *entry) bool { return h.forked(e.writer) })
}

func (h *History) forked(writer int) bool {
	for i, e := range h.entries {
		for _, k := range h.entries[:i] {
			if e.writer == writer && k.writer == writer && e.previous == k.previous {
				return true
			}
		}
	}
	return false
}

// Causal returns the changes of h in a random order in which each comes after all that it builds on.
func (h *History) Causal(rng *rand.Rand) (changes []*crdt.Change) {
	done := map[*entry]bool{nil: true}
	for left := slices.Clone(h.entries); len(left) > 0; {
		i := rng.IntN(len(left))
		e := left[i]
		if done[e.previous] && !slices.ContainsFunc(e.causes, func(k *entry) bool { return !done[k] }) {
			done[e] = true
			changes = append(changes, e.change)
			left = slices.Delete(left, i, i+1)
		}
	}
	return changes
}
