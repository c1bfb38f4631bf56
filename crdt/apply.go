package crdt

import (
	"bytes"
	"errors"
	"fmt"
)

// Applied says what an [Doc.Apply] did.
type Applied struct {
	// Patch is what a view must change.
	Patch Patch
	// Changes are the changes that were applied, in that order, hashed: given ones
	// and such as waited for them. Known ones are not among them.
	Changes []*Change
	// Refused are the errors of changes that were given, or waited, and proved
	// malformed or not to be of whom they claim; they are gone.
	Refused []*ChangeError
}

// A ChangeError says that a change cannot be taken, and why. Nothing of it was applied.
type ChangeError struct {
	Replica ReplicaID
	Seq     uint32 // of the change's first op
	Reason  string
}

func (e *ChangeError) Error() string {
	return fmt.Sprintf("crdt: change of replica %s at %d: %s", e.Replica, e.Seq, e.Reason)
}

func refuse(c *Change, format string, args ...any) *ChangeError {
	return &ChangeError{Replica: c.Replica, Seq: c.Seq, Reason: fmt.Sprintf(format, args...)}
}

// ErrMissing says that a change from one's own disk builds on others that are not there.
var ErrMissing = errors.New("crdt: a change that builds on others that are missing")

// Apply brings changes from elsewhere into the document, as [DecodeFrame] gave them;
// they must not be altered any more. They may come in any order and more than once:
// a known one does nothing; one that builds on others that are missing waits for them,
// and one that no signature covers waits for that. Hashes are made and compared with the newest
// signature of each chain; what one signature covers is applied as a whole.
//
// The error is the first of a given change: a [*ChangeError], also in Refused, or
// [ErrPendingFull]. The other changes count nevertheless. [ErrDocumentFull] means that none was looked at.
func (d *Doc) Apply(changes ...*Change) (Applied, error) {
	var a Applied
	if d.full(changes) {
		return a, ErrDocumentFull
	}
	var first error
	var touched []ReplicaID
	for _, c := range changes {
		err := d.receive(c)
		if refused, ok := err.(*ChangeError); ok {
			a.Refused = append(a.Refused, refused)
		}
		if first == nil {
			first = err
		}
		if n := len(touched); n == 0 || touched[n-1] != c.Replica {
			touched = append(touched, c.Replica)
		}
	}
	refused := len(a.Refused)
	for len(touched) > 0 {
		touched = d.applyReady(touched, &a)
	}
	if first == nil && len(a.Refused) > refused {
		first = a.Refused[refused]
	}
	if d.pending.trim(changes) && first == nil {
		first = ErrPendingFull
	}
	return a, first
}

// receive puts c where it waits, unless it is known.
func (d *Doc) receive(c *Change) error {
	r := d.byID[c.Replica]
	if r == nil || c.Seq >= r.next {
		return d.pending.add(c, c.Seq == 0 || r != nil && c.Seq == r.next)
	}
	if r == d.own && c.Next > d.draft.first {
		return refuse(c, "it overlaps local edits that are not flushed")
	}
	lv := r.lv(c.Seq)
	first, n := d.changes.change(lv)
	if err := d.needText(); err != nil {
		return refuse(c, "it cannot be compared: %v", err)
	}
	if first == lv && c.Seq+n == c.Next && bytes.Equal(d.appendBody(nil, r, lv, n), c.Body) {
		return nil
	}
	return refuse(c, "another change has the same seqs: the chain forked")
}

// applyReady applies what can be, of the given chains and of what builds on them,
// and returns the chains that must be looked at once more.
func (d *Doc) applyReady(ids []ReplicaID, a *Applied) (again []ReplicaID) {
	ahead := newAhead(d)
	asked := map[ReplicaID]bool{} // since anything was put ahead
	for queue := ids; len(queue) > 0; queue = queue[1:] {
		id := queue[0]
		progress, wants := d.examineChain(ahead, id, a)
		if progress {
			clear(asked)
			queue = append(queue, d.pending.woken(id)...)
		}
		asked[id] = true
		if d.pending.chains[wants] != nil && !asked[wants] {
			queue = append(queue, wants) // it may itself have waited for this one
		}
	}
	for id, t := range ahead.chains {
		if forged := t.verify(t.next); forged != nil {
			a.Refused = append(a.Refused, refuse(forged, "its signature is not that of its chain"))
			d.pending.dropFrom(id, forged.Seq)
		}
	}
	for _, c := range ahead.covered() {
		d.bring(c, &a.Patch)
		a.Changes = append(a.Changes, c)
	}
	for id, t := range ahead.chains {
		if d.pending.dropTo(id, d.byID[id]); t.limit > 0 {
			again = append(again, d.pending.woken(id)...)
		}
	}
	ahead.await()
	return again
}

