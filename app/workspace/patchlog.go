package workspace

import "inkling/crdt"

// patchLogMax bounds how many patches a session remembers for its views. A view
// that is further behind starts anew.
const patchLogMax = 4096

// patchLog numbers what happened to a document since it was opened: version n is
// the text after n patches. The oldest patches are forgotten.
type patchLog struct {
	first   uint64 // version that patches[0] starts from
	patches []crdt.Patch
}

// version returns the number of the text as it is now.
func (l *patchLog) version() uint64 { return l.first + uint64(len(l.patches)) }

// add notes p, unless it is empty.
func (l *patchLog) add(p crdt.Patch) {
	if len(p) == 0 {
		return
	}
	if len(l.patches) == patchLogMax {
		n := copy(l.patches, l.patches[patchLogMax/2:])
		clear(l.patches[n:])
		l.patches = l.patches[:n]
		l.first += patchLogMax / 2
	}
	l.patches = append(l.patches, p)
}

// since returns what happened after version v. ok is false when that is forgotten
// or v is not a version of this log.
func (l *patchLog) since(v uint64) (p crdt.Patch, ok bool) {
	if v < l.first || v > l.version() {
		return nil, false
	}
	for _, q := range l.patches[v-l.first:] {
		p = append(p, q...)
	}
	return p, true
}

// carry moves a range that was seen in one version through the patch that came
// after it. Text that others inserted at the edges stays outside the range.
func carry(p crdt.Patch, from, to int) (int, int) {
	caret := from == to
	for _, e := range p {
		to = carryOffset(e, to, false)
		if caret {
			from = to
			continue
		}
		from = min(carryOffset(e, from, true), to)
	}
	return from, to
}

// carryOffset moves one offset through e. When something was inserted just there,
// behind says whether the place goes behind it.
func carryOffset(e crdt.Edit, offset int, behind bool) int {
	end := e.At + e.Removed
	switch {
	case offset > end || offset == end && (e.Removed > 0 || behind):
		return offset + e.Inserted - e.Removed
	case offset > e.At:
		return e.At
	default:
		return offset
	}
}
