package wire

import (
	"bytes"

	"inkling/crdt"
)

const (
	typeCompare  = critical | 0x11
	typeCompared = critical | 0x12
)

// Limits of what is said of the documents that two peers share.
const (
	MaxRanges = 64 << 10 // bytes of a Compare or a Compared
	MaxListed = 32       // items in one range
	itemSize  = len(ShortDoc{}) + len(Item{}.Mark)
)

// An Item is a document as two peers compare it on one connection.
type Item struct {
	Doc  ShortDoc
	Mark [8]byte // of where its chains end, salted; see netsync/reconcile
}

// ShortDoc is the first bytes of a document's id. Two that are alike in these count as one.
type ShortDoc [16]byte

// Short returns the short form of id.
func Short(id crdt.DocID) ShortDoc { return ShortDoc(id[:len(ShortDoc{})]) }

// MaxDepth is the depth of a Prefix that one document alone can have.
const MaxDepth = 2 * len(ShortDoc{})

// A Prefix is all ids that begin alike: with the first Depth half bytes of ID, 0 to [MaxDepth]. What follows in ID is
// zero.
type Prefix struct {
	ID    ShortDoc
	Depth int
}

// Child returns the prefix that is longer by one half byte, 0 to 15. The receiver's depth is less than [MaxDepth].
func (p Prefix) Child(nibble int) Prefix {
	if p.Depth%2 == 0 {
		nibble <<= 4
	}
	p.ID[p.Depth/2] |= byte(nibble)
	p.Depth++
	return p
}

// Parent returns the prefix that is shorter by one half byte. The receiver's depth is not 0.
func (p Prefix) Parent() Prefix {
	p.Depth--
	p.ID[p.Depth/2] &= 0xf0 * byte(p.Depth%2)
	return p
}

// Last returns the greatest id that has the prefix.
func (p Prefix) Last() ShortDoc {
	last := p.ID
	for depth := p.Depth; depth < MaxDepth; depth++ {
		last[depth/2] |= 0x0f << (4 * (1 - depth%2))
	}
	return last
}

// A Print is the fingerprint of a peer's items with a prefix, salted; see netsync/reconcile.
type Print struct {
	Prefix
	Sum [8]byte
}

// A Range is what the listener has with a prefix: all items, or their fingerprint.
type Range struct {
	Prefix
	Listed bool
	Sum    [8]byte // unless Listed
	Items  []Item  // if Listed: ascending, at most MaxListed
}

// Compare asks the listener what differs from the dialler's fingerprints, of prefixes that ascend and have no id in
// common.
type Compare struct{ Prints []Print }

// Compared is the answer, or a part of it: ranges that ascend and have no id in common. Last: the answer ends with it.
type Compared struct {
	Last   bool
	Ranges []Range
}

func (Compare) Type() Type  { return typeCompare }
func (Compared) Type() Type { return typeCompared }

func (m Compare) appendPayload(b []byte) []byte {
	for _, p := range m.Prints {
		b = append(appendPrefix(b, p.Prefix), p.Sum[:]...)
	}
	return b
}

func (m Compared) appendPayload(b []byte) []byte {
	b = append(b, flag(m.Last))
	for _, r := range m.Ranges {
		b = r.append(b)
	}
	return b
}

func (r Range) append(b []byte) []byte {
	b = appendPrefix(append(b, flag(r.Listed)), r.Prefix)
	if !r.Listed {
		return append(b, r.Sum[:]...)
	}
	b = append(b, byte(len(r.Items)))
	for _, item := range r.Items {
		b = append(append(b, item.Doc[:]...), item.Mark[:]...)
	}
	return b
}

