package crdt

import (
	"crypto/ed25519"
	"maps"
	"slices"
)

// ahead is the changes from elsewhere that are examined and hashed, in an order in
// which they can be applied, but not applied: that they are only when a signature
// covers them. A nil ahead holds none.
type ahead struct {
	doc    *Doc
	order  []aheadChange
	chains map[ReplicaID]*aheadChain
}

// aheadChain is one chain of ahead.
type aheadChain struct {
	view    chainView
	device  DeviceKey
	next    uint32
	hash    Hash // in front of next
	changes []aheadChange
	ends    map[uint32]Hash // behind each of changes
	limit   uint32          // what is below it is covered by a signature that was checked
}

// aheadChange is one change of ahead, hashed, with what it names as causes.
type aheadChange struct {
	*Change
	causes []viewCause
	grants bool // it holds a Grant, so its signature is kept for good
}

func newAhead(d *Doc) *ahead { return &ahead{doc: d, chains: map[ReplicaID]*aheadChain{}} }

// ends says whether a cause is known, in d or ahead, and whether a change ends there.
func (a *ahead) ends(d *Doc, c viewCause) (known, whole bool) {
	if known, whole = d.ends(c); known || a == nil {
		return known, whole
	}
	t := a.chains[c.id]
	if t == nil || c.next > t.next {
		return false, false
	}
	_, whole = t.ends[c.next]
	return true, whole
}

// op returns the op id as its body has it, nil when it is none that would be kept so.
func (a *ahead) op(d *Doc, id ID) []byte {
	if lv, ok := d.lv(id); ok {
		return d.other[lv]
	}
	if a == nil || a.chains[id.Replica] == nil {
		return nil
	}
	for _, c := range a.chains[id.Replica].changes {
		if c.Seq <= id.Seq && id.Seq < c.Next {
			return grantOf(c.Change, id.Seq)
		}
	}
	return nil
}

// chain returns the chain of that name, begun where the document ends.
func (a *ahead) chain(id ReplicaID) *aheadChain {
	t := a.chains[id]
	if t == nil {
		r := a.doc.byID[id]
		t = &aheadChain{view: chainView{doc: a.doc, ahead: a, r: r, id: id}, ends: map[uint32]Hash{}}
		if r != nil && r.next > 0 {
			t.device, t.next = r.author.Device, r.next
			t.hash = a.doc.hashAt(moment{r, r.next})
		} else {
			t.hash = firstPrevious(a.doc.docID, id)
		}
		t.limit = t.next
		a.chains[id] = t
	}
	return t
}

// add examines c, the next change of its chain, and keeps it. wanted is an op that must
// come first.
func (a *ahead) add(c *Change) (wanted ID, err *ChangeError) {
	t := a.chain(c.Replica)
	kept := t.view
	kept.added, kept.declared = slices.Clone(t.view.added), maps.Clone(t.view.declared)
	if wanted, err = t.view.examine(c); err != nil || !wanted.IsRoot() {
		t.view = kept
		return wanted, err
	}
	hashes := make([]Hash, len(t.view.causes))
	for i, cause := range t.view.causes {
		hashes[i] = a.hash(cause)
	}
	if c.Seq == 0 {
		var b bodyReader
		b.readHead(c.Body, 0)
		copy(t.device[:], b.device)
	}
	hashed := *c
	hashed.Hash = hashChange(t.hash, hashes, c.Body)
	t.hash, t.next = hashed.Hash, c.Next
	t.ends[c.Next] = hashed.Hash
	examined := aheadChange{&hashed, slices.Clone(t.view.causes), hasGrant(c)}
	t.changes = append(t.changes, examined)
	a.order = append(a.order, examined)
	return ID{}, nil
}

// hash returns the hash of a cause, which is known.
func (a *ahead) hash(c viewCause) Hash {
	if t := a.chains[c.id]; t != nil {
		if hash, ok := t.ends[c.next]; ok {
			return hash
		}
	}
	return a.doc.hashAt(moment{a.doc.byID[c.id], c.next})
}

// verify raises the limit of t to its last signed change in front of below whose
// signature is right. forged is a change whose signature is not.
func (t *aheadChain) verify(below uint32) (forged *Change) {
	t.limit = 0
	for _, c := range slices.Backward(t.changes) {
		if c.Next > below || c.Signature == nil {
			continue
		}
		if t.signs(c.Change) {
			t.limit = c.Next
			return forged
		}
		forged = c.Change
	}
	return forged
}

// signs says whether c has a signature that is right.
func (t *aheadChain) signs(c *Change) bool {
	return c.Signature != nil && ed25519.Verify(t.device[:], c.Hash[:], c.Signature)
}

// covered returns the changes that may be applied, in order: each below the limit of
// its chain, as are those that it builds on. Signatures that were not checked are
// dropped, so that nobody gets a wrong one from here.
func (a *ahead) covered() (list []*Change) {
	for again := true; again; {
		again, list = false, list[:0]
		for _, c := range a.order {
			t := a.chains[c.Replica]
			if c.Next > t.limit {
				continue
			}
			if !a.grounded(c) {
				t.verify(c.Seq)
				again = true
				break
			}
			if c.Next != t.limit && !(c.grants && t.signs(c.Change)) {
				c.Signature = nil
			}
			list = append(list, c.Change)
		}
	}
	return list
}

// grounded says whether all causes of c are applied or below their limits.
func (a *ahead) grounded(c aheadChange) bool {
	return !slices.ContainsFunc(c.causes, func(k viewCause) bool {
		of := a.chains[k.id]
		known, _ := a.doc.ends(k)
		return !known && (of == nil || k.next > of.limit)
	})
}

// await makes what has not been applied wait for the causes that have not been.
func (a *ahead) await() {
	for _, c := range a.order {
		for _, k := range c.causes {
			if known, _ := a.doc.ends(k); !known {
				a.doc.pending.wait(c.Replica, k.id)
			}
		}
	}
}
