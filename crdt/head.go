package crdt

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// Head is the end of a chain, or of one tail of it, as one copy tells another.
//
// # What two copies tell each other
//
// A vector says what a copy has only among copies that know of the same forks; heads go
// between any. Each of the two copies tells its heads, and sends what the other lacks by these:
//
//	theirs := …                                 // heads that came
//	d.DeltaSince(d.Known(theirs))               // to be sent
//	heads := WithoutFamilies(d.Heads(), d.Strange(theirs)) // to be told, again if Strange is new
//
// A head that d cannot place though it has got as far in that chain shows a tail that d lacks.
// Then d asks for the whole chain by telling no head of it. Of a head that is further than d has got, d assumes
// that it is further on the same tail; if that is wrong, the other copy cannot place d's head, and asks. So what is
// lacking comes in any case, and at most what is not lacking, too.
type Head struct {
	Replica ReplicaID // as in a frame: all tails of a chain have one
	Next    uint32    // the Seq behind the last change
	Stamp   Stamp     // of the last change
}

// Heads returns what d has sealed or applied, in order of arrival of the chains.
func (d *Doc) Heads() (heads []Head) {
	for _, r := range d.replicas {
		if r.headNext > r.from {
			heads = append(heads, Head{r.family, r.headNext, r.head.stamp()})
		}
	}
	return heads
}

// Compare orders heads by replica, Seq and stamp.
func (h Head) Compare(other Head) int {
	return cmp.Or(h.Replica.Compare(other.Replica), cmp.Compare(h.Next, other.Next), bytes.Compare(h.Stamp[:], other.Stamp[:]))
}

// SumHeads returns what two copies with the same changes have in common, whatever the order of their heads: the SHA-256 over the
// heads, ascending and each once, as replica (16 bytes), Next (4 bytes, big-endian), stamp (8 bytes).
func SumHeads(heads []Head) (sum [32]byte) {
	sorted := slices.Clone(heads)
	slices.SortFunc(sorted, Head.Compare)
	sorted = slices.Compact(sorted)
	b := make([]byte, 0, len(sorted)*(len(ReplicaID{})+4+len(Stamp{})))
	for _, h := range sorted {
		b = append(b, h.Replica[:]...)
		b = binary.BigEndian.AppendUint32(b, h.Next)
		b = append(b, h.Stamp[:]...)
	}
	return sha256.Sum256(b)
}

// WithoutFamilies returns the heads that are not of the given chains.
func WithoutFamilies(heads []Head, chains []ReplicaID) (others []Head) {
	for _, h := range heads {
		if !slices.Contains(chains, h.Replica) {
			others = append(others, h)
		}
	}
	return others
}

// Known returns what a copy with the given heads has of what d has, for [Doc.DeltaSince], at least.
// O(heads); O(changes) where a hash is no longer at hand.
func (d *Doc) Known(heads []Head) VersionVector {
	v := VersionVector{}
	d.placeHeads(heads, func(h Head, at []*replica) {
		if family := d.family(h.Replica); len(family) == 1 && h.Next > family[0].next {
			at, h.Next = family, family[0].next
		}
		for _, r := range at {
			v[r.id] = max(v[r.id], h.Next)
		}
	})
	return v
}

// Strange returns the chains of which a copy with the given heads has tails that d lacks. Complexity
// as of [Doc.Known].
func (d *Doc) Strange(heads []Head) (chains []ReplicaID) {
	d.placeHeads(heads, func(h Head, at []*replica) {
		reached := slices.ContainsFunc(d.family(h.Replica), func(r *replica) bool { return h.Next <= r.next })
		if reached && len(at) == 0 && !slices.Contains(chains, h.Replica) {
			chains = append(chains, h.Replica)
		}
	})
	return chains
}

// placeHeads calls f for each head with the replicas that it is of.
func (d *Doc) placeHeads(heads []Head, f func(h Head, at []*replica)) {
	hashes := d.hashesAt(heads)
	for _, h := range heads {
		var at []*replica
		for _, r := range d.family(h.Replica) {
			if hash, ok := hashes[moment{r, h.Next}]; ok && hash.stamp() == h.Stamp {
				at = append(at, r)
			}
		}
		f(h, at)
	}
}

// hashesAt returns the hashes of the changes that end where heads do.
func (d *Doc) hashesAt(heads []Head) map[moment]Hash {
	hashes, missing := map[moment]Hash{}, map[moment]Hash{}
	for _, h := range heads {
		for _, r := range d.family(h.Replica) {
			if h.Next <= r.from || h.Next > r.next || !d.endsAt(r, h.Next) {
				continue
			}
			m := moment{r, h.Next}
			if hash, ok := r.hashAt(h.Next); ok {
				hashes[m] = hash
			} else {
				missing[m] = Hash{}
			}
		}
	}
	if len(missing) > 0 {
		d.rehash(missing)
	}
	for m, hash := range missing {
		m.of.recent.add(m.next, hash)
		hashes[m] = hash
	}
	return hashes
}
