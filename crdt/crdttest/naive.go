package crdttest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"inkling/crdt"
)

// Naive is a document as the definition has it. It reads bytes by a decoder of its
// own and shares no code with crdt.Doc but the values that travel. It does not know forks.
type Naive struct {
	elements
	genesis crdt.Genesis
	doc     crdt.DocID
	waiting []frame
	changes []*change                    // that all they build on is known of, in a causal order
	chains  map[crdt.ReplicaID][]*change // the same, by chain
	next    map[crdt.ReplicaID]uint32    // up to which a chain has been applied
	Refused []error                      // why frames were thrown away
}

// frame is a change as it travels.
type frame struct {
	replica   crdt.ReplicaID
	seq       uint32
	stamp     [8]byte // the beginning of its hash
	body      []byte
	signature []byte
}

// change is a frame that has been read, because all it builds on had been.
type change struct {
	frame
	Body
	after    chain
	device   crdt.DeviceKey
	lamport  uint64 // of its first Seq
	hash     crdt.Hash
	verified bool // it bears a good signature
	applied  bool
}

var errTooLong = errors.New("too long a body")

// errWaits says that something that a change builds on has not come.
var errWaits = errors.New("it waits")

// NewNaive returns an oracle of the document of g that has seen nothing.
func NewNaive(g crdt.Genesis) *Naive {
	return &Naive{
		elements: newElements(), genesis: g, doc: sha256.Sum256(append(append([]byte{1}, g.Creator[:]...), g.Random[:]...)),
		chains: map[crdt.ReplicaID][]*change{}, next: map[crdt.ReplicaID]uint32{},
	}
}

// Apply brings in frames, at once or when what they build on, and a signature, have come.
func (n *Naive) Apply(frames ...[]byte) {
	for _, b := range frames {
		f, err := decodeFrame(b)
		if err != nil {
			n.Refused = append(n.Refused, err)
			continue
		}
		n.waiting = append(n.waiting, f)
	}
	for n.readWaiting() {
	}
	n.applyCovered()
}

func decodeFrame(b []byte) (f frame, err error) {
	s := &scanner{left: b}
	flags := s.byte()
	if flags > 1 {
		s.fail("frame flags %#x", flags)
	}
	s.array(f.replica[:])
	f.seq = uint32(s.below(seqLimit))
	s.array(f.stamp[:])
	f.body = s.bytes(s.below(crdt.MaxChangeBytes + 1))
	if flags == 1 {
		f.signature = s.bytes(ed25519.SignatureSize)
	}
	if s.err == nil && (len(s.left) > 0 || f.replica.IsZero()) {
		s.fail("more than a frame, or nobody's")
	}
	return f, s.err
}

// readWaiting reads what of the waiting frames can be, and says whether that was any.
func (n *Naive) readWaiting() (progress bool) {
	waiting := n.waiting
	n.waiting = nil
	for _, f := range waiting {
		chain := n.chains[f.replica]
		if i := slices.IndexFunc(chain, func(c *change) bool { return c.seq == f.seq && string(c.body) == string(f.body) }); i >= 0 {
			n.sign(chain[i], f.signature)
			continue
		}
		c, err := n.read(f)
		switch {
		case err == errWaits:
			n.waiting = append(n.waiting, f)
		case err != nil:
			n.Refused = append(n.Refused, fmt.Errorf("%s at %d: %w", f.replica, f.seq, err))
		default:
			n.changes = append(n.changes, c)
			n.chains[f.replica] = append(chain, c)
			n.sign(c, f.signature)
			progress = true
		}
	}
	return progress
}

// sign notes a signature of c if it is good.
func (n *Naive) sign(c *change, signature []byte) {
	if signature == nil {
		return
	}
	if !ed25519.Verify(c.device[:], c.hash[:], signature) {
		n.Refused = append(n.Refused, fmt.Errorf("%s at %d: forged", c.replica, c.seq))
		return
	}
	c.verified = true
}

