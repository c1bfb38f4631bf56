package crdt

import (
	"slices"
	"sort"
)

// replica is one chain of edits as a document knows it, or one tail of a chain that
// forked, see fork.go.
type replica struct {
	id      ReplicaID
	family  ReplicaID // the chain's name for those who wrote it: id but in a tail
	parent  *replica  // tail: the one from which it parts
	from    uint32    // tail: the Seq with which it parts; what is below is the parent's
	place   uint32    // in history.replicas
	next    uint32    // the Seq that its next op will get
	lamport uint64    // of its last Seq
	pieces  []piece

	author Author
	grant  uint32 // the Grant that made the device a member; none for the creator's

	minutes int64 // wall time of the last change
	table   []mention
	causes  []cause

	// head is the hash behind the change that ends in front of headNext: of the
	// newest change, unless local ones wait to be sealed.
	head      Hash
	headNext  uint32
	recent    recentHashes
	hashes    map[uint32]Hash // by next, of all changes; only of a family that forked
	signature signature       // the newest
	kept      []signature     // those of changes with a Grant, kept for good

	places map[*replica]int // in table, made once that is long
}

// piece says that the Seqs from seq on have the local versions lv, lv+1 … up to the
// next piece.
type piece struct{ seq, lv uint32 }

// mention is a replica that a chain has mentioned, and how far it knew it when.
type mention struct {
	of       *replica
	declared []declaration // ascending
}

// declaration says that from the own Seq seq on the chain had seen all Seqs of a
// mentioned replica below next.
type declaration struct{ seq, next uint32 }

// cause is one cause of the change that begins at seq.
type cause struct{ seq, place, next uint32 }

// signature is one that is kept for good, of the change in front of next.
type signature struct {
	next  uint32
	bytes []byte
}

// lv returns the local version of an own Seq that is known.
func (r *replica) lv(seq uint32) uint32 {
	for seq < r.from {
		r = r.parent
	}
	i := len(r.pieces) - 1
	if r.pieces[i].seq > seq {
		i = sort.Search(i, func(i int) bool { return r.pieces[i].seq > seq }) - 1
	}
	return r.pieces[i].lv + (seq - r.pieces[i].seq)
}

// last returns the Seq up to which m was declared last.
func (m *mention) last() uint32 { return m.declared[len(m.declared)-1].next }

// at returns the Seq up to which m was declared in the change that begins at seq; 0
// when it was not mentioned yet.
func (m *mention) at(seq uint32) uint32 {
	i := len(m.declared) - 1
	if m.declared[i].seq > seq {
		i = sort.Search(i, func(i int) bool { return m.declared[i].seq > seq }) - 1
	}
	if i < 0 {
		return 0
	}
	return m.declared[i].next
}

// before returns how many times m was declared before the change that begins at seq.
func (m *mention) before(seq uint32) int {
	return sort.Search(len(m.declared), func(i int) bool { return m.declared[i].seq >= seq })
}

// declare notes a cause of the change that begins at seq.
func (r *replica) declare(seq uint32, of *replica, place int, next uint32) {
	if place == len(r.table) {
		r.mention(of)
	}
	m := &r.table[place]
	if m.of != of { // on into a tail
		r.remention(place, of)
	}
	m.declared = append(m.declared, declaration{seq, next})
	r.causes = append(r.causes, cause{seq, uint32(place), next})
}

// longTable is from how many mentions on a table gets a map.
const longTable = 8

// placeOf returns the place of a replica in r's table.
func (r *replica) placeOf(of *replica) (place int, ok bool) {
	if r.places != nil {
		place, ok = r.places[of]
		return place, ok
	}
	for i := range r.table {
		if r.table[i].of == of {
			return i, true
		}
	}
	return 0, false
}

// indexTable makes places anew.
func (r *replica) indexTable() {
	if r.places = nil; len(r.table) > longTable {
		r.places = make(map[*replica]int, len(r.table))
		for i := range r.table {
			r.places[r.table[i].of] = i
		}
	}
}

// mention gives a replica the next place in r's table.
func (r *replica) mention(of *replica) {
	r.table = append(r.table, mention{of: of})
	switch {
	case r.places != nil:
		r.places[of] = len(r.table) - 1
	default:
		r.indexTable()
	}
}

// remention makes a place that of a tail of the replica that was there.
func (r *replica) remention(place int, of *replica) {
	if r.places != nil {
		delete(r.places, r.table[place].of)
		r.places[of] = place
	}
	r.table[place].of = of
}

// setHead notes the hash behind the change that ends in front of next.
func (r *replica) setHead(next uint32, hash Hash) {
	r.head, r.headNext = hash, next
	r.recent.add(next, hash)
	if r.hashes != nil {
		r.hashes[next] = hash
	}
}

// hashAt returns the hash behind r's change in front of next, if that is at hand.
func (r *replica) hashAt(next uint32) (hash Hash, ok bool) {
	if next == r.headNext {
		return r.head, true
	}
	if r.hashes != nil {
		hash, ok = r.hashes[next]
		return hash, ok
	}
	return r.recent.find(next)
}

// sign notes the signature of the change that ends in front of next.
func (r *replica) sign(next uint32, bytes []byte, keep bool) {
	s := signature{next, bytes}
	if next > r.signature.next {
		r.signature = s
	}
	if keep {
		r.kept = append(r.kept, s)
	}
}

// causesOf returns the causes of the change that begins at seq, in the order of
// its body.
func (r *replica) causesOf(seq uint32) []cause {
	if len(r.causes) == 0 || r.causes[len(r.causes)-1].seq < seq {
		return nil
	}
	first := sort.Search(len(r.causes), func(i int) bool { return r.causes[i].seq >= seq })
	end := first
	for end < len(r.causes) && r.causes[end].seq == seq {
		end++
	}
	return r.causes[first:end]
}

// recentHashes are those of the last changes of a chain, so that changes of others
// that build on them can be hashed at once.
type recentHashes struct {
	next []uint32 // behind the change; ascending but for the wrap
	hash []Hash
	at   int
}

// maxRecent bounds recentHashes, 36 bytes each.
const maxRecent = 256

func (h *recentHashes) add(next uint32, hash Hash) {
	if len(h.next) < maxRecent {
		h.next, h.hash = append(h.next, next), append(h.hash, hash)
		return
	}
	h.next[h.at], h.hash[h.at] = next, hash
	h.at = (h.at + 1) % maxRecent
}

// part returns those of changes that end in front of seq or there, and the others.
func (h *recentHashes) part(seq uint32) (before, behind recentHashes) {
	for i, next := range h.next {
		if next <= seq {
			before.add(next, h.hash[i])
		} else {
			behind.add(next, h.hash[i])
		}
	}
	return before, behind
}

func (h *recentHashes) find(next uint32) (Hash, bool) {
	if i := slices.Index(h.next, next); i >= 0 {
		return h.hash[i], true
	}
	return Hash{}, false
}
