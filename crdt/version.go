package crdt

import (
	"maps"
	"slices"
)

// VersionVector holds the next Seq per replica: a copy with vector v has seen
// the ids {r, s} with s < v[r]. A replica that is not in it counts as 0.
type VersionVector map[ReplicaID]uint32

// Contains says whether a copy with vector v has seen id. The root is always seen.
func (v VersionVector) Contains(id ID) bool { return id.IsRoot() || id.Seq < v[id.Replica] }

// Covers says whether a copy with vector v has seen all that one with w has.
func (v VersionVector) Covers(w VersionVector) bool {
	for r, next := range w {
		if v[r] < next {
			return false
		}
	}
	return true
}

// Equal says whether v and w have seen the same.
func (v VersionVector) Equal(w VersionVector) bool { return v.Covers(w) && w.Covers(v) }

// Clone returns a copy of v that shares nothing with it.
func (v VersionVector) Clone() VersionVector {
	if v == nil {
		return VersionVector{}
	}
	return maps.Clone(v)
}

// Merge raises v to what w has seen as well.
func (v VersionVector) Merge(w VersionVector) {
	for r, next := range w {
		v[r] = max(v[r], next)
	}
}

// Replicas returns the replicas of v in ascending order, so that what is made
// from a vector does not depend on Go's map order.
func (v VersionVector) Replicas() []ReplicaID {
	return slices.SortedFunc(maps.Keys(v), ReplicaID.Compare)
}
