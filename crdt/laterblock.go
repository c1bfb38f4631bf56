package crdt

import (
	"encoding/binary"

	"github.com/klauspost/compress/zstd"
)

// A later block is the changes that have come since other blocks were written, packed as they are: to be
// kept behind those, some hundred or thousand changes at a time. It stands on what is in front of it, and
// takes more bytes for a change than a history block; to compact a row of blocks is to load them and
// to write a [Doc.HistoryBlock] of the whole.
const (
	laterMagic   = "inkl"
	laterVersion = 1
)

// changeCost is about how many bytes of memory a change of a later block takes beside its body.
const changeCost = 256

// laterChain is what a later block says of a replica.
type laterChain struct {
	id         ReplicaID
	next       uint32 // Seq of its next change; writing, of the first
	head       Hash   // of its last change
	signatures []signature
}

// LaterBlock returns the changes that are not in v, for [Doc.LoadLater]. v is what [Doc.Version] was when the
// blocks in front were written. All local edits must have been flushed and sealed, else it panics. The error is [ErrNoBlock], or says that
// the changes are longer than [MaxBlockText]. O(changes that are not in v, and arrivals).
func (d *Doc) LaterBlock(v VersionVector) ([]byte, error) {
	if d.holds() {
		panic("crdt: a block of a document with edits that are not flushed and sealed")
	}
	w := laterWriter{d: d, numbers: map[ReplicaID]int{}}
	if len(d.families) > 0 {
		return nil, ErrNoBlock
	}
	for i := range d.arrivals {
		r, a := d.replicas[d.arrivals[i].by], &d.arrivals[i]
		end := d.arrivalEnd(i)
		known := v[r.id]
		if known >= a.seq+(end-a.lv) {
			continue
		}
		lv := a.lv
		if known > a.seq {
			lv, _ = d.changes.change(lv + (known - a.seq))
		}
		for lv < end {
			c := d.changeAt(r, lv)
			w.change(c)
			lv += c.Next - c.Seq
		}
	}
	return w.block()
}

type laterWriter struct {
	d       *Doc
	chains  []laterChain
	numbers map[ReplicaID]int // of the chains
	groups  []laterGroup
	lengths []byte // of each body
	bodies  []byte
	count   int
}

// laterGroup is changes of one chain that follow each other.
type laterGroup struct{ chain, count int }

func (w *laterWriter) change(c *Change) {
	chain, known := w.numbers[c.Replica]
	if !known {
		chain = len(w.chains)
		w.numbers[c.Replica] = chain
		w.chains = append(w.chains, laterChain{id: c.Replica, next: c.Seq, head: w.d.byID[c.Replica].head})
	}
	if c.Signature != nil {
		k := &w.chains[chain]
		k.signatures = append(k.signatures, signature{c.Next, c.Signature})
	}
	if n := len(w.groups); n == 0 || w.groups[n-1].chain != chain {
		w.groups = append(w.groups, laterGroup{chain: chain})
	}
	w.groups[len(w.groups)-1].count++
	w.lengths = appendNumber(w.lengths, len(c.Body))
	w.bodies = append(w.bodies, c.Body...)
	w.count++
}

func (w *laterWriter) block() ([]byte, error) {
	b := append([]byte(laterMagic), laterVersion)
	b = appendNumber(b, len(w.chains))
	for _, k := range w.chains {
		b = append(b, k.id[:]...)
		b = binary.AppendUvarint(b, uint64(k.next))
		b = append(b, k.head[:]...)
		b = appendNumber(b, len(k.signatures))
		for _, s := range k.signatures {
			b = appendSignature(b, s)
		}
	}
	var all []byte
	for _, g := range w.groups {
		all = appendNumber(appendNumber(all, g.chain), g.count)
	}
	all = append(append(all, w.lengths...), w.bodies...)
	if len(all) > MaxBlockText {
		return nil, errBlockSize
	}
	b = appendNumber(appendNumber(b, w.count), len(all))
	packed := compress(all, zstd.SpeedBetterCompression)
	b = append(appendNumber(b, len(packed)), packed...)
	return appendEnd(b, w.count*changeCost+2*len(all)), nil
}

