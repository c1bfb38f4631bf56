package crdt

import (
	"crypto/ed25519"
	"slices"
)

// ahead is the changes from elsewhere that are examined and hashed, in an order in
// which they can be applied, but not applied: that they are only when a signature
// covers them.
type ahead struct {
	doc     *Doc
	steps   []*step
	ends    map[ending][]*step
	reach   map[ReplicaID]uint32 // the greatest Seq behind a step, by family
	forked  map[ReplicaID]bool   // families in which a step parts from something
	trust   bool                 // hashes are right unless there is a choice
	hashing bool                 // with trust: hashes are made nevertheless
}

// step is one change of ahead, hashed, and where it goes on from.
type step struct {
	*Change
	previous point
	causes   []point
	view     chainView // as it is behind the change
	device   DeviceKey
	grants   bool // it holds a Grant, so its signature is kept for good
	followed bool // another step goes on from it

	signed  truth // whether its signature is right
	covered bool  // by a right signature, its own or that of a step behind it
	lost    bool  // what it builds on is not covered
	cut     bool  // its signature is one of a cut

	r      *replica // whose it has become
	splits int      // how many there were then
}

// truth is what is known of something.
type truth int8

const (
	unknown truth = iota
	right
	wrong
)

func newAhead(d *Doc) *ahead {
	d.splits = d.splits[:0]
	return &ahead{doc: d, ends: map[ending][]*step{}, reach: map[ReplicaID]uint32{}, forked: map[ReplicaID]bool{}}
}

// add examines c and keeps it as a step. It returns nil when c must wait: for more of the wanted
// families (its own: for what is in front of it), or, when none is, for the tail that it goes on from.
func (a *ahead) add(c *Change) (s *step, wanted []ReplicaID, err *ChangeError) {
	previous := []point{{}}
	if c.Seq > 0 {
		var known bool
		if previous, known = a.points(ending{c.Replica, c.Seq}); !known {
			return nil, []ReplicaID{c.Replica}, nil
		}
	} else if r := a.doc.byID[c.Replica]; r != nil {
		previous[0].of = r.before(0)
	}
	if a.doc.holds() && c.Replica == a.doc.own.family {
		a.doc.resume = append(a.doc.resume, c.Replica) // until local edits have hashes
		return nil, nil, nil
	}
	waits := len(previous) == 0
	for _, p := range previous {
		r := reading{ahead: a, change: c, previous: p, choice: len(previous) > 1 || p.of != nil && p.next < p.of.next}
		switch s, failed := r.read(); {
		case s != nil:
			return s, nil, nil
		case len(r.wanted) > 0:
			wanted = append(wanted, r.wanted...)
		case failed == nil:
			waits = true
		default:
			err = failed
		}
	}
	if waits || len(wanted) > 0 {
		err = nil
	}
	return nil, wanted, err
}

// keep makes s part of a, unless a has it already.
func (a *ahead) keep(s *step) *step {
	e := ending{s.Replica, s.Next}
	for _, k := range a.ends[e] {
		if k.Hash == s.Hash {
			if !k.signs() {
				k.Signature, k.signed = s.Signature, unknown
			}
			return k
		}
	}
	if p := s.previous; p.step != nil {
		a.forked[s.Replica] = a.forked[s.Replica] || p.step.followed
		p.step.followed = true
	} else if a.reach[s.Replica] > 0 || p.of != nil && p.next < p.of.next {
		a.forked[s.Replica] = true
	}
	a.steps = append(a.steps, s)
	a.ends[e] = append(a.ends[e], s)
	a.reach[s.Replica] = max(a.reach[s.Replica], s.Next)
	return s
}

// signs says whether s has a signature that is right.
func (s *step) signs() bool {
	if s.Signature == nil {
		return false
	}
	if s.signed == unknown {
		if s.signed = wrong; ed25519.Verify(s.device[:], s.Hash[:], s.Signature) {
			s.signed = right
		}
	}
	return s.signed == right
}

// cover finds the steps that may be applied: those that a right signature covers, and that
// build on nothing else than such. Signatures are checked from the end, as few as needed, and so many that the changes can be
// passed on in small parts; those that were not are dropped, so that nobody gets a wrong one from here.
func (a *ahead) cover() (list []*step) {
	for again := true; again; {
		again = false
		for _, s := range a.steps {
			s.covered = false
		}
		for _, s := range slices.Backward(a.steps) {
			if !s.covered && !s.lost && s.signs() {
				for k := s; k != nil && !k.covered; k = k.previous.step {
					k.covered = true
				}
			}
		}
		for _, s := range a.steps {
			if s.covered && !s.grounded() {
				s.lost, again = true, true
			}
		}
	}
	a.cut()
	for _, s := range a.steps {
		if !s.covered {
			continue
		}
		if keep := s.signed == right || s.grants || s.cut; !keep || !s.signs() {
			s.Signature = nil
		}
		list = append(list, s)
	}
	return list
}

// maxBare is after how many changes comes a cut, when they are passed on: a place up to which every chain is signed,
// if they came with so many signatures.
const maxBare = 256

// cut marks the steps whose signatures make cuts. It is not enough that each chain has some: if two are signed in turns, and
// each goes on from what the other has not signed, nothing counts before the end.
func (a *ahead) cut() {
	changes, size := 0, 0
	ends := map[*step]bool{} // of chains and their tails, since the last cut
	for _, s := range a.steps {
		if !s.covered {
			continue
		}
		delete(ends, s.previous.step)
		ends[s] = true
		changes, size = changes+1, size+len(s.Body)
		if changes < maxBare && size <= maxUnsigned/2 {
			continue
		}
		for end := range ends {
			end.cut = true
		}
		clear(ends)
		changes, size = 0, 0
	}
}

// grounded says whether all that s builds on is applied or may be.
func (s *step) grounded() bool {
	lost := func(p point) bool { return p.step != nil && (p.step.lost || !p.step.covered) }
	return !lost(s.previous) && !slices.ContainsFunc(s.causes, lost)
}

// await makes what has not been applied wait for the causes that have not been.
func (a *ahead) await() {
	for _, s := range a.steps {
		if s.r != nil {
			continue
		}
		for _, p := range s.causes {
			if p.step != nil && p.step.r == nil {
				a.doc.pending.wait(s.Replica, p.step.Replica)
			}
		}
	}
}
