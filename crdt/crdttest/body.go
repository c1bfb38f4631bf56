package crdttest

import (
	"bytes"
	"math"
	"slices"
	"unicode/utf8"

	"inkling/crdt"
)

// The bits of a body's first byte and of an op's.
const (
	bodyVersion = 0x01
	hasOpening  = 0x10
	hasMinutes  = 0x20
	hasCauses   = 0x40
	hasGrant    = 0x80

	opKind  = 0x1f
	opSeqs  = 0x20
	opFlag1 = 0x40
	opFlag2 = 0x80
)

// seqLimit is one more than the Seq up to which a chain may go.
const seqLimit = math.MaxUint32

// A Cause says that all of a replica's Seqs below Next had been seen.
type Cause struct {
	Replica crdt.ReplicaID
	Next    uint32
}

// Body is what a change's body says, its references resolved.
type Body struct {
	Opening *crdt.Author // nil but in a chain's first change
	Minutes int64        // since 1970
	Causes  []Cause
	Grant   *crdt.ID // that the opening names
	Ops     []Op
}

// Op is one op of a body. Which fields count depends on Kind.
type Op struct {
	Kind    crdt.OpKind
	Seqs    uint32         // that it takes
	Origin  crdt.ID        // Insert
	Chain   *uint32        // Insert: the own Seq that it was inserted in front of
	Text    string         // Insert
	Target  crdt.Span      // Delete, Restore (one long)
	Device  crdt.DeviceKey // Grant
	Name    string         // Grant
	Unknown *[2]bool       // kinds to come: the flags
	Payload []byte         // kinds to come
}

// chain is what a reader of a chain must keep from change to change.
type chain struct {
	replica crdt.ReplicaID
	next    uint32
	minutes int64
	table   []Cause
	ways    ways // of the body read last
}

// ways says by which place of the table a body names things: 0 for the own chain, else
// the place + 1.
type ways struct {
	causes []int // places, from 0
	grant  int
	ops    []int // of the origin or target
}

// decode reads the chain's next body. after is the chain behind it.
func (c chain) decode(b []byte) (body Body, after chain, err error) {
	if len(b) > crdt.MaxChangeBytes {
		return body, c, errTooLong
	}
	s := &scanner{left: b}
	c.table, c.ways = slices.Clone(c.table), ways{}
	head := s.byte()
	if head&0x0f != bodyVersion {
		s.fail("version %d", head&0x0f)
	}
	if opening := head&hasOpening != 0; opening != (c.next == 0) {
		s.fail("an opening at seq %d: %t", c.next, opening)
	} else if opening {
		body.Opening = new(crdt.Author)
		s.array(body.Opening.Device[:])
		s.array(body.Opening.Nonce[:])
	}
	if head&hasMinutes != 0 {
		delta := s.number()
		if delta == 0 {
			s.fail("minutes that do not differ")
		}
		c.minutes += unzigzag(delta)
	}
	body.Minutes = c.minutes
	if head&hasCauses != 0 {
		body.Causes = c.causes(s)
	}
	if head&hasGrant != 0 {
		if body.Opening == nil {
			s.fail("a grant without an opening")
		}
		place := s.below(uint64(len(c.table)))
		if c.ways.grant = int(place) + 1; s.err == nil {
			body.Grant = &crdt.ID{Replica: c.table[place].Replica, Seq: s.back(c.table[place].Next)}
		}
	}
	body.Ops = c.ops(s)
	return body, c, s.err
}

// causes reads the causes and enters them in the table.
func (c *chain) causes(s *scanner) (causes []Cause) {
	count := s.below(crdt.MaxCauses + 1)
	if count == 0 {
		s.fail("no causes")
	}
	known := uint64(len(c.table))
	from, fresh := uint64(0), false
	for ; count > 0 && s.err == nil; count-- {
		place := s.below(known + 1)
		switch {
		case place == 0:
			var r crdt.ReplicaID
			s.array(r[:])
			if r.IsZero() || r == c.replica {
				s.fail("replica %s as a new cause", r)
			}
			if fresh && r.Compare(c.table[len(c.table)-1].Replica) < 0 {
				s.fail("new causes that do not rise")
			}
			c.table, fresh = append(c.table, Cause{Replica: r}), true
			place = uint64(len(c.table))
		case fresh || place <= from:
			s.fail("causes that do not rise")
			return nil
		default:
			from = place
		}
		k := &c.table[place-1]
		advance := s.below(seqLimit - uint64(k.Next) + 1)
		if advance == 0 {
			s.fail("a cause that says nothing new")
		}
		k.Next += uint32(advance)
		if n := len(c.table); place == uint64(n) && n > int(known)+1 && c.table[n-2].Replica == k.Replica && c.table[n-2].Next > k.Next {
			s.fail("tails that do not rise")
		}
		causes = append(causes, *k)
		c.ways.causes = append(c.ways.causes, int(place)-1)
	}
	return causes
}

