package reconcile

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"sort"

	"inkling/crdt"
	"inkling/netsync/wire"
)

// Doc is a document that is shared with the peer. Sum is the [crdt.SumHeads] of where its committed changes end.
type Doc struct {
	ID  crdt.DocID
	Sum [32]byte
}

// A Set is the documents that one peer shares with another, as both compare them on one connection. It is never
// altered.
type Set struct {
	salt  [32]byte
	items []wire.Item // ascending
	docs  []crdt.DocID
}

// What is hashed begins with the salt and one of these.
const (
	ofItem  = 0
	ofRange = 1
)

// NewSet returns the set of docs; salt is the connection's TLS exporter. O(n log n).
func NewSet(salt [32]byte, docs []Doc) *Set {
	type pair struct {
		item wire.Item
		doc  crdt.DocID
	}
	pairs := make([]pair, len(docs))
	for i, d := range docs {
		pairs[i] = pair{wire.Item{Doc: wire.Short(d.ID), Mark: short(salt[:], []byte{ofItem}, d.ID[:], d.Sum[:])}, d.ID}
	}
	slices.SortFunc(pairs, func(a, b pair) int { return wire.CompareItems(a.item, b.item) })
	s := &Set{salt: salt}
	for _, p := range pairs {
		s.items, s.docs = append(s.items, p.item), append(s.docs, p.doc)
	}
	return s
}

// short returns the first 8 bytes of the SHA-256 over parts.
func short(parts ...[]byte) [8]byte {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return [8]byte(h.Sum(nil))
}

// Len returns how many documents are in the set.
func (s *Set) Len() int { return len(s.items) }

// span returns the items with the prefix as a half-open interval.
func (s *Set) span(p wire.Prefix) (from, to int) {
	last := p.Last()
	from = sort.Search(len(s.items), func(i int) bool { return bytes.Compare(s.items[i].Doc[:], p.ID[:]) >= 0 })
	to = from + sort.Search(len(s.items)-from, func(i int) bool { return bytes.Compare(s.items[from+i].Doc[:], last[:]) > 0 })
	return from, to
}

func (s *Set) print(p wire.Prefix) wire.Print {
	from, to := s.span(p)
	h := sha256.New()
	h.Write(s.salt[:])
	h.Write([]byte{ofRange})
	for _, item := range s.items[from:to] {
		h.Write(item.Doc[:])
		h.Write(item.Mark[:])
	}
	return wire.Print{Prefix: p, Sum: [8]byte(h.Sum(nil))}
}

// small says that no more is to be gained by longer prefixes: the items are few, or all of one id.
func (s *Set) small(p wire.Prefix) bool {
	from, to := s.span(p)
	return to-from <= wire.MaxListed || p.Depth == wire.MaxDepth
}

// list returns the items with a small prefix.
func (s *Set) list(p wire.Prefix) []wire.Item {
	from, to := s.span(p)
	return s.items[from:min(to, from+wire.MaxListed)]
}

// children returns the prefixes that are one half byte longer.
func children(p wire.Prefix) []wire.Prefix {
	all := make([]wire.Prefix, 16)
	for nibble := range all {
		all[nibble] = p.Child(nibble)
	}
	return all
}

// prints returns the prints of those prefixes that the set has items with.
func (s *Set) prints(prefixes ...wire.Prefix) (prints []wire.Print) {
	for _, p := range prefixes {
		if from, to := s.span(p); from < to {
			prints = append(prints, s.print(p))
		}
	}
	return prints
}

// Answer is the listener's: what differs from the dialler's prints, closer. At least one message; the last one says so.
func (s *Set) Answer(c wire.Compare) []wire.Compared {
	var ranges []wire.Range
	for _, theirs := range c.Prints {
		switch {
		case s.print(theirs.Prefix) == theirs:
		case s.small(theirs.Prefix):
			ranges = append(ranges, wire.Range{Prefix: theirs.Prefix, Listed: true, Items: s.list(theirs.Prefix)})
		default:
			for _, child := range children(theirs.Prefix) {
				ranges = append(ranges, wire.Range{Prefix: child, Sum: s.print(child).Sum})
			}
		}
	}
	return wire.PackRanges(ranges)
}
