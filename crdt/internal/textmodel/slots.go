package textmodel

// slot is what has been seen in one context after some bits of a byte: the
// share of ones, in 1/4096, in the upper 12 bits, and how many bits that is the
// average of, up to slotFull, in the lower 4.
type slot uint16

const (
	slotFull   = 15
	slotMemory = 30            // a full slot averages over so many bits
	emptySlot  = slot(1 << 15) // even, from nothing
)

// slotShare is what the next bit counts after so many, in 1/65536. It is more
// than a plain average gives it: in a new context one bit says much.
var slotShare = func() (table [slotFull + 1]int32) {
	for n := range table {
		table[n] = 1 << 17 / int32(2*n+3)
	}
	table[slotFull] = 1 << 16 / slotMemory
	return table
}()

func (s *slot) learn(bit int) {
	ones, seen := int32(*s>>4), *s&slotFull
	ones += (int32(bit)*4095 - ones) * slotShare[seen] >> 16
	*s = slot(ones)<<4 | min(seen+1, slotFull)
}

// bucketSize is the slots of a bucket: the first holds the upper bits of the
// hash of the context, the others belong to the prefixes of half a byte, by the
// prefix with a one in front.
const bucketSize = 16

// slotTable is a hash table of buckets. It forgets: when the two places for a
// context are taken, the one that has seen less goes.
type slotTable struct {
	slots []slot
	mask  uint32 // buckets − 1
}

// The table grows with the text to be modelled.
const (
	minBuckets = 1 << 10
	maxBuckets = 1 << 18 // 8 MB
)

func newSlotTable(textSize int) slotTable {
	buckets := minBuckets
	for buckets < maxBuckets && buckets < 2*textSize {
		buckets *= 2
	}
	return slotTable{make([]slot, buckets*bucketSize), uint32(buckets - 1)}
}

// find gives the place of the first slot of a context's bucket.
func (t *slotTable) find(hash uint32) uint32 {
	check := slot(hash>>16) | 1 // never that of an unused bucket
	at := hash * 0x9E3779B1 >> 7 & t.mask
	first, second := at*bucketSize, (at^1)*bucketSize
	if t.slots[first] == check {
		return first
	}
	if t.slots[second] == check {
		return second
	}
	if t.slots[first+1]&slotFull > t.slots[second+1]&slotFull {
		first = second
	}
	bucket := t.slots[first : first+bucketSize]
	bucket[0] = check
	for i := 1; i < len(bucket); i++ {
		bucket[i] = emptySlot
	}
	return first
}
