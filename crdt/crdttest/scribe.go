package crdttest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"slices"
	"unicode/utf8"

	"inkling/crdt"
)

// Scribe writes a chain by hand: any changes that the format has bytes for, also such
// as no honest copy makes. All it writes goes into an oracle, which tells it the
// hashes of causes.
type Scribe struct {
	Person
	Replica crdt.ReplicaID
	all     *Naive
	chain   chain
	last    crdt.Hash
	grant   *crdt.ID
}

// NewScribe returns a scribe of p, at the beginning of p's chain. grant is the Grant
// by which p is a member, nil for the creator.
func NewScribe(all *Naive, p Person, grant *crdt.ID) *Scribe {
	r := p.Author.Replica(all.doc)
	return &Scribe{
		Person: p, Replica: r, all: all, grant: grant,
		chain: chain{replica: r}, last: sha256.Sum256(append(slices.Clone(all.doc[:]), r[:]...)),
	}
}

// Next returns the Seq of what is written next.
func (s *Scribe) Next() uint32 { return s.chain.next }

// Declared returns the Seq up to which the chain has declared what it knows of r.
func (s *Scribe) Declared(r crdt.ReplicaID) uint32 {
	for _, k := range s.chain.table {
		if k.Replica == r {
			return k.Next
		}
	}
	return 0
}

// Causes returns the causes that a body names if it comes next, none if it is malformed.
func (s *Scribe) Causes(body []byte) []Cause {
	read, _, err := s.chain.decode(body)
	if err != nil {
		return nil
	}
	return read.Causes
}

// Write makes the next change of the chain, signed.
func (s *Scribe) Write(causes []Cause, ops ...Op) *crdt.Change {
	c := s.Draft(Body{Causes: causes, Ops: ops})
	s.chain = s.after(c, Body{Causes: causes, Ops: ops})
	s.last = c.Hash
	s.all.Apply(c.AppendFrame(nil))
	return c
}

// Draft is as Write, but the chain does not go on from what it returns, and it fills
// in nothing that body has.
func (s *Scribe) Draft(body Body) *crdt.Change {
	b, _ := s.chain.encode(s.fill(body))
	c := s.Sign(b, body.Causes)
	return c
}

func (s *Scribe) after(c *crdt.Change, body Body) chain {
	_, after := s.chain.encode(s.fill(body))
	c.Next = after.next
	return after
}

// fill adds the opening where it belongs.
func (s *Scribe) fill(body Body) Body {
	if s.chain.next == 0 && body.Opening == nil {
		body.Opening = &s.Author
		if body.Grant == nil {
			body.Grant = s.grant
		}
	}
	return body
}

// Sign returns a change at the end of the chain with any bytes as its body, signed.
func (s *Scribe) Sign(body []byte, causes []Cause) *crdt.Change {
	hash := slices.Clone(s.last[:])
	for _, k := range s.chain.sorted(causes) {
		h, _ := s.all.Hash(k.Replica, k.Next)
		hash = append(hash, h[:]...)
	}
	c := &crdt.Change{Replica: s.Replica, Seq: s.chain.next, Body: body, Hash: sha256.Sum256(append(hash, body...))}
	c.Signature = ed25519.Sign(s.Key, c.Hash[:])
	return c
}

// InsertOp returns an Insert of text behind origin.
func InsertOp(origin crdt.ID, text string) Op {
	return Op{Kind: crdt.Insert, Seqs: uint32(utf8.RuneCountInString(text)), Origin: origin, Text: text}
}

// DeleteOp returns a Delete of n elements from id on.
func DeleteOp(id crdt.ID, n uint32) Op {
	return Op{Kind: crdt.Delete, Seqs: 1, Target: crdt.Span{Replica: id.Replica, Seq: id.Seq, Len: n}}
}

// RestoreOp returns a Restore of the op id.
func RestoreOp(id crdt.ID) Op {
	return Op{Kind: crdt.Restore, Seqs: 1, Target: crdt.Span{Replica: id.Replica, Seq: id.Seq, Len: 1}}
}

// GrantOp returns a Grant to p.
func GrantOp(p Person) Op {
	return Op{Kind: crdt.Grant, Seqs: 1, Device: p.Author.Device, Name: p.Name}
}

// PassOp returns a Pass.
func PassOp() Op { return Op{Kind: crdt.Pass, Seqs: 1} }
