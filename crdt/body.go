package crdt

import (
	"encoding/binary"
	"unicode/utf8"
)

// The bytes of a change's body, as FORMAT.md has them. What is here knows no
// chain: a place in the table and a distance back stay numbers.

const bodyVersion = 1

// Flags of a body's head.
const (
	headVersion = 0x0f
	headOpening = 0x10
	headMinutes = 0x20
	headCauses  = 0x40
	headGrant   = 0x80
)

// Flags of an op.
const (
	kindMask   = 0x1f
	flagSeqs   = 0x20
	flagOrigin = 0x40 // Insert
	flagChain  = 0x80 // Insert
	flagCount  = 0x40 // Delete
)

// maxNameBytes is the greatest length of a name in a Grant.
const maxNameBytes = 256

// reference is an element or op as a body names it.
type reference struct {
	place uint32 // refOwn, refRoot, or refTable + place in the table
	back  uint32 // how far back, from the op's own Seq or the declared one
}

const (
	refOwn   = 0
	refRoot  = 1
	refTable = 2
)

// rawOp is one op as a body has it.
type rawOp struct {
	kind    OpKind
	flags   byte      // flagSeqs aside
	seqs    uint32    // how many Seqs it takes
	ref     reference // Insert: origin; Delete: target; Restore: the Delete
	chain   uint32    // Insert: how far back the named element is, 0 for none
	count   uint32    // Delete: how many elements
	text    []byte    // Insert
	payload []byte
}

// bodyReader reads a body from front to back.
type bodyReader struct {
	reader
	flags   byte
	device  []byte // opening
	nonce   []byte
	minutes int64 // less those of the change before
	causes  int   // how many causes follow, next read with cause
	seq     uint32
	ops     int
	typed   bool // the last op was an Insert
}

// readHead makes r begin to read body, whose first op has the given Seq; the causes come
// next, then the grant, then the ops.
func (r *bodyReader) readHead(body []byte, seq uint32) {
	r.b, r.seq = body, seq
	r.flags = r.byte("head")
	if r.flags == bodyVersion { // by far the commonest
		return
	}
	if v := r.flags & headVersion; r.err == nil && v != bodyVersion {
		r.at = 0
		r.fail("change version %d is unknown", v)
	}
	if r.flags&headOpening != 0 {
		r.device = r.bytes(32, "device key")
		r.nonce = r.bytes(16, "nonce")
	}
	if r.flags&headMinutes != 0 {
		if r.minutes = r.signed("minutes"); r.err == nil && r.minutes == 0 {
			r.fail("minutes that do not change")
		}
	}
	if r.flags&headCauses != 0 {
		r.causes = int(r.number("cause count", MaxCauses))
		if r.err == nil && (r.causes == 0 || r.causes > (len(body)-r.at)/2) {
			r.fail("%d causes", r.causes)
		}
	}
}

// rawCause is one cause as a body has it.
type rawCause struct {
	fresh   bool
	place   uint32    // unless fresh
	replica ReplicaID // fresh: it gets the next place
	advance uint32
}

// cause reads the next cause.
func (r *bodyReader) cause() (c rawCause) {
	place := r.number32("table place", 0)
	if c.fresh = place == 0; c.fresh {
		if c.replica = r.replica("cause"); r.err == nil && c.replica.IsZero() {
			r.fail("a cause names the root")
		}
	} else {
		c.place = place - 1
	}
	c.advance = r.number32("advance", 1)
	return c
}

// grant reads the Grant that an opening names.
func (r *bodyReader) grant() (g reference) {
	g.place = r.number32("grant's table place", 0)
	g.back = r.number32("grant's distance", 1)
	return g
}

// more says whether another op follows.
func (r *bodyReader) more() bool { return r.err == nil && r.at < len(r.b) }

// op reads the next op and steps over its Seqs.
func (r *bodyReader) op() (o rawOp) {
	first := r.byte("op kind")
	o.kind, o.flags, o.seqs = OpKind(first&kindMask), first&^(kindMask|flagSeqs), 1
	if first&flagSeqs != 0 {
		o.seqs = r.number32("seqs", 2)
	}
	n := int(r.number("op length", MaxChangeBytes))
	end := r.at + n
	o.payload = r.bytes(n, "op")
	if r.err == nil {
		p := reader{b: r.b[:end], at: end - n}
		o.read(&p, r)
		if r.err == nil {
			r.err = p.err
		}
	}
	if r.err == nil && (o.chain > r.seq || o.ref.place == refOwn && o.ref.back > r.seq) {
		r.fail("a reference below seq 0")
	}
	if uint64(r.seq)+uint64(o.seqs) > maxSeq {
		r.fail("seq runs over 32 bits")
	}
	if r.ops++; r.ops > MaxChangeOps {
		r.fail("more than %d ops", MaxChangeOps)
	}
	r.seq += o.seqs
	r.typed = o.kind == Insert
	return o
}

// read reads the payload of o from p, up to p's end.
func (o *rawOp) read(p *reader, r *bodyReader) {
	switch o.kind {
	case 0:
		p.fail("op kind 0")
	case Insert:
		o.readInsert(p, r)
		return
	case Delete:
		o.readDelete(p)
	case Restore:
		o.ref.back = p.number32("the Delete's distance", 1)
		o.plain(p)
	case Pass:
		o.plain(p)
	case Grant:
		p.bytes(len(DeviceKey{}), "device key")
		if name := p.bytes(len(p.b)-p.at, "name"); len(name) > maxNameBytes || !utf8.Valid(name) {
			p.fail("a name of %d bytes, or not UTF-8", len(name))
		}
		o.plain(p)
	default:
		p.at = len(p.b)
	}
	if p.err == nil && p.at != len(p.b) {
		p.fail("%d bytes more than the op needs", len(p.b)-p.at)
	}
	if o.kind <= Pass && o.seqs != 1 {
		p.fail("an op that takes %d seqs, want 1", o.seqs)
	}
}

