package crdt

import (
	"bytes"
	"crypto/ed25519"
)

// Batch is the changes of one flush, on their way to be hashed and signed.
type Batch struct {
	replica   ReplicaID
	previous  Hash // in front of the first change
	follows   bool // previous is not known yet: an earlier batch has not been sealed
	seq, next uint32
	bodies    []byte
	changes   []sealing // nil: one without causes
}

// sealing is one change of a batch.
type sealing struct {
	next   uint32
	end    int // of its body in bodies
	causes []Hash
}

// Empty says whether b has no changes.
func (b *Batch) Empty() bool { return b.seq == b.next }

// Flush ends the open change and returns the local changes since the last Flush.
// They must be sealed ([Batch.Seal]) and handed back ([Doc.Sealed]), batch after batch.
func (d *Doc) Flush() (b Batch) {
	if d.own == nil {
		return b
	}
	f := &d.draft
	if f.first == d.own.next {
		return b
	}
	b.bodies = d.keystroke()
	d.endChange()
	b.replica, b.seq, b.next = d.own.family, f.first, d.own.next
	if b.follows = d.own.headNext != f.first; !b.follows {
		b.previous = d.own.head
	}
	if b.bodies == nil {
		d.appendChanges(&b)
	}
	f.first = d.own.next
	return b
}

// appendChanges writes the changes of b.
func (d *Doc) appendChanges(b *Batch) {
	for seq := b.seq; seq < b.next; {
		lv := d.own.lv(seq)
		_, n := d.changes.change(lv)
		b.bodies = d.appendBody(b.bodies, d.own, lv, n)
		s := sealing{next: seq + n, end: len(b.bodies)}
		for _, c := range d.own.causesOf(seq) {
			s.causes = append(s.causes, d.hashAt(d.own.table[c.place].moment(c.next)))
		}
		b.changes = append(b.changes, s)
		seq = s.next
	}
}

// After tells b the last change of the batch before it, if a Flush made b before
// that was handed back.
func (b *Batch) After(last *Change) { b.previous, b.follows = last.Hash, false }

// maxUnsigned bounds the bodies in front of a signature: who receives them keeps them
// waiting until it comes.
const maxUnsigned = 1 << 20

// Seal hashes the changes of b, signs the last with the key of the author's device (in
// a great batch others too, see FORMAT.md), and returns them, oldest first. It touches no document, so it needs no lock.
func (b *Batch) Seal(key ed25519.PrivateKey) []*Change {
	if b.Empty() {
		return nil
	}
	if b.follows {
		panic("crdt: seal a batch before the one in front of it")
	}
	list := b.changes
	if list == nil {
		list = []sealing{{next: b.next, end: len(b.bodies)}}
	}
	changes := make([]*Change, 0, len(list))
	previous, seq, start, unsigned := b.previous, b.seq, 0, 0
	for i, s := range list {
		body := b.bodies[start:s.end:s.end]
		c := &Change{Replica: b.replica, Seq: seq, Next: s.next, Body: body}
		if seq > 0 {
			c.Previous = previous.stamp()
		}
		previous = hashChange(previous, s.causes, body)
		c.Hash, c.Stamp = previous, previous.stamp()
		if unsigned += len(body); i+1 == len(list) || unsigned > maxUnsigned {
			c.Signature = ed25519.Sign(key, c.Hash[:])
			unsigned = 0
		}
		changes = append(changes, c)
		seq, start = s.next, s.end
	}
	return changes
}

// Sealed notes that changes are what [Batch.Seal] made of the oldest Flush whose
// changes have not been handed back. Rarely, changes of the own chain come from elsewhere and
// wait for that, see [Doc.Forked]; then the next Apply, of nothing if need be, applies them.
func (d *Doc) Sealed(changes []*Change) {
	if len(changes) == 0 || d.own == nil || changes[0].Replica != d.own.family || changes[0].Seq != d.own.headNext {
		panic("crdt: changes that are not those of the oldest flush")
	}
	for _, c := range changes {
		d.own.setHead(c.Next, c.Hash)
	}
	last := changes[len(changes)-1]
	d.own.sign(last.Next, bytes.Clone(last.Signature), hasGrant(last))
}
