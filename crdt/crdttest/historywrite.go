package crdttest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"unicode/utf8"

	"inkling/crdt"
)

// MaxWriters is how many replicas a history has at most.
const MaxWriters = 5

// scribes are those by whom histories are written: copies of one device, the creator's, so that they need
// no Grants. They are sorted by their ReplicaIDs.
var scribes = func() []Person {
	list := make([]Person, MaxWriters)
	for i := range list {
		list[i] = NewPerson("scribe").Again(i + 1)
	}
	doc := list[0].Genesis().DocID()
	slices.SortFunc(list, func(p, q Person) int { return p.Author.Replica(doc).Compare(q.Author.Replica(doc)) })
	return list
}()

var (
	scribesGenesis = scribes[0].Genesis()
	scribesDoc     = scribesGenesis.DocID()
	guest          = NewPerson("guest")
)

// Genesis returns what the document of every history that is drawn or parsed starts from.
func (h *History) Genesis() crdt.Genesis { return scribesGenesis }

// Changes returns the changes of a history that was drawn or parsed, in its order. They are signed where nothing goes on from them, and some
// others.
func (h *History) Changes() []*crdt.Change {
	changes := make([]*crdt.Change, len(h.entries))
	for i, e := range h.entries {
		changes[i] = e.change
	}
	return changes
}

// write makes the bytes of all changes.
func (h *History) write() {
	followed := map[*entry]bool{}
	for _, e := range h.entries {
		followed[e.previous] = true
	}
	for _, e := range h.entries {
		e.number() // now that the hashes of its causes are known
		e.write(!followed[e] || e.minutes%5 == 0)
	}
}

func (e *entry) write(sign bool) {
	p := scribes[e.writer]
	e.replica = p.Author.Replica(scribesDoc)
	body := e.body()
	hash := sha256.New()
	if e.previous != nil {
		hash.Write(e.previous.hash[:])
	} else {
		first := sha256.Sum256(append(slices.Clone(scribesDoc[:]), e.replica[:]...))
		hash.Write(first[:])
	}
	for _, k := range e.causesInOrder {
		hash.Write(k.hash[:])
	}
	hash.Write(body)
	e.hash = crdt.Hash(hash.Sum(nil))
	e.change = &crdt.Change{Replica: e.replica, Seq: e.seq, Next: e.next, Body: body, Hash: e.hash}
	if sign {
		e.change.Signature = ed25519.Sign(p.Key, e.hash[:])
	}
}

// body writes e as FORMAT.md says.
func (e *entry) body() []byte {
	b := []byte{bodyVersion | hasMinutes}
	before := int64(0)
	if e.previous != nil {
		before = e.previous.minutes
	} else {
		a := scribes[e.writer].Author
		b[0] |= hasOpening
		b = append(append(b, a.Device[:]...), a.Nonce[:]...)
	}
	b = binary.AppendUvarint(b, zigzag(e.minutes-before))
	if len(e.causes) > 0 {
		b[0] |= hasCauses
		b = e.appendCauses(b)
	}
	for i := 0; i < len(e.deeds); {
		n := e.together(i)
		b = e.appendOp(b, e.deeds[i:i+n])
		i += n
	}
	return b
}

func (e *entry) appendCauses(b []byte) []byte {
	var table []*entry
	if e.previous != nil {
		table = e.previous.table
	}
	b = binary.AppendUvarint(b, uint64(len(e.causes)))
	for _, k := range e.causesInOrder {
		if place := slices.Index(e.table, k); place < len(table) {
			b = binary.AppendUvarint(b, uint64(place+1))
			b = binary.AppendUvarint(b, uint64(k.next-table[place].next))
			continue
		}
		b = append(append(b, 0), k.replica[:]...)
		b = binary.AppendUvarint(b, uint64(k.next))
	}
	return b
}

// together returns how many code points or ops, from the ith on, are one op of the body: an Insert of several code points, or an
// op of a kind to come that takes several Seqs.
func (e *entry) together(i int) int {
	n := 1
	for goesOn := true; goesOn && i+n < len(e.deeds); {
		before, d := e.deeds[i+n-1], e.deeds[i+n]
		goesOn = before.verb == 'i' && d.verb == 'i' && d.origin == before && d.named == nil ||
			d.verb == 'x' && e.deeds[i].verb == 'x' && e.deeds[i].idleKind() > crdt.Pass
		if goesOn {
			n++
		}
	}
	return n
}

// idleKind returns the kind of an op that does nothing.
func (d *deed) idleKind() crdt.OpKind {
	kinds := []crdt.OpKind{crdt.Pass, 6, crdt.Grant, 31}
	return kinds[(d.lamport+uint64(d.in.writer))%uint64(len(kinds))]
}

// letter returns the text of an element, of one byte or more.
func (d *deed) letter() rune {
	letters := []rune("abcdefghij\nklmöpqrs語uvwxyz")
	return letters[(d.lamport*7+uint64(d.in.writer))%uint64(len(letters))]
}

func (e *entry) appendOp(b []byte, deeds []*deed) []byte {
	d := deeds[0]
	var kind crdt.OpKind
	var flags byte
	var payload []byte
	switch d.verb {
	case 'i':
		kind = crdt.Insert
		payload = e.insert(d, &flags)
		for _, d := range deeds {
			payload = utf8.AppendRune(payload, d.letter())
		}
	case 'd':
		kind = crdt.Delete
		payload = e.appendReference(nil, d, d.targets[0], d.targets[len(d.targets)-1])
		if n := len(d.targets); n > 1 {
			flags = opFlag1
			payload = binary.AppendUvarint(payload, uint64(n))
		}
	case 'r':
		kind, payload = crdt.Restore, binary.AppendUvarint(nil, uint64(d.seq-d.targets[0].seq))
	default:
		if kind = d.idleKind(); kind == crdt.Grant {
			payload = append(guest.Author.Device[:], guest.Name...)
		}
	}
	if len(deeds) > 1 {
		flags |= opSeqs
	}
	b = append(b, byte(kind)|flags)
	if len(deeds) > 1 {
		b = binary.AppendUvarint(b, uint64(len(deeds)))
	}
	b = binary.AppendUvarint(b, uint64(len(payload)))
	return append(b, payload...)
}

// insert returns what stands in front of the text.
func (e *entry) insert(d *deed, flags *byte) (payload []byte) {
	if d.origin == nil || d.origin.seq+1 != d.seq || !d.origin.in.leadsTo(e) {
		*flags |= opFlag1
		payload = e.appendReference(payload, d, d.origin, d.origin)
	}
	if d.named != nil {
		*flags |= opFlag2
		payload = binary.AppendUvarint(payload, uint64(d.seq-d.named.seq))
	}
	return payload
}

// appendReference writes what d calls another op, by the way that leads to the op last.
func (e *entry) appendReference(b []byte, d, to, last *deed) []byte {
	if to == nil {
		return append(b, 1)
	}
	place, next := 0, d.seq
	if !last.in.leadsTo(e) {
		i := slices.IndexFunc(e.table, last.in.leadsTo)
		place, next = 2+i, e.table[i].next
	}
	b = binary.AppendUvarint(b, uint64(place))
	return binary.AppendUvarint(b, uint64(next-to.seq))
}