// appendPrefix writes the depth, and of the id as many bytes as it fills.
func appendPrefix(b []byte, p Prefix) []byte {
	return append(append(b, byte(p.Depth)), p.ID[:(p.Depth+1)/2]...)
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// PackPrints divides prints into messages that keep the limit, in order.
func PackPrints(prints []Print) []Compare {
	const most = MaxRanges / (1 + len(ShortDoc{}) + len(Print{}.Sum))
	var packed []Compare
	for len(prints) > 0 {
		n := min(most, len(prints))
		packed = append(packed, Compare{prints[:n]})
		prints = prints[n:]
	}
	return packed
}

// PackRanges divides an answer into messages that keep the limit, in order; at least one.
func PackRanges(ranges []Range) []Compared {
	packed := []Compared{{}}
	size := 1
	for _, r := range ranges {
		n := len(r.append(nil))
		if size+n > MaxRanges {
			packed, size = append(packed, Compared{}), 1
		}
		size += n
		last := &packed[len(packed)-1]
		last.Ranges = append(last.Ranges, r)
	}
	packed[len(packed)-1].Last = true
	return packed
}

func decodeCompare(payload []byte) (Message, error) {
	var m Compare
	r := rangeReader{t: typeCompare, rest: payload}
	for len(r.rest) > 0 && r.err == nil {
		p := Print{Prefix: r.prefix()}
		r.take(p.Sum[:])
		m.Prints = append(m.Prints, p)
	}
	if r.err == nil && len(m.Prints) == 0 {
		r.fail("nothing is compared")
	}
	if r.err != nil {
		return nil, r.err
	}
	return m, nil
}

func decodeCompared(payload []byte) (Message, error) {
	r := rangeReader{t: typeCompared, rest: payload}
	m := Compared{Last: r.flag()}
	for len(r.rest) > 0 && r.err == nil {
		m.Ranges = append(m.Ranges, r.one())
	}
	if r.err != nil {
		return nil, r.err
	}
	return m, nil
}

// rangeReader reads prints and ranges up to the first mistake.
type rangeReader struct {
	t     Type
	rest  []byte
	begun bool
	last  ShortDoc // the greatest id of the ranges so far, if begun
	err   error
}

func (r *rangeReader) fail(reason string) {
	if r.err == nil {
		r.err = errorf(Malformed, r.t, "%s", reason)
	}
}

// take fills b.
func (r *rangeReader) take(b []byte) {
	if len(r.rest) < len(b) {
		r.fail("ranges are cut short")
		r.rest = nil
		return
	}
	r.rest = r.rest[copy(b, r.rest):]
}

func (r *rangeReader) byte() byte {
	var b [1]byte
	r.take(b[:])
	return b[0]
}

func (r *rangeReader) flag() bool {
	b := r.byte()
	if b > 1 {
		r.fail("a flag that is neither 0 nor 1")
	}
	return b == 1
}

func (r *rangeReader) prefix() Prefix {
	p := Prefix{Depth: int(r.byte())}
	if p.Depth > MaxDepth {
		r.fail("a prefix that is too long")
		return Prefix{}
	}
	r.take(p.ID[:(p.Depth+1)/2])
	if p.Depth%2 == 1 && p.ID[p.Depth/2]&0x0f != 0 {
		r.fail("a prefix with bits behind its end")
	}
	if r.begun && bytes.Compare(p.ID[:], r.last[:]) <= 0 {
		r.fail("ranges that do not ascend")
	}
	r.begun, r.last = true, p.Last()
	return p
}

func (r *rangeReader) one() Range {
	listed := r.flag()
	read := Range{Prefix: r.prefix(), Listed: listed}
	if !listed {
		r.take(read.Sum[:])
		return read
	}
	count := int(r.byte())
	if count > MaxListed || count*itemSize > len(r.rest) {
		r.fail("more items than a range may list, or than there are")
		return read
	}
	var before Item
	for i := range count {
		var item Item
		r.take(item.Doc[:])
		r.take(item.Mark[:])
		if i > 0 && CompareItems(before, item) >= 0 {
			r.fail("items that do not ascend")
		}
		if last := read.Last(); bytes.Compare(item.Doc[:], read.ID[:]) < 0 || bytes.Compare(item.Doc[:], last[:]) > 0 {
			r.fail("an item outside of its range")
		}
		read.Items, before = append(read.Items, item), item
	}
	return read
}

// CompareItems orders items by document, then mark.
func CompareItems(a, b Item) int {
	if c := bytes.Compare(a.Doc[:], b.Doc[:]); c != 0 {
		return c
	}
	return bytes.Compare(a.Mark[:], b.Mark[:])
}
