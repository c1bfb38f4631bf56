package portable

import (
	"math"

	"inkling/crdt"
)

// content reads the changes section, then the signatures section, into a parcel that is not verified yet: it has neither
// document nor hashes.
type content struct {
	*section // that is read
	genesis  crdt.Genesis
	parcel   *Parcel
	next     []uint32 // per chain: the Seq behind its last change so far
	root     crdt.Hash
}

func (r *content) changes() {
	r.head()
	left := r.number("changes", math.MaxUint32)
	for last := -1; left > 0 && r.err() == nil; {
		of := int(r.number("chain", math.MaxUint32))
		n := r.number("changes of a group", left)
		if r.err() != nil {
			return
		}
		if of > len(r.next) || of >= len(r.parcel.chains) || of == last || n == 0 {
			r.fail("a group of %d changes of chain %d does not belong here", n, of)
			return
		}
		if of == len(r.next) { // its first
			r.next = append(r.next, r.parcel.chains[of].from)
		}
		for range n {
			if r.change(of); r.err() != nil {
				return
			}
		}
		last, left = of, left-n
	}
	for i, k := range r.parcel.chains {
		if i >= len(r.next) || r.next[i] != k.next {
			r.fail("the changes of replica %s do not end at %d", k.replica, k.next)
		}
	}
}

// head reads what is in front of the changes.
func (r *content) head() {
	r.parcel = &Parcel{}
	b := r.bytes(crdt.GenesisSize, "genesis")
	if r.err() != nil {
		return
	}
	var err error
	if r.genesis, err = crdt.DecodeGenesis(b); err != nil {
		r.fail("%v", err)
	}
	r.parcel.forked = r.number("forked", 1) == 1
	tails, seen := false, map[crdt.ReplicaID]bool{}
	for n := r.number("chains", math.MaxUint32); n > 0 && r.err() == nil; n-- {
		var k chain
		copy(k.replica[:], r.bytes(len(k.replica), "replica"))
		k.from = uint32(r.number("first seq", math.MaxUint32))
		k.next = uint32(r.number("last seq", math.MaxUint32))
		copy(k.hash[:], r.bytes(len(k.hash), "hash"))
		r.parcel.chains = append(r.parcel.chains, k)
		tails = tails || k.from > 0 || seen[k.replica]
		seen[k.replica] = true
	}
	if tails != r.parcel.forked {
		r.fail("a chain has tails: %t, said is %t", tails, r.parcel.forked)
	}
}

// change reads the next change of a chain.
func (r *content) change(of int) {
	if r.begin(); r.err() != nil {
		return
	}
	p, k := r.parcel, &r.parcel.chains[of]
	body := r.bytes(int(r.number("body length", crdt.MaxChangeBytes)), "body")
	if r.err() != nil {
		return
	}
	c, err := crdt.NewChange(k.replica, r.next[of], body, crdt.Hash{}, nil)
	if err != nil {
		r.fail("change %d: %v", len(p.changes), err)
		return
	}
	if p.forked {
		copy(c.Stamp[:], r.bytes(len(c.Stamp), "stamp"))
	}
	if r.next[of] = c.Next; c.Next == k.next && !p.forked {
		c.Hash = k.hash // what is claimed; see verify
	}
	p.changes, p.of = append(p.changes, c), append(p.of, of)
}

func (r *content) signatures() {
	for i := 0; !r.ended(); i++ {
		bare := r.number("changes without a signature", math.MaxUint32)
		signature := r.bytes(signatureSize, "signature")
		if r.err() != nil {
			return
		}
		if i += int(bare); i >= len(r.parcel.changes) {
			r.fail("more signatures than changes")
			return
		}
		r.parcel.changes[i].Signature = signature
	}
}
