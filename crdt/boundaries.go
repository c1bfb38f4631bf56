package crdt

import "sort"

// boundaries says where changes begin and end, in local versions, and when they
// were made. Changes that follow each other with as many Seqs in the same minute share an
// entry; most changes of a typist are one key, so few entries do.
type boundaries struct {
	entries []boundary
	end     uint32 // the local version behind the last change
}

// boundary says that changes of size Seqs each begin at lv, up to the next boundary.
type boundary struct {
	lv, size uint32
	minutes  int64
}

// add notes the change of n Seqs that begins where the last one ended.
func (b *boundaries) add(n uint32, minutes int64) { b.addAlike(n, 1, minutes) }

// addAlike notes count changes of n Seqs each.
func (b *boundaries) addAlike(n, count uint32, minutes int64) {
	if k := len(b.entries); k == 0 || b.entries[k-1].size != n || b.entries[k-1].minutes != minutes {
		b.entries = append(b.entries, boundary{b.end, n, minutes})
	}
	b.end += n * count
}

// alikeTo returns the local version up to which all changes from lv on are alike.
func (b *boundaries) alikeTo(lv uint32) uint32 {
	if i := b.place(lv); i+1 < len(b.entries) {
		return b.entries[i+1].lv
	}
	return b.end
}

// find returns the entry that lv is in.
func (b *boundaries) find(lv uint32) *boundary { return &b.entries[b.place(lv)] }

func (b *boundaries) place(lv uint32) int {
	i := len(b.entries) - 1
	if b.entries[i].lv > lv {
		i = sort.Search(i, func(i int) bool { return b.entries[i].lv > lv }) - 1
	}
	return i
}

// change returns the first local version of the change that lv is in, and how many
// it has.
func (b *boundaries) change(lv uint32) (first, n uint32) {
	e := b.find(lv)
	return lv - (lv-e.lv)%e.size, e.size
}

// minutesFrom returns the wall time of the change that lv is in, and the local
// version up to which it holds for sure.
func (b *boundaries) minutesFrom(lv uint32) (minutes int64, end uint32) {
	i := b.place(lv)
	if i+1 < len(b.entries) {
		return b.entries[i].minutes, b.entries[i+1].lv
	}
	return b.entries[i].minutes, b.end
}

// minutes returns the wall time of the change that lv is in.
func (b *boundaries) minutes(lv uint32) int64 { return b.find(lv).minutes }
