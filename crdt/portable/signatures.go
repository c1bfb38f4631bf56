package portable

import (
	"iter"

	"inkling/crdt"
)

// Changes are passed on in parts, and a part can be believed only where all of it is signed. If each chain kept a signature now and
// then by itself, and two had been written side by side, each signed stretch of one would build on an unsigned end of the other,
// up to the end of both. So signatures are kept at cuts: places in the order where every chain has one.

// A part of the changes has at least so many of them, or so many bytes of bodies.
const (
	partChanges = 256
	partBytes   = 512 << 10
)

// cuts gives the places behind which parts can begin, given which changes can be signed: each as soon as a part is large enough and
// the last changes in it of all chains can be.
func (p *Parcel) cuts(can func(i int) bool) iter.Seq[int] {
	return func(yield func(end int) bool) {
		changes, size := 0, 0
		bare := map[int]bool{} // chains that end without a signature so far
		for i, c := range p.changes {
			changes, size = changes+1, size+len(c.Body)
			if bare[p.of[i]] = true; can(i) {
				delete(bare, p.of[i])
			}
			if len(bare) > 0 || changes < partChanges && size < partBytes {
				continue
			}
			if changes, size = 0, 0; !yield(i + 1) {
				return
			}
		}
	}
}

// sign adds to the signatures that a document keeps those of the given ones that make parts.
func (p *Parcel) sign(signatures map[crdt.Head][]byte) {
	can := func(i int) bool {
		_, found := signatures[end(p.changes[i])]
		return found || p.changes[i].Signature != nil
	}
	start := 0
	for cut := range p.cuts(can) {
		signLast(p.changes[start:cut], p.of[start:cut], signatures)
		start = cut
	}
}

// signLast signs the last of the given changes of each chain, if it is not signed.
func signLast(changes []*crdt.Change, of []int, signatures map[crdt.Head][]byte) {
	last := map[int]*crdt.Change{}
	for i, c := range changes {
		last[of[i]] = c
	}
	for _, c := range last {
		if c.Signature == nil {
			c.Signature = signatures[end(c)]
		}
	}
}
