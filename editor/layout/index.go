package layout

import (
	"fmt"
	"slices"
)

// Index knows the height of every paragraph of a document: exactly for those
// that have been set, by an estimate for the others. It stores only the first,
// so that opening a document costs nothing, and costs grow with what was seen.
//
// Known paragraphs are kept in blocks; each entry counts the unseen paragraphs
// in front of it. All calls are linear in the number of blocks plus the length
// of one: some microseconds for 100,000 known paragraphs.
type Index struct {
	estimate int
	blocks   []*block
	tail     int // unseen paragraphs behind the last known one
}

// blockLen is the greatest number of entries in a block.
const blockLen = 256

type block struct {
	entries    []entry
	paragraphs int // known and unseen
	pixels     int // of the known ones
}

// entry is a known paragraph with the unseen ones in front of it.
type entry struct{ unseen, height int }

// NewIndex returns an index of n paragraphs that nobody has seen.
func NewIndex(n, estimate int) *Index {
	return &Index{estimate: max(estimate, 1), tail: n}
}

// Len is the number of paragraphs.
func (x *Index) Len() int {
	n := x.tail
	for _, b := range x.blocks {
		n += b.paragraphs
	}
	return n
}

// Height is the height of all paragraphs in pixels.
func (x *Index) Height() int {
	h := x.tail * x.estimate
	for _, b := range x.blocks {
		h += x.height(b)
	}
	return h
}

// Top is the distance of paragraph i from the top, i from 0 to Len.
func (x *Index) Top(i int) int {
	top := 0
	for _, b := range x.blocks {
		if i < b.paragraphs {
			return top + x.topIn(b, i)
		}
		i -= b.paragraphs
		top += x.height(b)
	}
	if i > x.tail {
		panic(fmt.Sprintf("layout: paragraph %d of %d", i, x.tail))
	}
	return top + i*x.estimate
}

// At returns the paragraph at a distance from the top, the nearest if there is
// none.
func (x *Index) At(y int) int {
	y = max(y, 0)
	i := 0
	for _, b := range x.blocks {
		if h := x.height(b); y >= h {
			y -= h
			i += b.paragraphs
			continue
		}
		return i + x.atIn(b, y)
	}
	return i + min(y/x.estimate, x.tail-1) // tail 0: the last known one
}

// Set says how high paragraph i is.
func (x *Index) Set(i, height int) {
	b, at := x.find(i)
	if b == len(x.blocks) {
		x.setTail(at, height)
		return
	}
	blk := x.blocks[b]
	k, before := blk.entryAt(at)
	switch e := &blk.entries[k]; {
	case at == before+e.unseen:
		e.height = height
	default:
		e.unseen -= at - before + 1
		blk.entries = slices.Insert(blk.entries, k, entry{at - before, height})
	}
	x.renew(b)
}

func (x *Index) setTail(at, height int) {
	if at >= x.tail {
		panic(fmt.Sprintf("layout: paragraph %d of %d", at, x.tail))
	}
	x.tail -= at + 1
	last := len(x.blocks) - 1
	if last < 0 || len(x.blocks[last].entries) >= blockLen/2 {
		x.blocks = append(x.blocks, &block{})
		last++
	}
	x.blocks[last].entries = append(x.blocks[last].entries, entry{at, height})
	x.renew(last)
}

// Splice says that n paragraphs that nobody has seen took the place of removed
// ones from i on.
func (x *Index) Splice(i, removed, n int) {
	for removed > 0 {
		removed -= x.remove(i, removed)
	}
	b, at := x.find(i)
	if b == len(x.blocks) {
		x.tail += n
		return
	}
	k, _ := x.blocks[b].entryAt(at)
	x.blocks[b].entries[k].unseen += n
	x.blocks[b].paragraphs += n
}

// remove takes away paragraph i and, if it is unseen, up to n of the unseen ones
// from it on. It returns how many it took.
func (x *Index) remove(i, n int) int {
	b, at := x.find(i)
	if b == len(x.blocks) {
		if at+n > x.tail {
			panic(fmt.Sprintf("layout: %d paragraphs from %d on of %d", n, at, x.tail))
		}
		x.tail -= n
		return n
	}
	blk := x.blocks[b]
	k, before := blk.entryAt(at)
	e := &blk.entries[k]
	if left := before + e.unseen - at; left > 0 {
		n = min(n, left)
		e.unseen -= n
		blk.paragraphs -= n
		return n
	}
	unseen := e.unseen
	blk.entries = slices.Delete(blk.entries, k, k+1)
	switch {
	case k < len(blk.entries):
		blk.entries[k].unseen += unseen
	case b+1 < len(x.blocks):
		x.blocks[b+1].entries[0].unseen += unseen
		x.blocks[b+1].paragraphs += unseen
	default:
		x.tail += unseen
	}
	x.renew(b)
	return 1
}

// renew restores the sums and the size of block b after its entries changed.
func (x *Index) renew(b int) {
	switch entries := x.blocks[b].entries; {
	case len(entries) == 0:
		x.blocks = slices.Delete(x.blocks, b, b+1)
	case len(entries) > blockLen:
		half := len(entries) / 2
		x.blocks = slices.Insert(x.blocks, b+1, newBlock(slices.Clone(entries[half:])))
		x.blocks[b] = newBlock(entries[:half:half])
	default:
		x.blocks[b] = newBlock(entries)
	}
}

func newBlock(entries []entry) *block {
	b := &block{entries: entries}
	for _, e := range entries {
		b.paragraphs += e.unseen + 1
		b.pixels += e.height
	}
	return b
}

// find returns the block that paragraph i is in and its number there; behind
// all blocks is the tail.
func (x *Index) find(i int) (b, at int) {
	for b, blk := range x.blocks {
		if i < blk.paragraphs {
			return b, i
		}
		i -= blk.paragraphs
	}
	return len(x.blocks), i
}

// entryAt returns the entry that paragraph at is in and its first paragraph.
func (b *block) entryAt(at int) (k, before int) {
	for before+b.entries[k].unseen < at {
		before += b.entries[k].unseen + 1
		k++
	}
	return k, before
}

func (x *Index) height(b *block) int {
	return b.pixels + (b.paragraphs-len(b.entries))*x.estimate
}

func (x *Index) topIn(b *block, i int) int {
	top := 0
	for _, e := range b.entries {
		if i <= e.unseen {
			return top + i*x.estimate
		}
		top += e.unseen*x.estimate + e.height
		i -= e.unseen + 1
	}
	return top
}

func (x *Index) atIn(b *block, y int) int {
	i := 0
	for _, e := range b.entries {
		if u := e.unseen * x.estimate; y < u {
			return i + y/x.estimate
		} else if y -= u; y < e.height {
			return i + e.unseen
		}
		y -= e.height
		i += e.unseen + 1
	}
	return i - 1
}
