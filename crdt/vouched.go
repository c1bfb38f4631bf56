package crdt

import (
	"maps"
	"slices"
)

// LoadVouched brings in changes that one's own disk has got out of a block that was verified as a whole ([Doc.Verify]), in the
// order of the block: few of them have a signature. They must build on nothing else than each other and d. Known ones do
// nothing. It stops in front of a change of d's own chain while there are local edits that were not flushed and sealed, and
// returns what is left: call it again with that. What waited in d for these changes is looked at by the next [Doc.Apply]. An
// error, as of [Doc.Load], says which change cannot be taken; what is in front of it has been.
func (d *Doc) LoadVouched(changes []*Change) (patch Patch, rest []*Change, err error) {
	for i, c := range changes {
		if d.holds() && d.own.family == c.Replica && !d.knowsChange(c) {
			return patch, changes[i:], nil
		}
		p, err := d.Load(c)
		if err != nil {
			return patch, changes[i:], err
		}
		for _, e := range p {
			patch.add(e)
		}
	}
	d.rouse()
	return patch, nil, nil
}

// rouse has the next Apply look at all that waits, and forgets what is no longer missing.
func (d *Doc) rouse() {
	for _, id := range slices.SortedFunc(maps.Keys(d.pending.families), ReplicaID.Compare) {
		d.pending.dropIf(id, func(h *held) bool { return d.knowsChange(h.Change) })
		if d.pending.families[id] != nil && !slices.Contains(d.resume, id) {
			d.resume = append(d.resume, id)
		}
	}
}
