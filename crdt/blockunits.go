package crdt

// units divides a chain for those who guess where its strokes end: a change of several
// Seqs is one, and so are all changes of one Seq between two of those.
type units struct {
	marks []changeMark // without what lies behind
}

// What a Seq is in its unit.
const (
	unitSingle = iota // a change of its own
	unitFirst         // the first of a change
	unitInside        // another
	unitClasses
)

// find drops the groups that end in front of seq. Seqs asked for must not fall.
func (u *units) find(seq uint64) *changeMark {
	for len(u.marks) > 1 && uint64(u.marks[1].seq) <= seq {
		u.marks = u.marks[1:]
	}
	return &u.marks[0]
}

// end returns the Seq behind the unit that seq is in, unless that is the last of single Seqs.
func (u *units) end(seq uint64) (end uint64, limited bool) {
	m := u.find(seq)
	if m.size > 1 {
		off := (seq - uint64(m.seq)) % uint64(m.size)
		return seq - off + uint64(m.size), true
	}
	if len(u.marks) == 1 {
		return 0, false
	}
	return uint64(u.marks[1].seq), true
}

func (u *units) class(seq uint64) int {
	switch m := u.find(seq); {
	case m.size == 1:
		return unitSingle
	case (seq-uint64(m.seq))%uint64(m.size) == 0:
		return unitFirst
	}
	return unitInside
}
