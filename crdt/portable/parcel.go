package portable

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"

	"inkling/crdt"
)

// Extension is what the names of such files end in.
const Extension = ".inkling"

// Parcel is a document with all its history. Nothing in it is to be altered.
type Parcel struct {
	doc     *crdt.Doc
	forked  bool
	chains  []chain
	changes []*crdt.Change // in canonical order, hashed
	of      []int          // per change: the number of its chain
}

// chain is one chain of a document, or one tail of it.
type chain struct {
	replica    crdt.ReplicaID // as in a frame
	from, next uint32         // Seq of its first change, and behind its last
	hash       crdt.Hash      // of the last
}

// Gather makes a parcel of all changes of a document, hashed and in an order in which they can be applied, as a library has
// them, and verifies it. An error of changes is returned as it is; a [*ForgedError] says that the changes are not right,
// [ErrTooLarge] that they are too many for a file. O(changes).
func Gather(g crdt.Genesis, changes iter.Seq2[*crdt.Change, error]) (*Parcel, error) {
	doc := crdt.New(g)
	signatures := map[crdt.Head][]byte{}
	for c, err := range changes {
		if err != nil {
			return nil, err
		}
		if _, err := doc.Load(c); err != nil {
			return nil, &ForgedError{err}
		}
		if c.Signature != nil {
			signatures[end(c)] = c.Signature
		}
	}
	if err := doc.Verify(); err != nil {
		return nil, &ForgedError{err}
	}
	p := arrange(doc)
	if p.cost() > MaxCost {
		return nil, ErrTooLarge
	}
	p.sign(signatures)
	return p, nil
}

// ErrTooLarge says that a document has more than a file may hold; see [MaxCost].
var ErrTooLarge = errors.New("portable: the document is too large for one file")

// end returns where c ends.
func end(c *crdt.Change) crdt.Head {
	return crdt.Head{Replica: c.Replica, Next: c.Next, Stamp: crdt.Stamp(c.Hash[:len(crdt.Stamp{})])}
}

// arrange returns what follows from the set of doc's changes, with the signatures that doc keeps.
func arrange(doc *crdt.Doc) *Parcel {
	p := &Parcel{doc: doc}
	numbers := map[crdt.ReplicaID]int{}
	for name, c := range doc.Canonical() {
		n, known := numbers[name]
		if !known {
			n = len(p.chains)
			numbers[name] = n
			p.chains = append(p.chains, chain{replica: c.Replica, from: c.Seq})
			p.forked = p.forked || name != c.Replica
		}
		p.chains[n].next, p.chains[n].hash = c.Next, c.Hash
		p.changes, p.of = append(p.changes, c), append(p.of, n)
	}
	return p
}

// Doc returns the document.
func (p *Parcel) Doc() *crdt.Doc { return p.doc }

// Changes returns all changes, each behind all that it builds on, hashed, with the signatures that are in the file.
func (p *Parcel) Changes() []*crdt.Change { return p.changes }

// Parts returns the changes in parts that can be applied one after the other: signatures in a part and those in front of it cover all
// of it. They are as small as the signatures make them, but for 256 changes or 512 KiB of bodies.
func (p *Parcel) Parts() (parts [][]*crdt.Change) {
	start := 0
	for end := range p.cuts(func(i int) bool { return p.changes[i].Signature != nil }) {
		parts = append(parts, p.changes[start:end])
		start = end
	}
	if start < len(p.changes) {
		parts = append(parts, p.changes[start:])
	}
	return parts
}

// Root names the set of changes: two parcels with one root hold the same. O(changes).
func (p *Parcel) Root() (root crdt.Hash) {
	h := sha256.New()
	p.writeChanges(func(b []byte) { h.Write(b) }, func() {})
	copy(root[:], h.Sum(nil))
	return root
}

// same says what makes q, of which hashes and signatures are not known yet, differ from p.
func (p *Parcel) same(q *Parcel) error {
	switch {
	case p.forked != q.forked:
		return fmt.Errorf("a chain has forked: %t, said is %t", p.forked, q.forked)
	case len(p.chains) != len(q.chains) || len(p.changes) != len(q.changes):
		return fmt.Errorf("%d changes of %d chains, said are %d of %d", len(p.changes), len(p.chains), len(q.changes), len(q.chains))
	}
	for i, k := range p.chains {
		if q.chains[i] != k {
			return fmt.Errorf("chain %d of replica %s does not begin, end and hash as is said of it", i, k.replica)
		}
	}
	for i, c := range p.changes {
		if d := q.changes[i]; p.of[i] != q.of[i] || c.Replica != d.Replica || c.Seq != d.Seq || string(c.Body) != string(d.Body) || p.forked && c.Stamp != d.Stamp {
			return fmt.Errorf("change %d is not in its place: the change at %d of replica %s belongs there", i, c.Seq, c.Replica)
		}
	}
	return nil
}
