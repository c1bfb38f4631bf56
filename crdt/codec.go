package crdt

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"
)

// changeVersion is the first byte of an encoded change.
const changeVersion = 1

// A FormatError says that bytes from a peer or a disk are not a change (or a
// genesis): where, in bytes from the start, and what is wrong there.
type FormatError struct {
	Offset int
	Reason string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("crdt: malformed bytes at %d: %s", e.Offset, e.Reason)
}

func formatErrorf(offset int, format string, args ...any) error {
	return &FormatError{Offset: offset, Reason: fmt.Sprintf(format, args...)}
}

// Bytes encodes c as FORMAT.md says. Changes made by a [Doc] always encode.
func (c *Change) Bytes() []byte {
	b := []byte{changeVersion}
	b = append(b, c.Replica[:]...)
	b = binary.AppendUvarint(b, uint64(c.Seq))
	b = binary.AppendUvarint(b, uint64(c.Minutes))
	b = binary.AppendUvarint(b, uint64(len(c.Causes)))
	for _, id := range c.Causes {
		b = append(b, id.Replica[:]...)
		b = binary.AppendUvarint(b, uint64(id.Seq))
	}
	b = binary.AppendUvarint(b, uint64(len(c.Ops)))
	for _, o := range c.Ops {
		b = o.append(b)
	}
	return b
}

// Flags beside the kind in an op's first byte.
const (
	kindMask    = 0x0f
	flagChained = 0x10
)

func (o Op) append(b []byte) []byte {
	first := byte(o.Kind)
	if o.Kind == Insert && o.Chained {
		first |= flagChained
	}
	b = append(b, first)
	if o.Kind != Insert {
		b = append(b, o.Target.Replica[:]...)
		b = binary.AppendUvarint(b, uint64(o.Target.Seq))
		return binary.AppendUvarint(b, uint64(o.Target.Len))
	}
	b = append(b, o.Origin.Replica[:]...)
	if !o.Origin.IsRoot() {
		b = binary.AppendUvarint(b, uint64(o.Origin.Seq))
	}
	if o.Chained {
		b = binary.AppendUvarint(b, uint64(o.Chain))
	}
	b = binary.AppendUvarint(b, uint64(len(o.Text)))
	return append(b, o.Text...)
}

// DecodeChange reads what [Change.Bytes] wrote. It accepts exactly the bytes that
// Bytes would write again, at most [MaxChangeBytes] of them, and gives a
// [*FormatError] for any others. It allocates in proportion to len(b).
func DecodeChange(b []byte) (*Change, error) {
	if len(b) > MaxChangeBytes {
		return nil, formatErrorf(0, "change of %d bytes, at most %d are allowed", len(b), MaxChangeBytes)
	}
	d := decoder{b: b}
	if v := d.byte("version"); d.err == nil && v != changeVersion {
		return nil, formatErrorf(0, "change version %d is unknown", v)
	}
	c := &Change{Replica: d.replica("replica")}
	if d.err == nil && c.Replica.IsZero() {
		d.fail("the zero replica writes nothing")
	}
	c.Seq = d.uint32("first seq")
	c.Minutes = int64(d.uvarint("minutes", math.MaxInt64/60))
	d.causes(c)
	d.ops(c)
	if d.err == nil && d.at != len(b) {
		d.fail("%d bytes after the last op", len(b)-d.at)
	}
	if d.err != nil {
		return nil, d.err
	}
	return c, nil
}

// decoder reads b from at on. After the first error it returns zero values.
type decoder struct {
	b   []byte
	at  int
	err error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = formatErrorf(d.at, format, args...)
	}
}

// bytes returns the next n bytes, in place.
func (d *decoder) bytes(n int, what string) []byte {
	if d.err == nil && n > len(d.b)-d.at {
		d.fail("%s: %d bytes wanted, %d left", what, n, len(d.b)-d.at)
	}
	if d.err != nil {
		return nil
	}
	d.at += n
	return d.b[d.at-n : d.at]
}