// examineChain puts what waits of a chain ahead, as far as it can be, and says
// whether that was anything, and which chain it wants more of.
func (d *Doc) examineChain(ahead *ahead, id ReplicaID, a *Applied) (progress bool, wants ReplicaID) {
	w := d.pending.chains[id]
	if w == nil {
		return false, wants
	}
	t := ahead.chain(id)
	for _, c := range w.changes {
		switch {
		case c.Seq < t.next:
			continue // ahead already
		case c.Seq > t.next:
			return progress, id
		}
		wanted, err := ahead.add(c)
		if err != nil {
			a.Refused = append(a.Refused, err)
			d.pending.dropFrom(id, c.Seq)
			return progress, wants
		}
		if !wanted.IsRoot() {
			d.pending.wait(id, wanted.Replica)
			return progress, wanted.Replica
		}
		progress = true
	}
	return progress, wants
}

// Load brings in a change from one's own disk, where it got after [Doc.Apply] or a
// Flush, in the same order. Hash and signature are not checked again, everything
// else is. A known change does nothing. The error is a [*ChangeError], or wraps [ErrMissing].
func (d *Doc) Load(c *Change) (Patch, error) {
	r := d.known(c.Replica)
	if r != nil && c.Next <= r.next {
		return nil, nil
	}
	wanted, err := d.examine(r, c)
	if err != nil {
		return nil, err
	}
	if !wanted.IsRoot() {
		return nil, fmt.Errorf("%w: %d of replica %s wants %d of replica %s", ErrMissing, c.Seq, c.Replica, wanted.Seq, wanted.Replica)
	}
	if d.full([]*Change{c}) {
		return nil, ErrDocumentFull
	}
	patch := d.patches.make()
	d.bring(c, &patch)
	return patch, nil
}

// bring integrates a change that has been examined.
func (d *Doc) bring(c *Change, patch *Patch) {
	d.endChange()
	r := d.known(c.Replica)
	if r == nil {
		r = d.intern(c.Replica, d.docID)
	}
	grants := len(d.grants)
	d.integrate(r, c, patch)
	if c.Hash != (Hash{}) {
		r.setHead(c.Next, c.Hash)
	}
	if c.Signature != nil {
		r.sign(c.Next, c.Signature, len(d.grants) > grants)
	}
	if r == d.own {
		d.draft.first = r.next // it was made here once, and lost here
	}
	d.draft.applied(r)
}

// ErrDocumentFull says that a document cannot take more changes: it has had nearly
// 2³² edits, or 4 GB of text.
var ErrDocumentFull = errors.New("crdt: the document has had so many edits that it takes no more")

// full says whether d has no room for the given changes and those that wait.
func (d *Doc) full(changes []*Change) bool {
	seqs, size := uint64(d.next)+uint64(d.pending.seqs), uint64(len(d.text))+uint64(d.pending.bytes)
	for _, c := range changes {
		seqs += uint64(c.Next - c.Seq)
		size += uint64(len(c.Body))
	}
	return seqs >= none || size >= none
}

// examine checks c, the next change of r (nil: the first of a replica that is
// unknown), against what d has. wanted is an op that must come first, the root when nothing is missing.
func (d *Doc) examine(r *replica, c *Change) (wanted ID, err error) {
	next := uint32(0)
	if r != nil {
		next = r.next
	}
	switch {
	case c.Seq > next:
		return ID{c.Replica, c.Seq - 1}, nil
	case c.Seq < next:
		return ID{}, refuse(c, "it overlaps edits up to %d that came in other changes", next)
	}
	if c.Body[0] == bodyVersion && !abroad(c.Body) {
		return ID{}, nil
	}
	v := chainView{doc: d, r: r, id: c.Replica}
	wanted, refused := v.examine(c)
	if refused != nil {
		return ID{}, refused
	}
	return wanted, nil
}
