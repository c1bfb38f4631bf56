package crdt

import (
	"bytes"
	"slices"
)

// reading examines one change as if it went on from a certain point.
type reading struct {
	ahead    *ahead
	change   *Change
	previous point
	choice   bool // it may go on from elsewhere, or a cause be another
	tries    int

	view   chainView
	body   bodyReader
	raw    []rawCause
	causes []point
	hash   Hash
	stamp  Stamp       // of what it goes on from
	wanted []ReplicaID // families of which more must come first
}

// maxTries bounds how often the causes of one change are taken for the wrong ones, where these are chains
// that forked.
const maxTries = 4096

// read returns the step, or why it cannot be. Without both, and nothing wanted, the
// change goes on from somewhere else.
func (r *reading) read() (*step, *ChangeError) {
	c, a := r.change, r.ahead
	r.view = a.viewAt(r.previous)
	r.body.readHead(c.Body, c.Seq)
	for range r.body.causes {
		r.raw = append(r.raw, r.body.cause())
	}
	if matches, err := r.resolve(0); err != nil || !matches {
		return nil, err
	}
	device := r.device()
	if r.body.flags&headOpening != 0 {
		if err := r.opening(); err != nil {
			return nil, err
		}
	}
	grants, err := r.ops()
	if err != nil {
		return nil, err
	}
	hashed := *c
	hashed.Hash, hashed.Stamp, hashed.Previous = r.hash, r.hash.stamp(), r.stamp
	s := &step{Change: &hashed, previous: r.previous, causes: r.causes, view: r.view, device: device, grants: grants}
	return a.keep(s), nil
}

// resolve finds the changes that the causes from the ith on name, so that the hash is right. Causes that make
// no sense are no fault before that: the change may go on from a tail that is not here yet.
func (r *reading) resolve(i int) (matches bool, err *ChangeError) {
	if i == len(r.raw) {
		return r.matches()
	}
	k := &r.raw[i]
	place, family, before := k.place, k.replica, point{}
	switch {
	case k.fresh:
		place = r.view.places()
	case place >= r.view.places():
		return false, nil
	default:
		family, before = r.view.at(place)
	}
	next := uint64(before.next) + uint64(k.advance)
	switch {
	case family == r.change.Replica:
		return false, refuse(r.change, "it names its own replica as a cause")
	case next > maxSeq:
		return false, nil
	}
	list := r.candidates(i, family, before, uint32(next))
	r.choice = r.choice || len(list) > 1
	for _, p := range list {
		other := *r
		if len(list) > 1 {
			other.view = other.view.clone()
		}
		other.view.declare(place, family, p)
		other.causes = append(r.causes[:i:i], p)
		matches, err = other.resolve(i + 1)
		if matches {
			*r = other
			return true, nil
		}
		if r.tries = other.tries; len(list) > 1 {
			r.tries++
		}
		if r.tries > maxTries {
			r.wanted = nil // nothing that may come helps
			return false, refuse(r.change, "its causes may mean more than %d things", maxTries)
		}
		r.wanted = other.wanted
	}
	if !slices.Contains(r.wanted, family) {
		r.wanted = append(slices.Clip(r.wanted), family)
	}
	r.ahead.doc.pending.wait(r.change.Replica, family) // for more of it, or for another tail
	return false, err
}

// candidates returns what the ith cause may be, which ends in front of next: if it has a place, what goes on from what is declared
// there, else what goes on from nothing that is. Of new causes that look alike the hashes rise, so it is greater than the one before, and
// leaves enough for those behind.
func (r *reading) candidates(i int, family ReplicaID, before point, next uint32) (list []point) {
	a, k := r.ahead, &r.raw[i]
	all, _ := a.points(ending{family, next})
	if !k.fresh {
		if !a.forks(family) {
			return all
		}
		return slices.DeleteFunc(all, func(p point) bool { return !a.leads(before, p) })
	}
	all = slices.DeleteFunc(all, func(p point) bool { return r.view.mentions(family, p) })
	first, alike := i, i
	for first > 0 && *k == r.raw[first-1] {
		first--
	}
	for alike+1 < len(r.raw) && *k == r.raw[alike+1] {
		alike++
	}
	if first == alike && len(all) < 2 {
		return all
	}
	compare := func(p, q point) int {
		h, g := a.hash(p, family), a.hash(q, family)
		return bytes.Compare(h[:], g[:])
	}
	slices.SortFunc(all, compare)
	if first < i {
		all = slices.DeleteFunc(all, func(p point) bool { return compare(r.causes[i-1], p) >= 0 })
	}
	return all[:max(0, len(all)-(alike-i))]
}