func (d *decoder) byte(what string) byte {
	if b := d.bytes(1, what); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) replica(what string) (r ReplicaID) {
	copy(r[:], d.bytes(len(r), what))
	return r
}

// uvarint reads an unsigned varint in its shortest form, at most limit.
func (d *decoder) uvarint(what string, limit uint64) uint64 {
	if d.err != nil {
		return 0
	}
	v, n := binary.Uvarint(d.b[d.at:])
	switch {
	case n <= 0:
		d.fail("%s: broken varint", what)
	case n > 1 && d.b[d.at+n-1] == 0:
		d.fail("%s: varint longer than needed", what)
	case v > limit:
		d.fail("%s: %d, at most %d is allowed", what, v, limit)
	default:
		d.at += n
		return v
	}
	return 0
}

func (d *decoder) uint32(what string) uint32 { return uint32(d.uvarint(what, math.MaxUint32)) }

func (d *decoder) causes(c *Change) {
	n := int(d.uvarint("cause count", MaxCauses))
	if d.err == nil && n > (len(d.b)-d.at)/17 {
		d.fail("%d causes do not fit into what is left", n)
	}
	for range n {
		id := ID{Replica: d.replica("cause"), Seq: d.uint32("cause seq")}
		switch k := len(c.Causes); {
		case d.err != nil:
			return
		case id.Replica.IsZero() || id.Replica == c.Replica:
			d.fail("a cause names the root or the change's own replica")
		case k > 0 && c.Causes[k-1].Replica.Compare(id.Replica) >= 0:
			d.fail("causes are not ascending")
		}
		c.Causes = append(c.Causes, id)
	}
}

func (d *decoder) ops(c *Change) {
	n := int(d.uvarint("op count", MaxChangeOps))
	if d.err == nil && n == 0 {
		d.fail("a change without ops")
	}
	seq := uint64(c.Seq)
	for range n {
		o := d.op()
		if d.err != nil {
			return
		}
		if seq += uint64(o.Seqs()); seq > math.MaxUint32 {
			d.fail("seq runs over 32 bits")
		}
		c.Ops = append(c.Ops, o)
	}
}

func (d *decoder) op() (o Op) {
	first := d.byte("op kind")
	o.Kind = OpKind(first & kindMask)
	flags := first &^ kindMask
	switch {
	case d.err != nil:
	case o.Kind == Insert && flags&^flagChained == 0:
		o.Chained = flags&flagChained != 0
		d.insert(&o)
	case (o.Kind == Delete || o.Kind == Restore) && flags == 0:
		d.target(&o)
	default:
		d.at--
		d.fail("op kind %#x is unknown", first)
	}
	return o
}

func (d *decoder) insert(o *Op) {
	if o.Origin.Replica = d.replica("origin"); !o.Origin.IsRoot() {
		o.Origin.Seq = d.uint32("origin seq")
	}
	if o.Chained {
		o.Chain = d.uint32("chain seq")
	}
	text := d.bytes(int(d.uvarint("text length", MaxChangeBytes)), "text")
	switch {
	case d.err != nil:
	case len(text) == 0:
		d.fail("an insert of nothing")
	case !utf8.Valid(text):
		d.fail("text is not valid UTF-8")
	}
	o.Text = string(text)
}

func (d *decoder) target(o *Op) {
	o.Target = Span{Replica: d.replica("target"), Seq: d.uint32("target seq"), Len: d.uint32("target length")}
	switch t := o.Target; {
	case d.err != nil:
	case t.Replica.IsZero():
		d.fail("the root cannot be a target")
	case t.Len == 0 || uint64(t.Seq)+uint64(t.Len) > math.MaxUint32:
		d.fail("target of %d ids from %d", t.Len, t.Seq)
	case o.Kind == Restore && t.Len != 1:
		d.fail("a restore of %d ops, want 1", t.Len)
	}
}
