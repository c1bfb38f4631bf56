package crdt

import (
	"math"

	"inkling/crdt/internal/spantree"
)

// at returns how many visible elements are in front of h's cursor, which is behind
// the element that h touched last.
func (o *opColumn) at(h *hand) int {
	if o.owner == h {
		return o.cursor
	}
	if h.last == none {
		return 0
	}
	p := o.d.tree.Find(h.last)
	at := o.d.tree.Rank(spantree.Visible, p)
	if s, _ := o.d.tree.At(p); !s.Dead {
		at++
	}
	return at
}

// address is a place in the text as it is when a stroke begins. For an Insert: the gap
// behind dead dead elements behind so many visible ones. For a Delete: the visible
// element behind so many, or with dead > 0, the dead one behind dead − 1 others behind so many.
type address struct {
	visible int
	dead    uint32
}

// address returns where s, which is to be written, begins.
func (o *opColumn) address(s *stroke) (to address) {
	if s.kind >= strokeRestore || s.ref == none {
		return address{}
	}
	t := o.d.tree
	p := t.Find(s.ref)
	at, _ := t.At(p)
	switch {
	case at.Dead && s.kind == strokeInsert:
		visible, dead := t.Address(t.Behind(p))
		return address{visible, uint32(dead)}
	case at.Dead:
		visible, dead := t.Address(p)
		return address{visible, uint32(dead) + 1}
	}
	to.visible = t.Rank(spantree.Visible, p)
	if s.kind == strokeInsert {
		to.visible++
	}
	return to
}

// turn makes s, whose target is at to, a stroke backward if it may be one and that leads to the
// cursor. A single Delete in a larger change is likely to be one of a range that is in parts.
func (s *stroke) turn(to address, at, unit int) {
	single := s.kind == strokeForth && s.seqs == 1
	switch {
	case to.dead > 0:
	case single && to.visible+1 == at:
		s.kind = strokeBack
	case single && unit != unitSingle:
		s.kind = strokeRange
	case s.kind == strokeRange && to.visible+int(s.count) == at:
		s.kind = strokeRangeBack
	}
}

// distance codes how many visible elements a stroke begins behind the cursor.
func (o *opColumn) distance(h *hand, distance int) int {
	distance = int(o.signed(o.models.distance(&h.habits, h.now.kind), int64(distance)))
	if h.moved = distance != 0; distance < -maxDistance || distance > maxDistance {
		o.fail("a distance of %d elements", distance)
		return 0
	}
	return distance
}

const maxDistance = math.MaxInt32

// count codes how many elements a Delete hides that begins with those of rest: mostly just those.
func (o *opColumn) count(h *hand, rest spantree.Stretch) {
	s := &h.now
	s.ref = rest.First
	if o.bit(o.models.rest(&h.habits), s.count == rest.N) {
		s.count = rest.N
		return
	}
	s.count = 1 + o.number(o.models.length(&h.habits, s.kind), s.count-1)
}

// behind returns how far the place where s began is behind the front of its first target.
func (s *stroke) behind() int {
	switch s.kind {
	case strokeBack:
		return 1
	case strokeRangeBack:
		return int(s.count)
	}
	return 0
}

// element returns the element at an address, and those like it behind it.
func (o *opColumn) element(to address) (rest spantree.Stretch) {
	t := o.d.tree
	if to.dead == 0 && to.visible >= 0 && to.visible < int(t.Sums().Visible) {
		rest, _ = t.At(t.Nth(spantree.Visible, to.visible))
		return rest
	}
	if to.dead > 0 {
		if p, ok := t.ByAddress(to.visible, int(to.dead)-1); ok {
			if rest, ok = t.At(p); ok && rest.Dead {
				return rest
			}
		}
	}
	o.fail("a Delete outside the text")
	return spantree.Stretch{First: none, N: 1}
}