// read checks a frame against all that it builds on.
func (n *Naive) read(f frame) (*change, error) {
	c := &change{frame: f}
	before := chain{replica: f.replica}
	previous := sha256.Sum256(append(slices.Clone(n.doc[:]), f.replica[:]...))
	if own := n.chains[f.replica]; len(own) > 0 {
		last := own[len(own)-1]
		before, previous, c.device = last.after, last.hash, last.device
		c.lamport = n.lamports[crdt.ID{Replica: f.replica, Seq: before.next - 1}]
	}
	switch {
	case f.seq > before.next:
		return nil, errWaits
	case f.seq < before.next:
		return nil, errors.New("it overlaps")
	}
	var err error
	if c.Body, c.after, err = before.decode(f.body); err != nil {
		return nil, err
	}
	hash := slices.Clone(previous[:])
	for _, k := range c.Causes {
		cause, err := n.cause(k)
		if err != nil {
			return nil, err
		}
		hash = append(hash, cause.hash[:]...)
		c.lamport = max(c.lamport, n.lamports[crdt.ID{Replica: k.Replica, Seq: k.Next - 1}])
	}
	c.hash = sha256.Sum256(append(hash, f.body...))
	if err := n.admit(c); err != nil {
		return nil, err
	}
	c.lamport++
	for i := range c.after.next - c.seq {
		n.lamports[crdt.ID{Replica: f.replica, Seq: c.seq + i}] = c.lamport + uint64(i)
	}
	return c, nil
}

// cause returns the change that k names.
func (n *Naive) cause(k Cause) (*change, error) {
	chain := n.chains[k.Replica]
	for _, c := range chain {
		if c.after.next == k.Next {
			return c, nil
		}
		if c.after.next > k.Next {
			return nil, errors.New("a cause within a change")
		}
	}
	return nil, errWaits
}

// admit says whether the writer of an opening is a member, and that what it says is true.
func (n *Naive) admit(c *change) error {
	if c.Opening == nil {
		return nil
	}
	a := c.Opening
	c.device = a.Device
	name := sha256.Sum256(append(append(slices.Clone(a.Device[:]), n.doc[:]...), a.Nonce[:]...))
	if [16]byte(name[:]) != c.replica {
		return errors.New("a replica of another name")
	}
	if creator := a.Device == n.genesis.Creator; creator || c.Grant == nil {
		if creator && c.Grant == nil {
			return nil
		}
		return errors.New("a grant to the creator, or none")
	}
	if o, _ := n.op(*c.Grant); o == nil || o.Kind != crdt.Grant || o.Device != a.Device {
		return errors.New("no grant to this device")
	}
	return nil
}

// op returns the op that begins at id, and the change it is in; nil if there is none.
func (n *Naive) op(id crdt.ID) (*Op, *change) {
	for _, c := range n.chains[id.Replica] {
		seq := c.seq
		for i := range c.Ops {
			if seq == id.Seq {
				return &c.Ops[i], c
			}
			seq += c.Ops[i].Seqs
		}
	}
	return nil, nil
}

// applyCovered applies the greatest set of changes of which each is covered by a good
// signature of its chain and builds on no change outside.
func (n *Naive) applyCovered() {
	reach := map[crdt.ReplicaID]uint32{}
	for id, chain := range n.chains {
		reach[id] = chain[len(chain)-1].after.next
	}
	for shrunk := true; shrunk; {
		shrunk = false
		for id, chain := range n.chains {
			if end := n.covered(chain, reach); end < reach[id] {
				reach[id], shrunk = end, true
			}
		}
	}
	for _, c := range n.changes {
		if c.applied || c.after.next > reach[c.replica] {
			continue
		}
		id := crdt.ID{Replica: c.replica, Seq: c.seq}
		for _, o := range c.Ops {
			n.apply(id, o)
			id.Seq += o.Seqs
		}
		c.applied, n.next[c.replica] = true, id.Seq
	}
}

// covered returns where the last signed change of a chain ends that builds, with all in
// front of it, only on what is in reach.
func (n *Naive) covered(chain []*change, reach map[crdt.ReplicaID]uint32) (end uint32) {
	for _, c := range chain {
		if c.after.next > reach[c.replica] ||
			slices.ContainsFunc(c.Causes, func(k Cause) bool { return k.Next > reach[k.Replica] }) {
			return end
		}
		if c.verified || c.applied {
			end = c.after.next
		}
	}
	return end
}
