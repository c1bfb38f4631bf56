package crdt

// marks has the local versions at which every 32nd entry of a long table begins. They
// lie close together, so a search among them and then among 32 entries waits for memory less
// often than one in the whole table. They are made when they are needed, and again when they
// have become wrong, because entries were put in between: they are only a help.
type marks []uint32

const perMark = 32

// around returns the entries lo … hi-1 among which lv is, of a table of n where the ith entry
// begins at begin(i) and the first one at or before lv.
func (m *marks) around(lv uint32, n int, begin func(i int) uint32) (lo, hi int) {
	for k := len(*m); k*perMark < n; k++ {
		*m = append(*m, begin(k*perMark))
	}
	lo, hi = 0, len(*m)
	for hi-lo > 1 {
		if k := int(uint(lo+hi) >> 1); (*m)[k] <= lv {
			lo = k
		} else {
			hi = k
		}
	}
	lo, hi = lo*perMark, min(hi*perMark, n)
	if begin(lo) > lv || hi < n && begin(hi) <= lv {
		*m = (*m)[:0]
		return 0, n
	}
	return lo, hi
}
