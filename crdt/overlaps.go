package crdt

import (
	"slices"
	"sort"
)

// overlaps counts, for dead elements, the Deletes beyond the first that hit them and
// are not cancelled. Few elements are deleted twice, by people who did not know of
// each other, so it holds only those: stretches of local versions, ascending, apart.
type overlaps []overlap

type overlap struct{ lv, n, count uint32 }

// add raises the count of the n elements from lv on.
func (o *overlaps) add(lv, n uint32) {
	o.split(lv)
	o.split(lv + n)
	i := o.search(lv)
	for end := lv + n; lv < end; i++ {
		if i < len(*o) && (*o)[i].lv == lv {
			(*o)[i].count++
			lv += (*o)[i].n
			continue
		}
		gap := end - lv
		if i < len(*o) {
			gap = min(gap, (*o)[i].lv-lv)
		}
		*o = slices.Insert(*o, i, overlap{lv, gap, 1})
		lv += gap
	}
}

// drop lowers the count of the first of the n elements from lv on, as far as they
// have the same one, and returns how many these are and whether they had one.
func (o *overlaps) drop(lv, n uint32) (same uint32, had bool) {
	i := o.search(lv + 1)
	if i == 0 || (*o)[i-1].lv+(*o)[i-1].n <= lv {
		if i < len(*o) {
			n = min(n, (*o)[i].lv-lv)
		}
		return n, false
	}
	n = min(n, (*o)[i-1].lv+(*o)[i-1].n-lv)
	o.split(lv)
	o.split(lv + n)
	i = o.search(lv)
	if (*o)[i].count--; (*o)[i].count == 0 {
		*o = slices.Delete(*o, i, i+1)
	}
	return n, true
}

// count returns the count of element lv.
func (o overlaps) count(lv uint32) uint32 {
	if i := o.search(lv + 1); i > 0 && lv-o[i-1].lv < o[i-1].n {
		return o[i-1].count
	}
	return 0
}

// search returns the first entry that begins at lv or behind it.
func (o overlaps) search(lv uint32) int {
	return sort.Search(len(o), func(i int) bool { return o[i].lv >= lv })
}

// split makes an entry begin at lv if lv is inside one.
func (o *overlaps) split(lv uint32) {
	i := o.search(lv + 1)
	if i == 0 {
		return
	}
	e := &(*o)[i-1]
	if off := lv - e.lv; off > 0 && off < e.n {
		rest := overlap{lv, e.n - off, e.count}
		e.n = off
		*o = slices.Insert(*o, i, rest)
	}
}
