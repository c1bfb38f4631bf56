package crdttest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"inkling/crdt"
)

// Naive is a document as the definition has it. It reads bytes by a decoder of its
// own and shares no code with crdt.Doc but the values that travel.
type Naive struct {
	elements
	genesis crdt.Genesis
	doc     crdt.DocID
	waiting []frame
	changes []*change                    // that all they build on is known of, in a causal order
	chains  map[crdt.ReplicaID][]*change // the same, by the name that the frames have
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
	previous *change   // nil for the first of a chain
	declared []*change // by place of the table: what the chain declared last
	after    chain
	device   crdt.DeviceKey
	causes   []*change
	grant    crdt.ID
	acts     []act
	lamport  uint64 // of its first Seq
	hash     crdt.Hash
	verified bool // it bears a good signature
	covered  bool
	applied  bool
}

var errTooLong = errors.New("too long a body")

// errWaits says that something that a change builds on has not come.
var errWaits = errors.New("it waits")

// NewNaive returns an oracle of the document of g that has seen nothing.
func NewNaive(g crdt.Genesis) *Naive {
	return &Naive{
		elements: newElements(), genesis: g, doc: sha256.Sum256(append(append([]byte{1}, g.Creator[:]...), g.Random[:]...)),
		chains: map[crdt.ReplicaID][]*change{},
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
		known := slices.IndexFunc(n.chains[f.replica], func(c *change) bool {
			return c.seq == f.seq && c.stamp == f.stamp && string(c.body) == string(f.body)
		})
		if known >= 0 {
			n.sign(n.chains[f.replica][known], f.signature)
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
			n.chains[f.replica] = append(n.chains[f.replica], c)
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

// read checks a frame against all that it may go on from; the stamp says from what it does.
func (n *Naive) read(f frame) (*change, error) {
	if f.seq == 0 {
		return n.readBehind(f, nil)
	}
	for _, p := range n.ending(f.replica, f.seq) {
		if c, err := n.readBehind(f, p); err != errWaits {
			return c, err
		}
	}
	return nil, errWaits
}

// ending returns the changes that end in front of next, of a chain and all its tails.
func (n *Naive) ending(r crdt.ReplicaID, next uint32) (list []*change) {
	for _, c := range n.chains[r] {
		if c.after.next == next {
			list = append(list, c)
		}
	}
	return list
}

// readBehind checks a frame that may go on from previous.
func (n *Naive) readBehind(f frame, previous *change) (*change, error) {
	c := &change{frame: f, previous: previous}
	before, hash := chain{replica: f.replica}, sha256.Sum256(append(slices.Clone(n.doc[:]), f.replica[:]...))
	if previous != nil {
		before, hash, c.device = previous.after, previous.hash, previous.device
		c.declared = slices.Clone(previous.declared)
		c.lamport = previous.lamport + uint64(previous.after.next-previous.seq) - 1
	}
	var malformed, err error
	c.Body, c.after, malformed = before.decode(f.body)
	switch headless := malformed != nil && len(c.after.ways.ops) == 0; {
	case headless && previous == nil:
		return nil, malformed
	case headless || !n.findCauses(c, hash, 0): // perhaps because it goes on from another tail
		return nil, errWaits
	case malformed != nil:
		return nil, malformed
	}
	for _, k := range c.causes {
		c.lamport = max(c.lamport, k.lamport+uint64(k.after.next-k.seq)-1)
	}
	c.lamport++
	if c.acts, err = n.resolve(c); err != nil {
		return nil, err
	}
	if err := n.admit(c); err != nil {
		return nil, err
	}
	name := c.name()
	for i := range c.after.next - c.seq {
		n.lamports[crdt.ID{Replica: name, Seq: c.seq + i}] = c.lamport + uint64(i)
	}
	n.writers[name] = c
	return c, nil
}

// findCauses finds the changes that the causes of c from the ith on name, such that
// its hash has the frame's stamp.
func (n *Naive) findCauses(c *change, previous [32]byte, i int) bool {
	if i == len(c.Causes) {
		hash := slices.Clone(previous[:])
		for _, k := range c.causes {
			hash = append(hash, k.hash[:]...)
		}
		c.hash = sha256.Sum256(append(hash, c.body...))
		return [8]byte(c.hash[:]) == c.stamp
	}
	place := c.after.ways.causes[i]
	declared := slices.Clone(c.declared)
	for _, k := range n.ending(c.Causes[i].Replica, c.Causes[i].Next) {
		c.declared = slices.Clone(declared)
		if place == len(declared) {
			if slices.ContainsFunc(declared, func(d *change) bool { return d.leadsTo(k) }) || !c.rises(i, k) {
				continue
			}
			c.declared = append(c.declared, k)
		} else if !declared[place].leadsTo(k) {
			continue
		}
		c.declared[place] = k
		c.causes = append(c.causes[:i:i], k)
		if n.findCauses(c, previous, i+1) {
			return true
		}
	}
	return false
}

// rises says whether the new cause i of c may be k: of tails that are as long, the hashes rise.
func (c *change) rises(i int, k *change) bool {
	if i == 0 {
		return true
	}
	last := c.Causes[i-1]
	if last != c.Causes[i] || c.after.ways.causes[i-1] != c.after.ways.causes[i]-1 || c.previous != nil && c.after.ways.causes[i-1] < len(c.previous.declared) {
		return true
	}
	return bytes.Compare(c.causes[i-1].hash[:], k.hash[:]) < 0
}

// leadsTo says whether c is k or in front of it in its chain.
func (c *change) leadsTo(k *change) bool {
	for ; k != nil; k = k.previous {
		if c == k {
			return true
		}
	}
	return false
}

// with returns the change that has a Seq, on the way to c.
func (c *change) with(seq uint32) *change {
	for c != nil && c.seq > seq {
		c = c.previous
	}
	return c
}

// name names a change and its elements, here.
func (c *change) name() (r crdt.ReplicaID) {
	copy(r[:], c.hash[:])
	return r
}

// resolve finds out what the ops of c refer to.
func (n *Naive) resolve(c *change) (acts []act, err error) {
	seq := c.seq
	at := func(way int, seq uint32) crdt.ID {
		last := c
		if way > 0 {
			last = c.declared[way-1]
		}
		with := last.with(seq)
		own := c.with(seq)
		if way > 0 && own == with || slices.ContainsFunc(c.declared[:max(way-1, 0)], func(k *change) bool {
			return seq < k.after.next && k.with(seq) == with
		}) {
			err = errors.New("named by another way than it could be")
		}
		return crdt.ID{Replica: with.name(), Seq: seq}
	}
	if c.Grant != nil {
		c.grant = at(c.after.ways.grant, c.Grant.Seq)
	}
	for i, o := range c.Ops {
		a := act{Op: o, id: crdt.ID{Replica: c.name(), Seq: seq}}
		way := c.after.ways.ops[i]
		if o.Kind == crdt.Insert && !o.Origin.IsRoot() {
			a.origin = at(way, o.Origin.Seq)
		}
		if o.Chain != nil {
			a.named = at(0, *o.Chain)
		}
		if o.Target.Len > 0 {
			at(way, o.Target.Seq+o.Target.Len-1) // by which way it is named
			for _, id := range spanIDs(o.Target) {
				last := c
				if way > 0 {
					last = c.declared[way-1]
				}
				a.targets = append(a.targets, crdt.ID{Replica: last.with(id.Seq).name(), Seq: id.Seq})
			}
		}
		acts = append(acts, a)
		seq += o.Seqs
	}
	return acts, err
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
	granter := n.writers[c.grant.Replica]
	for _, a := range granter.acts {
		if a.id == c.grant && a.Kind == crdt.Grant && a.Device == c.device {
			return nil
		}
	}
	return errors.New("no grant to this device")
}

// applyCovered applies the greatest set of changes of which each is covered by a good
// signature of its chain and builds on no change outside.
func (n *Naive) applyCovered() {
	for _, c := range n.changes {
		c.covered = true
	}
	for shrunk := true; shrunk; {
		reached := map[*change]bool{} // by a good signature
		for _, c := range n.changes {
			for k := c; c.covered && (c.verified || c.applied) && k != nil; k = k.previous {
				reached[k] = true
			}
		}
		shrunk = false
		for _, c := range n.changes {
			out := func(k *change) bool { return k != nil && !k.covered }
			if c.covered && (!reached[c] || out(c.previous) || slices.ContainsFunc(c.causes, out)) {
				c.covered, shrunk = false, true
			}
		}
	}
	for _, c := range n.changes {
		if c.covered && !c.applied {
			for _, a := range c.acts {
				n.apply(a)
			}
			c.applied = true
		}
	}
}
