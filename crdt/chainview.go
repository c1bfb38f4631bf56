package crdt

import (
	"maps"
	"slices"
)

// chainView is a chain's table as it is where a change ends that is in the document
// or ahead of it: what the document has of it, and on top what changes ahead add.
type chainView struct {
	ahead *ahead
	r     *replica // nil when the document does not know the chain
	seq   uint32   // r's table as it is in front of the change that would begin there

	known    uint32           // places that r's table has there
	added    []viewMention    // the places behind those
	declared map[uint32]point // what changes ahead have declared further, by place
}

// viewMention is a place of the table that no applied change has made.
type viewMention struct {
	family ReplicaID
	at     point
}

// viewAt returns the table of the chain that goes on at p.
func (a *ahead) viewAt(p point) chainView {
	if p.step != nil {
		return p.step.view.clone()
	}
	v := chainView{ahead: a, r: p.of, seq: p.next}
	switch r := p.of; {
	case r == nil:
	case p.next == r.next:
		v.known = uint32(len(r.table))
	default:
		v.known = uint32(len(r.tableAt(p.next)))
	}
	return v
}

// clone returns a copy of v that shares nothing with it that can change.
func (v chainView) clone() chainView {
	v.added, v.declared = slices.Clone(v.added), maps.Clone(v.declared)
	return v
}

// places returns the length of the table.
func (v *chainView) places() uint32 { return v.known + uint32(len(v.added)) }

// at returns who is at a place of the table and how far it is declared.
func (v *chainView) at(place uint32) (family ReplicaID, declared point) {
	if place >= v.known {
		m := v.added[place-v.known]
		return m.family, m.at
	}
	m := &v.r.table[place]
	if p, ok := v.declared[place]; ok {
		return m.of.family, p
	}
	next := m.last()
	if v.seq < v.r.next {
		next = m.declared[m.before(v.seq)-1].next
	}
	return m.of.family, point{of: m.of.before(next), next: next}
}

// declare enters what a change says of a place, its own or the next one.
func (v *chainView) declare(place uint32, family ReplicaID, p point) {
	switch {
	case place == v.places():
		v.added = append(v.added, viewMention{family, p})
	case place >= v.known:
		v.added[place-v.known].at = p
	default:
		if v.declared == nil {
			v.declared = map[uint32]point{}
		}
		v.declared[place] = p
	}
}

// mentions says whether the table has a place of a family, from which p might have been reached.
func (v *chainView) mentions(family ReplicaID, p point) bool {
	if !v.ahead.forks(family) {
		if of := v.ahead.doc.byID[family]; of != nil && v.r != nil {
			if place, ok := v.r.placeOf(of); ok && uint32(place) < v.known {
				return true
			}
		}
		return slices.ContainsFunc(v.added, func(m viewMention) bool { return m.family == family })
	}
	for place := range v.places() {
		if f, declared := v.at(place); f == family && v.ahead.leads(declared, p) {
			return true
		}
	}
	return false
}

// plain says whether place is where an op must name the Seq seq of a family: no place before has it.
func (v *chainView) plain(place, seq uint32) bool {
	family, p := v.at(place)
	if !v.ahead.forks(family) {
		return true
	}
	for earlier := range place {
		if f, q := v.at(earlier); f == family && seq < v.ahead.branching(q, p) {
			return false
		}
	}
	return true
}

// op returns the op seq on the way to p as its body has it, nil when that is none which is kept so.
func (a *ahead) op(p point, seq uint32) []byte {
	for ; p.step != nil; p = p.step.previous {
		if p.step.Seq <= seq {
			return opAt(p.step.Change, seq)
		}
	}
	if p.of == nil || seq >= p.next {
		return nil
	}
	return a.doc.other[p.of.lv(seq)]
}