func (o *rawOp) plain(p *reader) {
	if o.flags != 0 {
		p.fail("flags %#x are unknown", o.flags)
	}
}

func (o *rawOp) readInsert(p *reader, r *bodyReader) {
	if o.flags&flagOrigin != 0 {
		o.ref = p.reference("origin")
		if o.ref == (reference{refOwn, 1}) {
			p.fail("an origin that need not be said")
		}
	} else {
		o.ref = reference{refOwn, 1}
		if o.flags == 0 && r.typed {
			p.fail("two Inserts that are one")
		}
	}
	if o.flags&flagChain != 0 {
		o.chain = p.number32("chain", 1)
	}
	o.text = p.bytes(len(p.b)-p.at, "text")
	if p.err == nil && (len(o.text) == 0 || countText(o.text) != int(o.seqs)) {
		p.fail("%d bytes of text are not %d code points of UTF-8", len(o.text), o.seqs)
	}
}

// countText returns the number of code points of text, -1 when it is not UTF-8.
func countText(text []byte) int {
	if len(text) == 1 && text[0] < utf8.RuneSelf {
		return 1
	}
	if !utf8.Valid(text) {
		return -1
	}
	return utf8.RuneCount(text)
}

func (o *rawOp) readDelete(p *reader) {
	o.count = 1
	if o.ref = p.reference("target"); o.ref.place == refRoot {
		p.fail("the root cannot be deleted")
	}
	if o.flags&flagCount != 0 {
		o.count = p.number32("count", 2)
	}
	if p.err == nil && o.count > o.ref.back {
		p.fail("a Delete of %d elements, the last of which the author had not seen", o.count)
	}
	if o.flags&^flagCount != 0 {
		p.fail("flags %#x are unknown", o.flags)
	}
}

func (r *reader) reference(what string) (f reference) {
	if f.place = r.number32(what, 0); f.place != refRoot {
		f.back = r.number32(what, 1)
	}
	return f
}

// checkBody checks all that can be seen without the chain, and returns the Seq
// behind the body's last op.
func checkBody(body []byte, seq uint32) (next uint32, err error) {
	if len(body) > MaxChangeBytes {
		return 0, formatErrorf(0, "a body of %d bytes, at most %d are allowed", len(body), MaxChangeBytes)
	}
	var r bodyReader
	r.readHead(body, seq)
	if r.err == nil && (r.flags&headOpening != 0) != (seq == 0) {
		r.fail("the opening belongs to seq 0, this is %d", seq)
	}
	if r.err == nil && r.flags&headGrant != 0 && r.flags&headOpening == 0 {
		r.fail("a grant without an opening")
	}
	r.checkCauses()
	if r.flags&headGrant != 0 {
		r.grant()
	}
	if r.err == nil && !r.more() {
		r.fail("a change without ops")
	}
	for r.more() {
		r.op()
	}
	return r.seq, r.err
}

// abroad says whether an op of a body without causes, whose form has been checked,
// refers to another replica.
func abroad(body []byte) bool {
	for at := 1; at < len(body); {
		first := body[at]
		at++
		if first&flagSeqs != 0 {
			_, n := binary.Uvarint(body[at:])
			at += n
		}
		length, n := binary.Uvarint(body[at:])
		at += n
		switch kind := OpKind(first & kindMask); {
		case kind == Delete, kind == Insert && first&flagOrigin != 0:
			if body[at] >= refTable {
				return true
			}
		}
		at += int(length)
	}
	return false
}

// checkCauses reads all causes: known places ascending, then new ones by replica and,
// for several tails of one, by advance.
func (r *bodyReader) checkCauses() {
	var last rawCause
	for i := 0; i < r.causes && r.err == nil; i++ {
		c := r.cause()
		if i > 0 && !last.precedes(c) {
			r.fail("causes are not in order")
		}
		last = c
	}
}

// precedes says whether k may stand behind c.
func (c rawCause) precedes(k rawCause) bool {
	if !c.fresh || !k.fresh {
		return !c.fresh && (k.fresh || c.place < k.place)
	}
	order := c.replica.Compare(k.replica)
	return order < 0 || order == 0 && c.advance <= k.advance
}

// appendReference, appendInsert and the like write what bodyReader reads.
func appendReference(b []byte, f reference) []byte {
	b = binary.AppendUvarint(b, uint64(f.place))
	if f.place != refRoot {
		b = binary.AppendUvarint(b, uint64(f.back))
	}
	return b
}

// appendOp appends an op with a payload that is made by p.
func appendOp(b []byte, kind OpKind, flags byte, seqs uint32, payload []byte) []byte {
	first := byte(kind) | flags
	if seqs > 1 {
		first |= flagSeqs
	}
	b = append(b, first)
	if seqs > 1 {
		b = binary.AppendUvarint(b, uint64(seqs))
	}
	b = binary.AppendUvarint(b, uint64(len(payload)))
	return append(b, payload...)
}
