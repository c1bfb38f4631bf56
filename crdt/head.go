package crdt

// Head is the end of a chain, or of one tail of it, as one copy tells another.
type Head struct {
	Replica ReplicaID // as in a frame: all tails of a chain have one
	Next    uint32    // the Seq behind the last change
	Stamp   Stamp     // of the last change
}

// Heads returns what d has sealed or applied, in order of arrival of the chains. A vector can say that only
// among copies that know of the same forks; heads go between any.
func (d *Doc) Heads() (heads []Head) {
	for _, r := range d.replicas {
		if r.headNext > r.from {
			heads = append(heads, Head{r.family, r.headNext, r.head.stamp()})
		}
	}
	return heads
}

// Known returns what a copy with the given heads has of what d has, for [Doc.DeltaSince]. What d cannot
// place counts as little: then the copy gets changes that it has, and what it did not know of a
// fork. Only a chain that d has not got as far as that counts as known, unless d knows of a fork in it: if that is wrong,
// the copy has the tail that shows it, and sends that. O(heads), O(changes) where a hash is no longer at hand.
func (d *Doc) Known(heads []Head) VersionVector {
	hashes := d.hashesAt(heads)
	v := VersionVector{}
	for _, h := range heads {
		family := d.family(h.Replica)
		if len(family) == 1 && h.Next > family[0].next {
			v[family[0].id] = family[0].next
			continue
		}
		for _, r := range family {
			if hash, ok := hashes[moment{r, h.Next}]; ok && hash.stamp() == h.Stamp {
				v[r.id] = max(v[r.id], h.Next)
			}
		}
	}
	return v
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
			if hash, ok := r.recent.find(h.Next); ok {
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
