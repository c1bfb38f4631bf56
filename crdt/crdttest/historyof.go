package crdttest

import (
	"slices"

	"inkling/crdt"
)

// History returns what n has applied as a history, in whose text all of it is, but the text.
func (n *Naive) History() *History {
	h := &History{}
	c := reading{entries: map[*change]*entry{}, deeds: map[crdt.ID]*deed{}}
	var families []crdt.ReplicaID
	for _, from := range n.changes {
		if from.applied {
			families = append(families, from.replica)
		}
	}
	slices.SortFunc(families, crdt.ReplicaID.Compare)
	families = slices.Compact(families)
	for _, from := range n.changes {
		if from.applied {
			e := c.entry(from)
			e.writer = slices.Index(families, from.replica)
			h.entries = append(h.entries, e)
		}
	}
	h.number()
	return h
}

// reading is changes that are being read.
type reading struct {
	entries map[*change]*entry
	deeds   map[crdt.ID]*deed
}

func (c *reading) entry(from *change) *entry {
	e := &entry{previous: c.entries[from.previous], replica: from.replica, hash: from.hash}
	for _, k := range from.causes {
		e.causes = append(e.causes, c.entries[k])
	}
	for _, a := range from.acts {
		e.deeds = append(e.deeds, c.act(a)...)
	}
	c.entries[from] = e
	return e
}

// act returns what an op does, a Seq each.
func (c *reading) act(a act) (deeds []*deed) {
	for i := range a.Seqs {
		d := &deed{verb: 'x'}
		switch {
		case a.Kind == crdt.Insert && i > 0:
			d.verb, d.origin = 'i', deeds[i-1]
		case a.Kind == crdt.Insert:
			d.verb, d.origin = 'i', c.deeds[a.origin]
			if a.Chain != nil {
				d.named = c.deeds[a.named]
			}
		case a.Kind == crdt.Delete:
			d.verb = 'd'
		case a.Kind == crdt.Restore:
			d.verb = 'r'
		}
		for _, id := range a.targets {
			d.targets = append(d.targets, c.deeds[id])
		}
		c.deeds[crdt.ID{Replica: a.id.Replica, Seq: a.id.Seq + i}] = d
		deeds = append(deeds, d)
	}
	return deeds
}
