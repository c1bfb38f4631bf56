package crdt

import (
	"crypto/ed25519"
	"fmt"
)

// Verify hashes all changes anew and checks every signature that d has, and that each
// chain belongs to a member: what [Doc.Load] and a block took on trust. The error names the first
// chain that is not what its device signed. O(changes); ends of chains that are not sealed yet count as right.
func (d *Doc) Verify() error {
	if err := d.needText(); err != nil {
		return fmt.Errorf("crdt: verify: %w", err)
	}
	wanted := map[moment]Hash{}
	for _, r := range d.replicas {
		for _, s := range r.signatures() {
			wanted[moment{r.before(s.next), s.next}] = Hash{}
		}
		wanted[moment{r.before(r.headNext), r.headNext}] = firstPrevious(d.docID, r.family)
	}
	d.rehash(wanted)
	for _, r := range d.replicas {
		if err := d.verifyChain(r, wanted); err != nil {
			return fmt.Errorf("crdt: verify: replica %s: %w", r.id, err)
		}
	}
	return nil
}

func (d *Doc) verifyChain(r *replica, hashes map[moment]Hash) error {
	if r.next == 0 {
		return nil
	}
	if r.author.Replica(d.docID) != r.family {
		return fmt.Errorf("its name does not follow from its device")
	}
	if !d.isMember(r) {
		return fmt.Errorf("its device is no member")
	}
	if hashes[moment{r.before(r.headNext), r.headNext}] != r.head {
		return fmt.Errorf("its changes up to %d do not have the hash that is kept for them", r.headNext)
	}
	if r != d.own && r.signature.next != r.next {
		return fmt.Errorf("no signature covers its changes from %d on", r.signature.next)
	}
	for _, s := range r.signatures() {
		hash := hashes[moment{r, s.next}]
		if !ed25519.Verify(r.author.Device[:], hash[:], s.bytes) {
			return fmt.Errorf("the signature at %d is not its device's", s.next)
		}
	}
	return nil
}

// isMember says whether the Grant that r's opening named grants its device, or needs not.
func (d *Doc) isMember(r *replica) bool {
	if r.author.Device == d.genesis.Creator {
		return r.grant == none
	}
	return r.grant != none && isGrant(d.other[r.grant], r.author.Device)
}

// signatures returns those that are kept for r, the newest last.
func (r *replica) signatures() []signature {
	list := r.kept[:len(r.kept):len(r.kept)]
	if r.signature.bytes != nil && (len(list) == 0 || list[len(list)-1].next != r.signature.next) {
		list = append(list, r.signature)
	}
	return list
}