// LoadLater brings in the changes of a block that [Doc.LaterBlock] wrote, as [Doc.Load] does one by one: d must have
// those in front of them, and known ones do nothing. Bytes that are no such block give a [*FormatError], and nothing was
// done; the other errors are Load's, and the document is of no more use. Memory is at most 64 MB and 4 KB per byte of the block.
func (d *Doc) LoadLater(block []byte) error {
	r := laterReader{reader: reader{b: block}}
	r.frame()
	if r.err == nil {
		r.changes()
	}
	if r.err != nil {
		return r.err
	}
	for _, c := range r.list {
		if _, err := d.Load(c); err != nil {
			return err
		}
	}
	return nil
}

type laterReader struct {
	reader
	chains []laterChain
	count  int    // of changes
	size   int    // of plain
	plain  reader // groups, lengths and bodies
	list   []*Change
}

// frame reads all that is not packed, and unpacks the rest.
func (r *laterReader) frame() {
	r.head()
	packed := r.column()
	if r.end(r.count*changeCost + 2*r.size); r.err != nil {
		return
	}
	plain, err := decompress(packed, r.size)
	if err != nil {
		r.fail("changes: %v", err)
	}
	r.plain.b = plain
}

func (r *laterReader) head() {
	r.begin(laterMagic, laterVersion)
	for range r.records("replicas", len(ReplicaID{})+len(Hash{})) {
		k := laterChain{id: r.replica("replica"), next: r.number32("seq", 0)}
		copy(k.head[:], r.bytes(len(k.head), "head"))
		for range r.records("signatures", signatureSize) {
			k.signatures = append(k.signatures, r.signature())
		}
		r.chains = append(r.chains, k)
	}
	r.count = int(r.number("changes", MaxBlockText))
	r.size = int(r.number("size", MaxBlockText))
}

// changes takes the changes out of what was packed.
func (r *laterReader) changes() {
	p := &r.plain
	owners := make([]*laterChain, 0, r.count)
	for len(owners) < r.count && p.err == nil {
		chain, n := p.number("chain", uint64(r.count)), p.number("changes", uint64(r.count-len(owners)))
		if chain >= uint64(len(r.chains)) || n == 0 {
			p.fail("%d changes of chain %d of %d", n, chain, len(r.chains))
			break
		}
		for range n {
			owners = append(owners, &r.chains[chain])
		}
	}
	lengths := make([]int, r.count)
	for i := range lengths {
		lengths[i] = int(p.number("body length", MaxChangeBytes))
	}
	last := map[*laterChain]*Change{}
	for i := range owners {
		c := r.change(owners[i], p.bytes(lengths[i], "body"))
		if r.err != nil || p.err != nil {
			break
		}
		last[owners[i]] = c
		r.list = append(r.list, c)
	}
	if p.at != len(p.b) {
		p.fail("bytes behind the changes")
	}
	if r.err == nil {
		r.err = p.err
	}
	r.finish(last)
}

// change returns the next change of k.
func (r *laterReader) change(k *laterChain, body []byte) *Change {
	c, err := NewChange(k.id, k.next, body, Hash{}, nil)
	if err != nil {
		r.fail("a change of replica %s: %v", k.id, err)
		return nil
	}
	k.next = c.Next
	if n := len(k.signatures); n > 0 && k.signatures[0].next == c.Next {
		c.Signature, k.signatures = k.signatures[0].bytes, k.signatures[1:]
	}
	return c
}

// finish gives the last changes their hashes. Each chain must have one, and its signatures must be used up.
func (r *laterReader) finish(last map[*laterChain]*Change) {
	for i := range r.chains {
		k := &r.chains[i]
		c := last[k]
		if c == nil || len(k.signatures) > 0 {
			r.fail("replica %s has no changes, or signatures elsewhere than at the ends of changes", k.id)
			return
		}
		c.Hash = k.head
	}
}
