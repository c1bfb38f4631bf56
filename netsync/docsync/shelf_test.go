package docsync

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"inkling/crdt"
	"inkling/netsync/wire"
)

// forest is all changes of a test with what each goes on from, which a frame does not say; the zero head
// for the first of a chain.
type forest map[crdt.Head]crdt.Head

// causes is what each change builds on besides: the heads of other chains that its writer had.
type causes map[crdt.Head][]crdt.Head

// row is a change on a shelf.
type row struct {
	head    crdt.Head
	encoded []byte
}

// shelf is the simplest library: changes in the order in which they came. It does naively what
// Library.Since is to do.
type shelf struct {
	forest  forest
	causes  causes
	rows    []row
	waiting map[crdt.Head][]byte // that came before what they build on
	has     map[crdt.Head]bool
	base    int               // how many of the rows are a block
	partial map[wire.Hash]int // what has come of blocks
}

// parcel is a block of some changes.
type parcel struct {
	wire.Block
	changes [][]byte
}

// compact puts a block in the place of all rows.
func (s *shelf) compact() { s.base = len(s.rows) }

// block returns the block that a copy which told heads is given: one that lacks at least three changes of it.
func (s *shelf) block(told []crdt.Head) *parcel {
	theirs, has, lacks := s.closure(told), map[crdt.Head]bool{}, 0
	p := &parcel{}
	for _, r := range s.rows[:s.base] {
		has[r.head] = true
		p.changes = append(p.changes, r.encoded)
		if !theirs[r.head] {
			lacks++
		}
	}
	if lacks < 3 {
		return nil
	}
	hash := sha256.Sum256(slices.Concat(p.changes...))
	p.Block = wire.Block{Hash: hash, Length: 1 + int(hash[0])%5, Heads: s.ends(has).list()}
	return p
}

func newShelf() *shelf { return newNetwork(1).shelves[0] }

// add keeps a change, when all that it builds on is here.
func (s *shelf) add(b []byte) {
	c, err := decode(b)
	if err != nil {
		panic(err)
	}
	s.waiting[headOf(c)] = b
	for again := true; again; {
		again = false
		for h, b := range s.waiting {
			if s.has[h] {
				delete(s.waiting, h)
			} else if s.hasAll(append(s.causes[h], s.forest[h])) {
				delete(s.waiting, h)
				s.has[h], again = true, true
				s.rows = append(s.rows, row{h, b})
			}
		}
	}
}

func (s *shelf) hasAll(list []crdt.Head) bool {
	for _, h := range list {
		if h != (crdt.Head{}) && !s.has[h] {
			return false
		}
	}
	return true
}

func (s *shelf) encoded() (list [][]byte) {
	for _, r := range s.rows {
		list = append(list, r.encoded)
	}
	return list
}

// ends returns those of the given changes from which none of them goes on.
func (s *shelf) ends(of map[crdt.Head]bool) *heads {
	ends := setOf(nil)
	for h := range of {
		ends.add(h)
	}
	for h := range of {
		ends.remove(s.forest[h])
	}
	return ends
}

func (s *shelf) heads() []crdt.Head { return s.ends(s.has).list() }

// closure returns the changes here that are at or before one of the heads.
func (s *shelf) closure(told []crdt.Head) map[crdt.Head]bool {
	all := map[crdt.Head]bool{}
	for _, h := range told {
		for ; s.has[h]; h = s.forest[h] {
			all[h] = true
		}
	}
	return all
}

func (s *shelf) since(have []crdt.Head, limit int) (found [][]byte, then []crdt.Head) {
	ends, theirs := s.ends(s.has), s.closure(have)
	beyond := map[crdt.ReplicaID]bool{}
	for _, h := range have {
		if of := ends.chains[h.Replica]; !s.has[h] {
			beyond[h.Replica] = beyond[h.Replica] || len(of) == 1 && of[0].Next < h.Next
			then = append(then, h)
		}
	}
	size := 0
	for _, r := range s.rows {
		if theirs[r.head] || beyond[r.head.Replica] {
			continue
		}
		if size += len(r.encoded); size > limit && len(found) > 0 {
			break
		}
		found = append(found, r.encoded)
		theirs[r.head] = true
	}
	return found, append(then, s.ends(theirs).list()...)
}

// write adds a change of replica r behind the newest, or where the shelf has another of its changes.
func (s *shelf) write(r byte, text string, from crdt.Head) crdt.Head {
	c := &crdt.Change{Replica: crdt.ReplicaID{r}, Seq: from.Next, Body: []byte{0x01}}
	if c.Seq == 0 {
		c.Body = append([]byte{0x11}, make([]byte, 32+16)...) // whose it is does not matter here
	}
	kind := byte(crdt.Insert) | 0x40 // with an origin
	if len(text) > 1 {
		c.Body = binary.AppendUvarint(append(c.Body, kind|0x20), uint64(len(text)))
	} else {
		c.Body = append(c.Body, kind)
	}
	c.Body = binary.AppendUvarint(c.Body, uint64(1+len(text)))
	c.Body = append(append(c.Body, 1), text...) // the origin is the root
	binary.BigEndian.PutUint64(c.Stamp[:], uint64(len(s.forest)+1))
	h := crdt.Head{Replica: c.Replica, Next: c.Seq + uint32(len(text)), Stamp: c.Stamp}
	s.forest[h] = from
	for _, other := range s.heads() {
		if other.Replica != h.Replica {
			s.causes[h] = append(s.causes[h], other)
		}
	}
	s.add(c.AppendFrame(nil))
	return h
}

// newest returns the end at which whoever uses the shelf goes on with a replica: the change of it that was written
// or came last.
func (s *shelf) newest(r byte) crdt.Head {
	for _, row := range slices.Backward(s.rows) {
		if row.head.Replica == (crdt.ReplicaID{r}) {
			return row.head
		}
	}
	return crdt.Head{}
}
