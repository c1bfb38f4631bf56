package crdt

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
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
	// Forgotten says that given changes had to wait and there was no room: they must come again.
	Forgotten bool
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
// The error is that of the first change that was refused, a [*ChangeError], or else
// [ErrPendingFull]. The other changes count nevertheless. [ErrDocumentFull] means that none was looked at.
func (d *Doc) Apply(changes ...*Change) (Applied, error) {
	var a Applied
	if d.full(changes) {
		return a, ErrDocumentFull
	}
	touched := d.resume
	d.resume = nil
	for _, c := range changes {
		if d.knowsChange(c) {
			continue
		}
		d.pending.add(c)
		if n := len(touched); n == 0 || touched[n-1] != c.Replica {
			touched = append(touched, c.Replica)
		}
	}
	for len(touched) > 0 {
		touched = d.applyReady(touched, &a)
	}
	a.Forgotten = d.pending.trim(changes)
	switch {
	case len(a.Refused) > 0:
		return a, a.Refused[0]
	case a.Forgotten:
		return a, ErrPendingFull
	}
	return a, nil
}

// knowsChange says whether c has been applied. In a chain that did not fork, a body is as good as a
// hash, unless that is at hand.
func (d *Doc) knowsChange(c *Change) bool {
	for _, r := range d.family(c.Replica) {
		if c.Seq < r.from || c.Next > r.next || r.lv(c.Seq) >= d.changes.end {
			continue
		}
		lv := r.lv(c.Seq)
		d.needTextOf(lv)
		first, n := d.changes.change(lv)
		if first != lv || c.Seq+n != c.Next || !bytes.Equal(d.appendBody(nil, r, lv, n), c.Body) {
			continue
		}
		hash, ok := r.hashAt(c.Next)
		if stamp := c.stamp(); !ok || hash.stamp() == stamp || stamp == (Stamp{}) {
			return true
		}
	}
	return false
}

// applyReady applies what can be, of the given families and of what builds on them,
// and returns the families that must be looked at once more.
func (d *Doc) applyReady(ids []ReplicaID, a *Applied) (again []ReplicaID) {
	ahead := newAhead(d)
	asked := map[ReplicaID]bool{} // since anything was put ahead
	for queue := ids; len(queue) > 0; queue = queue[1:] {
		id := queue[0]
		progress, wants := d.examineFamily(ahead, id, a)
		if progress {
			clear(asked)
			queue = append(queue, d.pending.woken(id)...)
		}
		asked[id] = true
		for _, wanted := range wants {
			if d.pending.families[wanted] != nil && !asked[wanted] {
				asked[wanted] = true
				queue = append(queue, wanted) // it may itself have waited for this one
			}
		}
	}
	list := ahead.cover()
	for _, s := range list {
		d.bringStep(s, &a.Patch)
		a.Changes = append(a.Changes, s.Change)
	}
	changed := map[ReplicaID]bool{}
	for _, s := range ahead.steps {
		changed[s.Replica] = changed[s.Replica] || s.r != nil
		if s.r == nil && s.signed == wrong {
			a.Refused = append(a.Refused, refuse(s.Change, "its signature is not that of its chain"))
		}
	}
	for id, applied := range changed {
		d.pending.dropIf(id, func(h *held) bool {
			s := h.step
			h.step = nil
			return s != nil && (s.r != nil || s.signed == wrong)
		})
		if applied {
			again = append(again, d.pending.woken(id)...)
		}
	}
	slices.SortFunc(again, ReplicaID.Compare)
	ahead.await()
	return slices.Compact(again)
}

// examineFamily puts what waits of a family ahead, as far as it can be and a signature may cover it. It says
// whether that was anything, and which other families it wants more of.
func (d *Doc) examineFamily(ahead *ahead, id ReplicaID, a *Applied) (progress bool, wants []ReplicaID) {
	w := d.pending.families[id]
	if w == nil {
		return false, nil
	}
	var refused []*held
	for _, h := range w.changes[:w.signed()] {
		if h.step != nil {
			continue
		}
		s, wanted, err := ahead.add(h.Change)
		switch {
		case err != nil:
			a.Refused = append(a.Refused, err)
			refused = append(refused, h)
		case s != nil:
			h.step = s
			progress = true
		case slices.Contains(wanted, id):
			d.dropAll(refused)
			return progress, wants // what follows does not go on from anything, either
		default:
			wants = append(wants, wanted...)
		}
	}
	d.dropAll(refused)
	return progress, wants
}

