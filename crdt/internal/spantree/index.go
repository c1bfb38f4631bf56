package spantree

import (
	"slices"
	"sort"
)

// maxEntries makes a chunk 2 KB.
const maxEntries = 256

// An entry says that the elements from lv on, up to the next entry's lv, are in
// one leaf, as far as they exist.
type entry struct{ lv, leaf uint32 }

// An index leads from elements to leaves: a sorted array of entries, cut into
// chunks so that one can be put in between. Text is typed in stretches and stays
// together, so there are fewer entries than spans.
//
// Invariants: lvs ascend; neighbours in a chunk name different leaves; no chunk is
// empty or longer than limit.
type index struct {
	chunks [][]entry
	firsts []uint32 // the lv of each chunk's first entry
	tail   entry    // the last entry
	end    uint32   // behind the greatest lv
	limit  int      // entries per chunk: maxEntries, less in tests
}

func (x *index) bytes() int {
	n := 4*cap(x.firsts) + 24*cap(x.chunks)
	for _, c := range x.chunks {
		n += 8 * cap(c)
	}
	return n
}

// find is the leaf that lv is in, if lv exists.
func (x *index) find(lv uint32) (leaf uint32, ok bool) {
	if lv >= x.end {
		return 0, false
	}
	if lv >= x.tail.lv {
		return x.tail.leaf, true
	}
	c, i := x.locate(lv)
	if i < 0 {
		return 0, false
	}
	return x.chunks[c][i].leaf, true
}

// locate is the last entry that begins at or before lv; i is -1 if there is none.
func (x *index) locate(lv uint32) (c, i int) {
	c = sort.Search(len(x.firsts), func(c int) bool { return x.firsts[c] > lv }) - 1
	if c < 0 {
		return 0, -1
	}
	lo, hi := 0, len(x.chunks[c])
	for chunk := x.chunks[c]; hi-lo > 1; {
		if mid := (lo + hi) / 2; chunk[mid].lv <= lv {
			lo = mid
		} else {
			hi = mid
		}
	}
	return c, lo
}

// set says that the elements lv … lv+n-1 are in leaf. They are either all new, or
// have been set before.
func (x *index) set(lv, n, leaf uint32) {
	end := lv + n
	if lv >= x.end {
		x.push(lv, leaf)
		x.end = end
		return
	}
	for lv < end {
		c, i := x.locate(lv)
		stop := min(end, x.stop(c, i))
		x.assign(c, i, lv, stop, leaf)
		lv = stop
	}
	last := x.chunks[len(x.chunks)-1]
	x.tail = last[len(last)-1]
}

// push appends an entry, unless the last one already leads to leaf.
func (x *index) push(lv, leaf uint32) {
	last := len(x.chunks) - 1
	switch {
	case last >= 0 && x.tail.leaf == leaf:
		return
	case last < 0 || len(x.chunks[last]) == x.limit:
		x.chunks = append(x.chunks, nil)
		x.firsts = append(x.firsts, lv)
		last++
	}
	x.tail = entry{lv, leaf}
	x.chunks[last] = append(x.grown(x.chunks[last], 1), x.tail)
}

// grown is chunk with room for n more entries, and a few to come: append alone
// would keep twice the memory.
func (x *index) grown(chunk []entry, n int) []entry {
	if n += len(chunk); n <= cap(chunk) {
		return chunk
	}
	return append(make([]entry, 0, min(n+n/8+2, x.limit)), chunk...)
}

// stop is where entry i of chunk c ends.
func (x *index) stop(c, i int) uint32 {
	if i+1 < len(x.chunks[c]) {
		return x.chunks[c][i+1].lv
	}
	if c+1 < len(x.chunks) {
		return x.firsts[c+1]
	}
	return x.end
}

// assign gives the part lv … stop-1 of entry i of chunk c to leaf, and joins it
// with the entries beside it that lead there.
func (x *index) assign(c, i int, lv, stop, leaf uint32) {
	chunk := x.chunks[c]
	if i < 0 { // in front of all
		with := [...]entry{{lv, leaf}}
		x.replace(0, 0, sameLeaf(chunk, 0, leaf), with[:])
		return
	}
	old := chunk[i]
	if old.leaf == leaf {
		return
	}
	var parts [3]entry
	with, hi := parts[:0], i+1
	if old.lv < lv {
		with = append(with, old, entry{lv, leaf})
	} else if i == 0 || chunk[i-1].leaf != leaf {
		with = append(with, entry{lv, leaf})
	}
	if stop < x.stop(c, i) {
		with = append(with, entry{stop, old.leaf})
	} else {
		hi += sameLeaf(chunk, hi, leaf)
	}
	x.replace(c, i, hi, with)
}

// sameLeaf is 1 if entry i of chunk is there and leads to leaf, else 0.
func sameLeaf(chunk []entry, i int, leaf uint32) int {
	if i < len(chunk) && chunk[i].leaf == leaf {
		return 1
	}
	return 0
}

// replace puts at most three entries in the place of lo … hi-1 of chunk c.
func (x *index) replace(c, lo, hi int, with []entry) {
	more, n := len(with)-(hi-lo), len(x.chunks[c])
	if more > 0 && n+more > x.limit { // then hi-lo ≤ 1: the cut is at lo, or apart
		at := n / 2
		x.split(c, at)
		if lo >= at {
			c, lo, hi = c+1, lo-at, hi-at
		}
	}
	x.chunks[c] = slices.Replace(x.grown(x.chunks[c], more), lo, hi, with...)
	x.firsts[c] = x.chunks[c][0].lv
}

// split moves the entries of chunk c from at on into a chunk of their own.
func (x *index) split(c, at int) {
	chunk := x.chunks[c]
	x.chunks = slices.Insert(x.chunks, c+1, slices.Clone(chunk[at:]))
	x.firsts = slices.Insert(x.firsts, c+1, chunk[at].lv)
	x.chunks[c] = slices.Clone(chunk[:at])
}
