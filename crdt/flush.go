package crdt

import (
	"bytes"
	"crypto/ed25519"
)

// Batch is the changes of one flush, on their way to be hashed and signed.
type Batch struct {
	replica  ReplicaID
	previous Hash
	bodies   []byte
	first    sealing // apart, because a batch mostly has no other
	rest     []sealing
}

// sealing is one change of a batch.
type sealing struct {
	seq, next uint32
	end       int // of its body in bodies
	causes    []Hash
}

// Empty says whether b has no changes.
func (b *Batch) Empty() bool { return b.first.end == 0 }

// Flush ends the open change and returns the local changes since the last Flush.
// They must be sealed ([Batch.Seal]) and handed back ([Doc.Sealed]) before the next
// Flush that has something.
func (d *Doc) Flush() (b Batch) {
	if d.own == nil {
		return b
	}
	d.endChange()
	f := &d.draft
	if f.first == d.own.next {
		return b
	}
	if f.flushed {
		panic("crdt: flush before the last changes were sealed")
	}
	b.replica, b.previous = d.own.id, d.hashAt(moment{d.own, f.first})
	for seq := f.first; seq < d.own.next; {
		lv := d.own.lv(seq)
		_, n := d.changes.change(lv)
		b.bodies = d.appendBody(b.bodies, d.own, lv, n)
		s := sealing{seq: seq, next: seq + n, end: len(b.bodies)}
		for _, c := range d.own.causesOf(seq) {
			s.causes = append(s.causes, d.hashAt(moment{d.own.table[c.place].of, c.next}))
		}
		if seq == f.first {
			b.first = s
		} else {
			b.rest = append(b.rest, s)
		}
		seq += n
	}
	f.first, f.flushed = d.own.next, true
	return b
}

// Seal hashes the changes of b, signs the last with the key of the author's device,
// and returns them, oldest first. It touches no document, so it needs no lock.
func (b *Batch) Seal(key ed25519.PrivateKey) []*Change {
	if b.Empty() {
		return nil
	}
	changes := make([]*Change, 0, 1+len(b.rest))
	previous, start := b.previous, 0
	for i := -1; i < len(b.rest); i++ {
		s := &b.first
		if i >= 0 {
			s = &b.rest[i]
		}
		body := b.bodies[start:s.end:s.end]
		previous, start = hashChange(previous, s.causes, body), s.end
		changes = append(changes, &Change{Replica: b.replica, Seq: s.seq, Next: s.next, Body: body, Hash: previous})
	}
	last := changes[len(changes)-1]
	last.Signature = ed25519.Sign(key, last.Hash[:])
	return changes
}

// Sealed notes that changes are what [Batch.Seal] made of the last Flush.
func (d *Doc) Sealed(changes []*Change) {
	if !d.draft.flushed || len(changes) == 0 || changes[0].Replica != d.own.id {
		panic("crdt: changes that are not those of the last flush")
	}
	for _, c := range changes {
		d.own.setHead(c.Next, c.Hash)
	}
	last := changes[len(changes)-1]
	d.own.sign(last.Next, bytes.Clone(last.Signature), d.hasGrant(d.own, last))
	d.draft.flushed = false
}