// ops reads all that is left.
func (c *chain) ops(s *scanner) (ops []Op) {
	for len(ops) == 0 || len(s.left) > 0 {
		o := c.op(s)
		if s.err != nil {
			return nil
		}
		if n := len(ops); n > 0 && ops[n-1].Kind == crdt.Insert && o.Kind == crdt.Insert &&
			o.Chain == nil && o.Origin == (crdt.ID{Replica: c.replica, Seq: c.next - 1}) {
			s.fail("an insert that goes on from an insert")
		}
		if uint64(c.next)+uint64(o.Seqs) > seqLimit {
			s.fail("seqs beyond the limit")
		}
		c.next += o.Seqs
		if ops = append(ops, o); len(ops) > crdt.MaxChangeOps {
			s.fail("too many ops")
		}
	}
	return ops
}

// op reads one op, whose first Seq is c.next.
func (c *chain) op(s *scanner) Op {
	c.ways.ops = append(c.ways.ops, 0)
	head := s.byte()
	o := Op{Kind: crdt.OpKind(head & opKind), Seqs: 1}
	if head&opSeqs != 0 {
		if o.Seqs = uint32(s.below(seqLimit + 1)); o.Seqs < 2 {
			s.fail("seqs %d are not said", o.Seqs)
		}
	}
	payload := &scanner{left: s.bytes(s.number())}
	if s.err == nil {
		c.payload(&o, payload, head&opFlag1 != 0, head&opFlag2 != 0)
	}
	if payload.err != nil {
		s.fail("%w", payload.err)
	} else if len(payload.left) > 0 {
		s.fail("%d bytes too many in an op", len(payload.left))
	}
	return o
}

// payload reads what is in an op's payload, by kind.
func (c *chain) payload(o *Op, s *scanner, flag1, flag2 bool) {
	text := o.Kind == crdt.Insert
	known := o.Kind <= crdt.Pass
	if known && ((!text && (flag2 || o.Seqs != 1)) || (o.Kind > crdt.Delete && flag1)) {
		s.fail("flags that op kind %d does not have", o.Kind)
	}
	switch o.Kind {
	case 0:
		s.fail("op kind 0")
	case crdt.Insert:
		c.insert(o, s, flag1, flag2)
	case crdt.Delete:
		o.Target = c.target(s, flag1)
	case crdt.Restore:
		o.Target = crdt.Span{Replica: c.replica, Seq: s.back(c.next), Len: 1}
	case crdt.Grant:
		s.array(o.Device[:])
		o.Name = string(s.bytes(uint64(len(s.left))))
		if len(o.Name) > 256 || !utf8.ValidString(o.Name) {
			s.fail("a name that is too long or no UTF-8")
		}
	case crdt.Pass:
	default:
		o.Unknown = &[2]bool{flag1, flag2}
		o.Payload = bytes.Clone(s.bytes(uint64(len(s.left))))
	}
}

func (c *chain) insert(o *Op, s *scanner, origin, chained bool) {
	switch {
	case origin:
		o.Origin, _ = c.reference(s)
		if c.next > 0 && o.Origin == (crdt.ID{Replica: c.replica, Seq: c.next - 1}) {
			s.fail("an origin that need not be said")
		}
	case c.next == 0:
		s.fail("an insert that goes on from nothing")
	default:
		o.Origin = crdt.ID{Replica: c.replica, Seq: c.next - 1}
	}
	if chained {
		seq := s.back(c.next)
		o.Chain = &seq
	}
	o.Text = string(s.bytes(uint64(len(s.left))))
	if s.err == nil && (o.Text == "" || !utf8.ValidString(o.Text) || utf8.RuneCountInString(o.Text) != int(o.Seqs)) {
		s.fail("a text of another length or none")
	}
}

func (c *chain) target(s *scanner, counted bool) crdt.Span {
	id, back := c.reference(s)
	if s.err == nil && id.IsRoot() {
		s.fail("the root as a target")
	}
	n := uint64(1)
	if counted {
		if n = s.below(uint64(back) + 1); n < 2 {
			s.fail("count %d is not said", n)
		}
	}
	return crdt.Span{Replica: id.Replica, Seq: id.Seq, Len: uint32(n)}
}

// reference reads the name of an element or op, and how far back it is.
func (c *chain) reference(s *scanner) (id crdt.ID, back uint32) {
	whose := s.below(uint64(len(c.table)) + 2)
	switch {
	case s.err != nil || whose == 1:
		return crdt.ID{}, 0
	case whose == 0:
		id = crdt.ID{Replica: c.replica, Seq: s.back(c.next)}
		return id, c.next - id.Seq
	}
	k := c.table[whose-2]
	c.ways.ops[len(c.ways.ops)-1] = int(whose) - 1
	id = crdt.ID{Replica: k.Replica, Seq: s.back(k.Next)}
	return id, k.Next - id.Seq
}
