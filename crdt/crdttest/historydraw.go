package crdttest

import (
	"math/rand/v2"
	"slices"

	"inkling/crdt"
)

// DrawHistory returns a random history, a pure function of rng, of 2 to 5 writers and up to so many ops. It has what the
// format has bytes for, and people rarely or never do: references to any op that the writer knows of, also to such as are no
// elements; chains that name anything of their own; Deletes of what is deleted, or of no element; Restores of
// anything; knowledge of others that lags behind at random. In every fourth that is short, chains fork.
func DrawHistory(rng *rand.Rand, most int) *History {
	for {
		g := drawing{rng: rng, h: &History{}, writers: 2 + rng.IntN(MaxWriters-1)}
		g.forks, g.crowded = most <= 100 && g.one(4), g.one(3)
		if g.forks && g.one(2) { // so that tails of one chain meet
			g.writers, g.crowded = 2, true
		}
		for left := 1 + most/8 + rng.IntN(most-most/8); left > 0; {
			left -= g.entry(left)
		}
		if g.h.sound() && g.h.finish() {
			return g.h
		}
	}
}

// finish makes the bytes of h and says whether no two changes are the same.
func (h *History) finish() bool {
	h.write()
	seen := map[crdt.Hash]bool{}
	for _, e := range h.entries {
		seen[e.hash] = true
	}
	return len(seen) == len(h.entries)
}

type drawing struct {
	rng     *rand.Rand
	h       *History
	writers int
	forks   bool
	crowded bool // most inserts are at the root
}

// one says yes once in n times.
func (g *drawing) one(n int) bool { return g.rng.IntN(n) == 0 }

// entry adds a change of at most so many ops and returns how many it has.
func (g *drawing) entry(most int) int {
	e := &entry{writer: g.rng.IntN(g.writers)}
	if g.forks && g.one(2) {
		e.writer = 0 // so that it forks in several places
	}
	e.previous = g.end(e.writer)
	e.number()
	g.causes(e)
	e.number()
	k := knowledge{own: e.previous.path()}
	for _, t := range e.table {
		k.paths = append(k.paths, t.path())
	}
	for n := min(most, 1+g.rng.IntN(1+g.rng.IntN(6+most/40))); len(e.deeds) < n; {
		deeds := g.deeds(&k)
		if !e.knowsAll(deeds[0]) {
			continue
		}
		for _, d := range deeds {
			d.in, d.seq = e, uint32(len(k.own))
			k.own = append(k.own, d)
		}
		e.deeds = append(e.deeds, deeds...)
	}
	g.h.entries = append(g.h.entries, e)
	g.h.number()
	return len(e.deeds)
}

// end returns the change from which a writer goes on: mostly the last one; nil when there is none.
func (g *drawing) end(writer int) (end *entry) {
	var own, ends []*entry
	for _, e := range g.h.entries {
		if e.writer == writer {
			own = append(own, e)
			ends = slices.DeleteFunc(ends, func(k *entry) bool { return k == e.previous })
			ends = append(ends, e)
		}
	}
	switch {
	case len(own) == 0:
		return nil
	case g.forks && g.one(3):
		return append(own, nil)[g.rng.IntN(len(own)+1)]
	}
	return ends[g.rng.IntN(len(ends))]
}

// causes gives e causes that it does not know of yet.
func (g *drawing) causes(e *entry) {
	for _, k := range g.rng.Perm(len(g.h.entries)) {
		k := g.h.entries[k]
		known := func(t *entry) bool { return k.leadsTo(t) || slices.Contains(e.causes, t) && t.leadsTo(k) }
		if k.writer == e.writer || !g.one(3) || slices.ContainsFunc(e.table, known) {
			continue
		}
		same := func(t *entry) bool { return t.writer == k.writer }
		if !g.forks && slices.ContainsFunc(e.causes, same) {
			continue
		}
		e.causes = append(e.causes, k)
		e.number()
	}
}

// knowledge is the ops that an op may refer to.
type knowledge struct {
	own   []*deed
	paths [][]*deed // of others, by place
}

// path returns a path of which something is known, nil when there is none.
func (k *knowledge) path(rng *rand.Rand) []*deed {
	paths := append([][]*deed{k.own}, k.paths...)
	paths = slices.DeleteFunc(paths, func(p []*deed) bool { return len(p) == 0 })
	if len(paths) == 0 {
		return nil
	}
	return paths[rng.IntN(len(paths))]
}

