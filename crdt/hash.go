package crdt

import "crypto/sha256"

// hashChange returns the hash of a change: SHA-256(previous ‖ hashes of the causes ‖ body).
func hashChange(previous Hash, causes []Hash, body []byte) Hash {
	if len(causes) == 0 && len(body) <= 96 {
		var b [128]byte
		copy(b[:], previous[:])
		return sha256.Sum256(b[:len(previous)+copy(b[len(previous):], body)])
	}
	h := sha256.New()
	h.Write(previous[:])
	for i := range causes {
		h.Write(causes[i][:])
	}
	h.Write(body)
	return Hash(h.Sum(nil))
}

// moment is a place in a chain: between the change that ends in front of next and
// the one that begins there.
type moment struct {
	of   *replica
	next uint32
}

// moment returns where the Seqs of m below next end.
func (m *mention) moment(next uint32) moment { return moment{m.of.before(next), next} }

// hashAt returns the hash of the change that ends at m, which must have been sealed. It
// is at hand for the last changes of each chain; else everything is hashed
// anew, O(changes), and the answer kept.
func (d *Doc) hashAt(m moment) Hash {
	m.of = m.of.before(m.next)
	if m.next == 0 {
		return firstPrevious(d.docID, m.of.family)
	}
	if hash, ok := m.of.hashAt(m.next); ok {
		return hash
	}
	wanted := map[moment]Hash{m: {}}
	d.rehash(wanted)
	m.of.recent.add(m.next, wanted[m])
	return wanted[m]
}

// rehash hashes all changes anew, in order of arrival, and puts the hashes of the
// wanted moments into the map, each of the replica that has its change. It returns the hash behind the last change of each replica.
func (d *Doc) rehash(wanted map[moment]Hash) (heads []Hash) {
	h := newHashing(d)
	var body []byte
	for lv := uint32(0); lv < d.changes.end; {
		r, seq := d.op(lv)
		_, n := d.changes.change(lv)
		body = d.appendBody(body[:0], r, lv, n)
		_, hash := h.change(r, seq, n, body)
		if end := (moment{r, seq + n}); wantedAt(wanted, end) {
			wanted[end] = hash
		}
		lv += n
	}
	return h.heads
}

// hashing makes the hashes of all changes, in an order in which each comes behind all that it builds on.
type hashing struct {
	heads  []Hash          // per replica: behind its last change so far
	at     map[moment]Hash // what others build on
	causes []Hash
}

func newHashing(d *Doc) *hashing {
	_ = d.needText() // what cannot be read makes hashes that no signature fits
	h := &hashing{heads: make([]Hash, len(d.replicas)), at: map[moment]Hash{}}
	for i, r := range d.replicas {
		h.heads[i] = firstPrevious(d.docID, r.family)
		if r.from > 0 {
			h.at[moment{r.parent.before(r.from), r.from}] = Hash{}
		}
		for _, c := range r.causes {
			h.at[r.table[c.place].moment(c.next)] = Hash{}
		}
	}
	return h
}

// change hashes the change of n Seqs of r that begins at seq, and returns the hash in front of it, too.
func (h *hashing) change(r *replica, seq, n uint32, body []byte) (previous, hash Hash) {
	h.causes = h.causes[:0]
	for _, c := range r.causesOf(seq) {
		h.causes = append(h.causes, h.at[r.table[c.place].moment(c.next)])
	}
	if seq == r.from && seq > 0 {
		h.heads[r.place] = h.at[moment{r.parent.before(seq), seq}]
	}
	previous = h.heads[r.place]
	hash = hashChange(previous, h.causes, body)
	h.heads[r.place] = hash
	if end := (moment{r, seq + n}); wantedAt(h.at, end) {
		h.at[end] = hash
	}
	return previous, hash
}

func wantedAt(hashes map[moment]Hash, m moment) bool {
	_, wanted := hashes[m]
	return wanted
}
