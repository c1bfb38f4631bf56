package reconcile

import (
	"bytes"
	"fmt"
	"slices"

	"inkling/crdt"
	"inkling/netsync/wire"
)

// Descent is the dialler's way from the print of its whole set down to the documents that differ. It is not safe for
// concurrent use.
type Descent struct {
	set   *Set
	next  []wire.Compare // not sent yet
	below []wire.Print   // that are to be compared when next is done
	asked map[wire.Prefix]bool
	begun bool          // a part of the answer has come
	last  wire.ShortDoc // the greatest id of which it spoke, if begun
}

// NewDescent returns the descent of the dialler's set s.
func NewDescent(s *Set) *Descent {
	return &Descent{set: s, below: s.prints(wire.Prefix{})}
}

// Next returns what the listener is to be asked next, when the last answer has come as a whole; false: nothing more,
// the descent has ended.
func (d *Descent) Next() (ask wire.Compare, more bool) {
	if len(d.next) == 0 {
		d.next, d.below = wire.PackPrints(d.below), nil
	}
	if len(d.next) == 0 {
		return wire.Compare{}, false
	}
	ask, d.next, d.begun = d.next[0], d.next[1:], false
	d.asked = make(map[wire.Prefix]bool, len(ask.Prints))
	for _, p := range ask.Prints {
		d.asked[p.Prefix] = true
	}
	return ask, true
}

// Take takes a part of the answer and returns the documents of this end's set that differ, or that the listener lacks.
// The error is a [*wire.Error]: the listener answered what it was not asked.
func (d *Descent) Take(answer wire.Compared) (differ []crdt.DocID, err error) {
	for _, r := range answer.Ranges {
		if !d.expects(r) {
			return nil, &wire.Error{Code: wire.Unexpected, Type: answer.Type(), Reason: fmt.Sprintf("%x was not asked, or is answered", r.ID)}
		}
		d.begun, d.last = true, r.Last()
		switch {
		case r.Listed:
			differ = append(differ, d.unlike(r)...)
		case d.set.print(r.Prefix).Sum == r.Sum:
		case d.set.small(r.Prefix):
			d.below = append(d.below, d.set.prints(r.Prefix)...)
		default:
			d.below = append(d.below, d.set.prints(children(r.Prefix)...)...)
		}
	}
	return differ, nil
}

// expects says whether r answers a print that was sent, and what has come of the answer ends before it.
func (d *Descent) expects(r wire.Range) bool {
	of := r.Prefix
	if !r.Listed {
		if of.Depth == 0 {
			return false
		}
		of = of.Parent()
	}
	return d.asked[of] && (!d.begun || bytes.Compare(r.ID[:], d.last[:]) > 0)
}

// unlike returns the documents of the range that the listener does not list as they are here.
func (d *Descent) unlike(r wire.Range) (docs []crdt.DocID) {
	from, to := d.set.span(r.Prefix)
	for i := from; i < to; i++ {
		if _, same := slices.BinarySearchFunc(r.Items, d.set.items[i], wire.CompareItems); !same {
			docs = append(docs, d.set.docs[i])
		}
	}
	return docs
}
