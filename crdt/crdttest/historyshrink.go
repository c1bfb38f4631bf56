package crdttest

import "slices"

// ShrinkHistory drops ops and causes of a history that fails as long as it still fails. It runs fails at most tries times.
func ShrinkHistory(h *History, tries int, fails func(*History) bool) *History {
	for size := len(h.deeds()) / 2; size > 0; {
		dropped := false
		for at := 0; at < len(h.deeds()); {
			if tries--; tries < 0 {
				return h
			}
			all := h.deeds()
			if less := h.without(all[at:min(at+size, len(all))], nil); less != nil && fails(less) {
				h, dropped = less, true
			} else {
				at += size
			}
		}
		if size > 1 || !dropped {
			size /= 2
		}
	}
	return shrinkCauses(h, tries, fails)
}

func shrinkCauses(h *History, tries int, fails func(*History) bool) *History {
	for i := 0; i < len(h.entries); i++ {
		for k := 0; k < len(h.entries[i].causes) && tries > 0; tries-- {
			if less := h.without(nil, &edge{h.entries[i], k}); less != nil && fails(less) {
				h = less
			} else {
				k++
			}
		}
	}
	return h
}

func (h *History) deeds() (all []*deed) {
	for _, e := range h.entries {
		all = append(all, e.deeds...)
	}
	return all
}

// edge is the kth cause of a change.
type edge struct {
	of *entry
	k  int
}

// without returns h without some ops and a cause. What was inserted behind an op that goes is inserted behind the
// origin of that. It returns nil when no history is left, or none that has bytes.
func (h *History) without(deeds []*deed, cause *edge) *History {
	c := copying{deeds: map[*deed]*deed{nil: nil}, entries: map[*entry]*entry{nil: nil}, gone: map[*deed]bool{}, cause: cause}
	for _, d := range deeds {
		c.gone[d] = true
	}
	less := &History{}
	for _, e := range h.entries {
		if k := c.entry(e); k != nil {
			less.entries = append(less.entries, k)
		}
	}
	if less.number(); len(less.entries) == 0 || !less.sound() || !less.finish() {
		return nil
	}
	return less
}

// copying is a history of which a part is copied.
type copying struct {
	deeds   map[*deed]*deed   // by the old one: what stands for it
	entries map[*entry]*entry // the same, the one before for one that has gone
	gone    map[*deed]bool
	cause   *edge
}

// entry returns a copy of e, nil when nothing of it is left.
func (c *copying) entry(e *entry) *entry {
	k := &entry{writer: e.writer, previous: c.entries[e.previous]}
	for i, of := range e.causes {
		of := c.entries[of]
		if of == nil || c.cause != nil && *c.cause == (edge{e, i}) {
			continue
		}
		k.number()
		if !slices.ContainsFunc(k.table, of.leadsTo) {
			k.causes = append(k.causes, of)
		}
	}
	for _, d := range e.deeds {
		if o := c.deed(d); o != nil {
			k.deeds = append(k.deeds, o)
		}
	}
	if c.entries[e] = k; len(k.deeds) == 0 {
		c.entries[e] = k.previous
		return nil
	}
	k.number()
	return k
}

// deed returns a copy of d, nil when that goes.
func (c *copying) deed(d *deed) *deed {
	o := &deed{verb: d.verb, origin: c.deeds[d.origin]}
	if c.named(d.named) {
		o.named = c.deeds[d.named]
	}
	for _, target := range d.targets {
		if c.named(target) {
			o.targets = append(o.targets, c.deeds[target])
		}
	}
	if c.gone[d] || len(d.targets) > 0 && len(o.targets) == 0 {
		c.gone[d] = true
		c.deeds[d] = c.deeds[d.origin]
		return nil
	}
	c.deeds[d] = o
	return o
}

// named says whether d is still there.
func (c *copying) named(d *deed) bool { return d != nil && !c.gone[d] }
