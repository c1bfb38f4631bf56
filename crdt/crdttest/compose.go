package crdttest

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"inkling/crdt"
)

// encode is the inverse of decode: it writes body as the chain's next. It writes also
// what decode refuses, as long as there are bytes for it.
func (c chain) encode(body Body) (b []byte, after chain) {
	c.table, c.ways = slices.Clone(c.table), ways{}
	head := byte(bodyVersion)
	if body.Opening != nil {
		head |= hasOpening
		b = append(append(b, body.Opening.Device[:]...), body.Opening.Nonce[:]...)
	}
	if delta := body.Minutes - c.minutes; delta != 0 {
		head |= hasMinutes
		b = binary.AppendUvarint(b, zigzag(delta))
		c.minutes = body.Minutes
	}
	if len(body.Causes) > 0 {
		head |= hasCauses
		b = c.appendCauses(b, body.Causes)
	}
	if body.Grant != nil {
		head |= hasGrant
		place, k := c.place(body.Grant.Replica)
		b = binary.AppendUvarint(b, uint64(place))
		b = binary.AppendUvarint(b, uint64(k.Next-body.Grant.Seq))
	}
	for _, o := range body.Ops {
		b = c.appendOp(b, o)
		c.next += o.Seqs
	}
	return append([]byte{head}, b...), c
}

func (c *chain) place(r crdt.ReplicaID) (int, Cause) {
	i := slices.IndexFunc(c.table, func(k Cause) bool { return k.Replica == r })
	if i < 0 {
		panic(fmt.Sprintf("crdttest: the chain has not mentioned replica %s", r))
	}
	return i, c.table[i]
}

// sorted returns causes in the order of the format: by place, new ones last.
func (c *chain) sorted(causes []Cause) []Cause {
	place := func(k Cause) int {
		i := slices.IndexFunc(c.table, func(t Cause) bool { return t.Replica == k.Replica })
		if i < 0 {
			return len(c.table)
		}
		return i
	}
	return slices.SortedFunc(slices.Values(causes), func(k, l Cause) int {
		return cmp.Or(cmp.Compare(place(k), place(l)), k.Replica.Compare(l.Replica))
	})
}

// appendCauses writes causes in the order of the format, and enters them.
func (c *chain) appendCauses(b []byte, causes []Cause) []byte {
	causes = c.sorted(causes)
	b = binary.AppendUvarint(b, uint64(len(causes)))
	for _, k := range causes {
		i := slices.IndexFunc(c.table, func(t Cause) bool { return t.Replica == k.Replica })
		b = binary.AppendUvarint(b, uint64(i+1))
		if i < 0 {
			b = append(b, k.Replica[:]...)
			i = len(c.table)
			c.table = append(c.table, Cause{Replica: k.Replica})
		}
		b = binary.AppendUvarint(b, uint64(k.Next-c.table[i].Next))
		c.table[i].Next = k.Next
	}
	return b
}

func (c *chain) appendOp(b []byte, o Op) []byte {
	var p []byte
	var flags byte
	switch o.Kind {
	case crdt.Insert:
		if c.next == 0 || o.Origin != (crdt.ID{Replica: c.replica, Seq: c.next - 1}) {
			flags |= opFlag1
			p = c.appendReference(p, o.Origin)
		}
		if o.Chain != nil {
			flags |= opFlag2
			p = binary.AppendUvarint(p, uint64(c.next-*o.Chain))
		}
		p = append(p, o.Text...)
	case crdt.Delete:
		p = c.appendReference(p, crdt.ID{Replica: o.Target.Replica, Seq: o.Target.Seq})
		if o.Target.Len != 1 {
			flags |= opFlag1
			p = binary.AppendUvarint(p, uint64(o.Target.Len))
		}
	case crdt.Restore:
		p = binary.AppendUvarint(p, uint64(c.next-o.Target.Seq))
	case crdt.Grant:
		p = append(append(p, o.Device[:]...), o.Name...)
	default:
		if o.Unknown != nil && o.Unknown[0] {
			flags |= opFlag1
		}
		if o.Unknown != nil && o.Unknown[1] {
			flags |= opFlag2
		}
		p = append(p, o.Payload...)
	}
	if o.Seqs > 1 {
		flags |= opSeqs
	}
	b = append(b, byte(o.Kind)|flags)
	if o.Seqs > 1 {
		b = binary.AppendUvarint(b, uint64(o.Seqs))
	}
	b = binary.AppendUvarint(b, uint64(len(p)))
	return append(b, p...)
}

func (c *chain) appendReference(b []byte, id crdt.ID) []byte {
	switch {
	case id.IsRoot():
		return append(b, 1)
	case id.Replica == c.replica:
		return binary.AppendUvarint(append(b, 0), uint64(c.next-id.Seq))
	}
	place, k := c.place(id.Replica)
	b = binary.AppendUvarint(b, uint64(2+place))
	return binary.AppendUvarint(b, uint64(k.Next-id.Seq))
}
