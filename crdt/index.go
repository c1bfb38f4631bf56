package crdt

import (
	"slices"
	"sort"
)

// maxPage is the most entries of one page of an index. Tests make it less.
var maxPage = 512

// index finds the block that holds an element of one replica. Its entries are
// ascending; each says in which block the Seqs from its own up to the next
// entry's are. Seqs that are no elements fall under some entry too and are not
// asked for. Entries lie in pages, so that adding one in the middle is cheap.
type index struct {
	pages [][]indexEntry // none is empty
}

type indexEntry struct {
	seq   uint32
	block *block
}

// find returns the block of the element seq.
func (x *index) find(seq uint32) *block {
	p, i := x.locate(seq)
	return x.pages[p][i].block
}

// append notes that the elements from seq on, the newest of the replica, are in b.
func (x *index) append(seq uint32, b *block) {
	if len(x.pages) == 0 {
		x.pages = [][]indexEntry{{{seq, b}}}
		return
	}
	page := x.pages[len(x.pages)-1]
	switch last := &page[len(page)-1]; {
	case last.block == b:
	case last.seq == seq:
		last.block = b
	default:
		x.insert(len(x.pages)-1, len(page), indexEntry{seq, b})
	}
}

// move notes that the elements seq … seq+n-1 are now in b.
func (x *index) move(seq, n uint32, b *block) {
	x.boundary(seq)
	x.boundary(seq + n)
	p, i := x.locate(seq)
	for ; p < len(x.pages); p, i = p+1, 0 {
		for ; i < len(x.pages[p]); i++ {
			if x.pages[p][i].seq >= seq+n {
				return
			}
			x.pages[p][i].block = b
		}
	}
}

// boundary makes an entry begin at seq, unless seq is before all entries.
func (x *index) boundary(seq uint32) {
	if p, i := x.locate(seq); i >= 0 && x.pages[p][i].seq != seq {
		x.insert(p, i+1, indexEntry{seq, x.pages[p][i].block})
	}
}

// locate returns the last entry that begins at or before seq; i is -1 when all
// begin behind it.
func (x *index) locate(seq uint32) (p, i int) {
	p = sort.Search(len(x.pages), func(p int) bool { return x.pages[p][0].seq > seq }) - 1
	if p < 0 {
		return 0, -1
	}
	page := x.pages[p]
	return p, sort.Search(len(page), func(i int) bool { return page[i].seq > seq }) - 1
}

func (x *index) insert(p, i int, e indexEntry) {
	x.pages[p] = slices.Insert(x.pages[p], i, e)
	if page := x.pages[p]; len(page) > maxPage {
		half := len(page) / 2
		x.pages = slices.Insert(x.pages, p+1, slices.Clone(page[half:]))
		x.pages[p] = page[:half:half]
	}
}
