package crdt

import (
	"crypto/sha256"
	"time"
	"unicode/utf8"
)

// Limits of one change. Larger edits become several changes.
const (
	MaxChangeOps   = 10_000  // ops
	MaxChangeBytes = 1 << 20 // bytes of the encoded change
	MaxCauses      = 4_096   // foreign replicas that one change names as causes
)

// OpKind says what an op does. The numbers are part of the format.
type OpKind uint8

const (
	// Insert puts Text after Origin.
	Insert OpKind = 1
	// Delete makes the elements of Target tombstones.
	Delete OpKind = 2
	// Restore cancels a Delete: Target names it (Len 1).
	Restore OpKind = 3
)

// Op is one edit. Which fields count depends on Kind.
type Op struct {
	Kind OpKind

	// Insert: the elements are inserted one after the other behind Origin, which
	// is the root for the document's start.
	Origin ID
	Text   string

	// Insert: when Chained, the first element joins the prepend chain of the
	// element {own replica, Chain}; see order.go.
	Chained bool
	Chain   uint32

	// Delete: the elements deleted, of one replica. Restore: the cancelled Delete.
	Target Span
}

// Seqs returns how many Seqs the op takes: one per inserted code point, one for
// any other op.
func (o Op) Seqs() uint32 {
	if o.Kind == Insert {
		return uint32(utf8.RuneCountInString(o.Text))
	}
	return 1
}

// Change is what is stored, hashed and sent: consecutive ops of one replica, with
// the causes they were made in knowledge of. Its bytes (FORMAT.md) are the same
// in the database, on the wire and under the hash. A change is never altered
// once it exists.
type Change struct {
	Replica ReplicaID
	Seq     uint32 // of the first op
	// Causes names, for each other replica from which the author had seen
	// something new since its own previous change, the last ID seen. Ascending
	// by replica.
	Causes []ID
	// Minutes is the wall time of the change in minutes since the Unix epoch.
	// It is shown to people and decides nothing.
	Minutes int64
	Ops     []Op
}

// Next returns the Seq behind the last op of c.
func (c *Change) Next() uint32 {
	next := c.Seq
	for _, o := range c.Ops {
		next += o.Seqs()
	}
	return next
}

// Time returns the wall time of c, to the minute.
func (c *Change) Time() time.Time { return time.Unix(c.Minutes*60, 0) }

// Hash returns the SHA-256 of c's bytes.
func (c *Change) Hash() [32]byte { return sha256.Sum256(c.Bytes()) }