func (d *Doc) dropAll(list []*held) {
	for _, h := range list {
		d.pending.drop(h)
	}
}

// bringStep integrates a change that was ahead and is covered.
func (d *Doc) bringStep(s *step, patch *Patch) {
	d.endChange()
	var causes []moment
	for _, p := range s.causes {
		causes = append(causes, d.now(p))
	}
	r := d.goOn(s)
	d.bring(r, s.Change, causes, patch)
	s.r, s.splits = r, len(d.splits)
}

// goOn returns the replica whose next change s is.
func (d *Doc) goOn(s *step) *replica {
	if s.previous.of == nil && s.previous.step == nil {
		if r := d.byID[s.Replica]; r == nil {
			return d.intern(s.Replica, d.docID)
		}
		s.previous.of = d.byID[s.Replica]
	}
	m := d.now(s.previous)
	if m.next == m.of.next {
		return m.of
	}
	return d.fork(m.of, m.next, s.Hash)
}

// now returns where p is, now that what is in front of it has been applied.
func (d *Doc) now(p point) moment {
	m, splits := moment{p.of, p.next}, 0
	if p.step != nil {
		m.of, splits = p.step.r, p.step.splits
	}
	for _, k := range d.splits[splits:] {
		if m.of == k.p && m.next > k.seq {
			m.of = k.rest
		}
	}
	m.of = m.of.before(m.next)
	return m
}

// Load brings in a change from one's own disk, where it got after [Doc.Apply] or a
// Flush, in the same order. Hash and signature are not checked again, everything
// else is. A known change does nothing. The error is a [*ChangeError], or wraps [ErrMissing].
func (d *Doc) Load(c *Change) (Patch, error) {
	if d.full([]*Change{c}) {
		return nil, ErrDocumentFull
	}
	r := d.known(c.Replica)
	simple := r != nil && r.next == c.Seq && len(d.families) == 0 && c.Body[0] == bodyVersion && !abroad(c.Body)
	if !simple {
		return d.loadStep(c)
	}
	patch := d.patches.make()
	d.endChange()
	d.bring(r, c, nil, &patch)
	return patch, nil
}

// loadStep loads a change that says more than what the chain does next.
func (d *Doc) loadStep(c *Change) (Patch, error) {
	a := newAhead(d)
	a.trust = true
	return d.loadAhead(a, c)
}

// loadHashed loads a change that has no hash, and a stamp only where that is needed: where a chain forked. It
// makes the hash, so that the next ones need not look for it.
func (d *Doc) loadHashed(c *Change) (Patch, error) {
	if d.full([]*Change{c}) {
		return nil, ErrDocumentFull
	}
	a := newAhead(d)
	a.trust, a.hashing = true, true
	return d.loadAhead(a, c)
}

func (d *Doc) loadAhead(a *ahead, c *Change) (Patch, error) {
	if d.knowsChange(c) {
		return nil, nil
	}
	s, wanted, err := a.add(c)
	switch {
	case err != nil:
		return nil, err
	case s == nil && len(wanted) == 0:
		return nil, fmt.Errorf("%w: the change at %d of replica %s goes on from one that is not there", ErrMissing, c.Seq, c.Replica)
	case s == nil:
		return nil, fmt.Errorf("%w: %d of replica %s wants more of replica %s", ErrMissing, c.Seq, c.Replica, wanted[0])
	}
	patch := d.patches.make()
	d.bringStep(s, &patch)
	return patch, nil
}

// bring integrates a change of r that has been examined.
func (d *Doc) bring(r *replica, c *Change, causes []moment, patch *Patch) {
	grants := len(d.grants)
	d.integrate(r, c, causes, patch)
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

// Full says whether the document is so near its limits that nothing more must be typed.
func (d *Doc) Full() bool { return d.next > none-maxTyping || len(d.text) > none-maxTyping }

// maxTyping is more than is ever typed or pasted between two looks at [Doc.Full].
const maxTyping = 256 << 20

// full says whether d has no room for the given changes and those that wait.
func (d *Doc) full(changes []*Change) bool {
	seqs, size := uint64(d.next)+uint64(d.pending.seqs), uint64(len(d.text))+uint64(d.pending.bytes)
	for _, c := range changes {
		seqs += uint64(c.Next - c.Seq)
		size += uint64(len(c.Body))
	}
	return seqs >= none || size >= none
}