// matches says whether the change has its hash with the causes found.
func (r *reading) matches() (bool, *ChangeError) {
	c, a := r.change, r.ahead
	if a.trust && !a.hashing && !r.choice {
		r.hash = c.Hash
		return true, nil
	}
	var hashes []Hash
	for _, p := range r.causes {
		hashes = append(hashes, a.hash(p, ReplicaID{}))
	}
	previous := a.hash(r.previous, c.Replica)
	if r.hash = hashChange(previous, hashes, c.Body); c.Seq > 0 {
		r.stamp = previous.stamp()
	}
	if c.Hash != (Hash{}) {
		return c.Hash == r.hash, nil
	}
	return r.hash.stamp() == c.Stamp || a.hashing && !r.choice, nil
}

// device returns that of the chain.
func (r *reading) device() (key DeviceKey) {
	switch {
	case r.body.device != nil:
		copy(key[:], r.body.device)
	case r.previous.step != nil:
		key = r.previous.step.device
	default:
		key = r.previous.of.author.Device
	}
	return key
}

// opening decides whether a new chain is a member's.
func (r *reading) opening() *ChangeError {
	c, d, b, v := r.change, r.ahead.doc, &r.body, &r.view
	var a Author
	copy(a.Device[:], b.device)
	copy(a.Nonce[:], b.nonce)
	creator := a.Device == d.genesis.Creator
	switch {
	case a.Replica(d.docID) != c.Replica:
		return refuse(c, "its name does not follow from its device")
	case b.flags&headGrant == 0 && creator:
		return nil
	case b.flags&headGrant == 0:
		return refuse(c, "its device names no Grant and is not the creator's")
	case creator:
		return refuse(c, "it names a Grant though its device is the creator's")
	}
	g := b.grant()
	if g.place >= v.places() {
		return refuse(c, "its Grant is at place %d of a table of %d", g.place, v.places())
	}
	id, declared := v.at(g.place)
	if g.back > declared.next {
		return refuse(c, "its Grant is %d before %d of replica %s", g.back, declared.next, id)
	}
	seq := declared.next - g.back
	if !isGrant(r.ahead.op(declared, seq), a.Device) {
		return refuse(c, "the op that it names as its Grant does not grant its device anything")
	}
	if !v.plain(g.place, seq) {
		return refuse(c, "its Grant is named by way of another tail than it could be")
	}
	return nil
}

// ops checks what the ops refer to, and says whether there is a Grant among them.
func (r *reading) ops() (grants bool, err *ChangeError) {
	c, b, v := r.change, &r.body, &r.view
	for b.more() {
		seq := b.seq
		o := b.op()
		grants = grants || o.kind == Grant
		if o.ref.place < refTable {
			continue
		}
		place := o.ref.place - refTable
		if place >= v.places() {
			return false, refuse(c, "its op %d refers to place %d of a table of %d", seq, place, v.places())
		}
		id, declared := v.at(place)
		if o.ref.back > declared.next {
			return false, refuse(c, "its op %d refers to what is %d before %d of replica %s", seq, o.ref.back, declared.next, id)
		}
		if !v.plain(place, declared.next-o.ref.back+max(o.count, 1)-1) {
			return false, refuse(c, "its op %d is named by way of another tail than it could be", seq)
		}
	}
	return grants, nil
}
