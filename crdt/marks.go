package crdt

// marks has the local versions at which every 32nd entry of a long table begins. They
// lie close together, so a search among them and then among 32 entries waits for memory less
// often than one in the whole table.
type marks []uint32

const perMark = 32 // a power of two

// add notes that entry i of the table begins at lv.
func (m *marks) add(i int, lv uint32) {
	if i%perMark == 0 {
		*m = append(*m, lv)
	}
}

// around returns the entries lo … hi-1 of a table of n among which lv is.
func (m marks) around(lv uint32, n int) (lo, hi int) {
	lo, hi = 0, len(m)
	for hi-lo > 1 {
		if k := int(uint(lo+hi) >> 1); m[k] <= lv {
			lo = k
		} else {
			hi = k
		}
	}
	return lo * perMark, min(hi*perMark, n)
}
