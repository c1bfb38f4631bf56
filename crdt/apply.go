package crdt

import (
	"fmt"
	"slices"
)

// Applied says what an [Doc.Apply] did.
type Applied struct {
	// Patch is what a view must change.
	Patch Patch
	// Changes are the changes that were applied, in that order: the given one and
	// those that waited for it. It is empty when the given one was known or waits.
	Changes []*Change
	// Refused are changes that waited for these and proved malformed; they are gone.
	Refused []*ChangeError
}

// A ChangeError says that a change cannot have been made by an honest copy, and
// why. Nothing of it was applied.
type ChangeError struct {
	Replica ReplicaID
	Seq     uint32 // of the op at fault, or of the change's first
	Reason  string
}

func (e *ChangeError) Error() string {
	return fmt.Sprintf("crdt: malformed change of replica %s at %d: %s", e.Replica, e.Seq, e.Reason)
}

// Apply brings a change from a peer or a disk into the document, as [DecodeChange]
// or another copy's [Doc.Flush] gave it; d keeps it and it must not be altered.
// Changes may come in any order and more than once: a known one does nothing, and
// one that builds on others that are missing waits for them.
//
// The error is a [*ChangeError], when c is malformed, or [ErrPendingFull]; in both
// cases nothing has been done.
func (d *Doc) Apply(c *Change) (Applied, error) {
	var a Applied
	wanted, state, err := d.examine(c)
	if err != nil {
		return a, err
	}
	switch state {
	case known:
	case early:
		return a, d.pending.add(c, wanted)
	case ready:
		d.applyReady(c, &a)
	}
	return a, nil
}

// applyReady applies c and whatever that makes ready.
func (d *Doc) applyReady(c *Change, a *Applied) {
	for queue := []*Change{c}; len(queue) > 0; queue = queue[1:] {
		c := queue[0]
		wanted, state, err := d.examine(c)
		switch {
		case err != nil:
			a.Refused = append(a.Refused, err)
		case state == early:
			if d.pending.add(c, wanted) != nil {
				panic("crdt: no room for a change that waited already")
			}
		case state == ready:
			d.integrateChange(c, &a.Patch)
			a.Changes = append(a.Changes, c)
			queue = append(queue, d.pending.release(c.Replica, d.replicas[c.Replica].next)...)
		}
	}
}

// integrateChange does a change whose time has come.
func (d *Doc) integrateChange(c *Change, patch *Patch) {
	r := d.replicas.intern(c.Replica)
	d.declare(r, c.Causes)
	for i := range c.Ops {
		d.integrate(r, &c.Ops[i], patch)
	}
	d.draft.applied(r)
}

// state is what can be done with a change.
type state int

const (
	known state = iota // nothing: it has been applied
	early              // wait for another
	ready              // apply it
)

// examine says what can be done with c; when it is early, wanted is what is missing.
func (d *Doc) examine(c *Change) (wanted ID, s state, err *ChangeError) {
	var next uint32
	r := d.replicas[c.Replica]
	if r != nil {
		next = r.next
	}
	switch {
	case c.Seq > next:
		return ID{Replica: c.Replica, Seq: c.Seq - 1}, early, nil
	case c.Next() <= next:
		return ID{}, known, nil
	case c.Seq < next:
		return ID{}, known, refuse(c, c.Seq, "it overlaps edits up to %d that came in other changes", next)
	}
	if err := d.wellFormed(c, r); err != nil {
		return ID{}, known, err
	}
	for _, id := range c.Causes {
		if !d.replicas.knows(id.Replica, id.Seq) {
			return id, early, nil
		}
	}
	return ID{}, ready, nil
}

// wellFormed checks, for the next change of r (nil: of a new replica), that each
// cause is news and that each op refers only to what the chain had seen.
func (d *Doc) wellFormed(c *Change, r *replica) *ChangeError {
	var declared VersionVector
	if r != nil {
		declared = r.declared
	}
	for _, id := range c.Causes {
		if id.Seq < declared[id.Replica] {
			return refuse(c, c.Seq, "it names %d of replica %s as a cause again", id.Seq, id.Replica)
		}
	}
	seq := c.Seq
	for i := range c.Ops {
		o := &c.Ops[i]
		id, n := o.reference()
		if !id.IsRoot() && uint64(id.Seq)+uint64(n) > seen(c, declared, id.Replica, seq) {
			return refuse(c, seq, "it refers to %d of replica %s, which it had not seen", id.Seq, id.Replica)
		}
		seq += o.Seqs()
	}
	return nil
}

// seen returns the Seq behind the last of replica r that c's op seq had seen.
func seen(c *Change, declared VersionVector, r ReplicaID, seq uint32) uint64 {
	if r == c.Replica {
		return uint64(seq)
	}
	i, ok := slices.BinarySearchFunc(c.Causes, r, func(id ID, r ReplicaID) int { return id.Replica.Compare(r) })
	if ok {
		return uint64(c.Causes[i].Seq) + 1
	}
	return uint64(declared[r])
}

// reference returns what o refers to: n IDs from id on. A prepend chain is judged
// apart, see [Doc.joined].
func (o *Op) reference() (id ID, n uint32) {
	if o.Kind == Insert {
		return o.Origin, 1
	}
	return ID{Replica: o.Target.Replica, Seq: o.Target.Seq}, o.Target.Len
}

func refuse(c *Change, seq uint32, format string, args ...any) *ChangeError {
	return &ChangeError{Replica: c.Replica, Seq: seq, Reason: fmt.Sprintf(format, args...)}
}