// deeds returns what one op of a body does.
func (g *drawing) deeds(k *knowledge) []*deed {
	path := k.path(g.rng)
	bare := !slices.ContainsFunc(path, func(d *deed) bool { return d.verb == 'i' })
	switch n := g.rng.IntN(100); {
	case bare && n < 90: // mostly there is something to refer to
	case n < 22 && path != nil:
		return []*deed{{verb: 'd', targets: g.targets(path)}}
	case n < 36 && len(k.own) > 0:
		return []*deed{{verb: 'r', targets: []*deed{g.like(k.own, 'd', 6)}}}
	case n < 41:
		return idle(1 + g.rng.IntN(2))
	}
	return g.insert(k, path)
}

// idle returns n ops that do nothing.
func idle(n int) (deeds []*deed) {
	for range n {
		deeds = append(deeds, &deed{verb: 'x'})
	}
	return deeds
}

// like returns an op of a path, once in odd times any, else one with the given verb if there is one.
func (g *drawing) like(path []*deed, verb byte, odd int) *deed {
	fit := slices.DeleteFunc(slices.Clone(path), func(d *deed) bool { return d.verb != verb })
	if len(fit) == 0 || g.one(odd) {
		fit = path
	}
	if g.one(2) { // people look where something happens
		return fit[len(fit)-1-g.rng.IntN(min(3, len(fit)))]
	}
	return fit[g.rng.IntN(len(fit))]
}

func (g *drawing) targets(path []*deed) []*deed {
	if d := g.like(path, 'd', 20); d.verb == 'd' && g.one(4) { // once more what was deleted
		return d.targets
	}
	if seam := g.seam(path); seam > 0 && g.one(4) {
		return path[seam-1 : seam+1+g.rng.IntN(min(3, len(path)-seam))]
	}
	first := g.like(path, 'i', 10)
	at := slices.Index(path, first)
	n := 1
	if g.one(3) {
		n = 1 + g.rng.IntN(min(5, len(path)-at))
	}
	return path[at : at+n]
}

// seam returns where in a path a change begins with an Insert behind one that ends with one, 0 when there is none.
func (g *drawing) seam(path []*deed) int {
	for _, i := range g.rng.Perm(len(path)) {
		if i > 0 && path[i].verb == 'i' && path[i-1].verb == 'i' && path[i].in != path[i-1].in {
			return i
		}
	}
	return 0
}

// insert returns an Insert of some code points.
func (g *drawing) insert(k *knowledge, path []*deed) []*deed {
	d := &deed{verb: 'i'}
	switch n := g.rng.IntN(16); {
	case path == nil || n < 2 || g.crowded && n < 9: // at the root
	case n < 5 && len(k.own) > 0 && (k.own[len(k.own)-1].verb == 'i' || g.one(4)): // typed on
		d.origin = k.own[len(k.own)-1]
	case n < 10: // where another one was inserted
		if d.origin = g.like(path, 'i', 1000); d.origin.verb == 'i' {
			d.origin = d.origin.origin
		}
	case n < 13 && len(k.own) > 0: // in front of an own one
		if d.named = g.like(k.own, 'i', 12); d.named.verb == 'i' {
			d.origin = d.named.origin
		}
	case n < 15:
		d.origin = g.like(path, 'i', 1000)
	default:
		d.origin = g.like(path, 'i', 2)
	}
	if d.named == nil && len(k.own) > 0 && g.one(3) {
		d.named = g.named(k.own, d.origin)
	}
	deeds := []*deed{d}
	for g.one(4) && len(deeds) < 4 {
		deeds = append(deeds, &deed{verb: 'i', origin: deeds[len(deeds)-1]})
	}
	return deeds
}

// named returns an own op for the chain of an element: mostly one with the same origin.
func (g *drawing) named(own []*deed, origin *deed) *deed {
	if g.one(8) { // what has to do with the origin, but is no element beside it
		if list := slices.DeleteFunc(slices.Clone(own), func(d *deed) bool { return !slices.Contains(d.targets, origin) }); len(list) > 0 {
			return list[0]
		}
	}
	siblings := slices.DeleteFunc(slices.Clone(own), func(d *deed) bool { return d.verb != 'i' || d.origin != origin })
	if len(siblings) == 0 || g.one(6) {
		return g.like(own, 'i', 4)
	}
	return siblings[g.rng.IntN(len(siblings))]
}
