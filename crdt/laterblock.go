package crdt

import (
	"encoding/binary"
	"slices"

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
	r          *replica // writing
	id         ReplicaID
	next       uint32 // Seq of its next change; writing, of the first
	head       Hash   // of its last change
	signatures []signature
}

// LaterBlock returns the changes behind have, for [Doc.LoadLater]. have is what [Doc.Heads] was when the
// blocks in front were written. All local edits must have been flushed and sealed, else it panics. The error says that
// the changes are longer than [MaxBlockText]. O(changes that are not in front of have, and arrivals).
func (d *Doc) LaterBlock(have []Head) ([]byte, error) {
	d.mustSeal()
	w := laterWriter{d: d, numbers: map[*replica]int{}}
	reach := d.reach(d.behind(have))
	for i := range d.arrivals {
		r, a := d.replicas[d.arrivals[i].by], &d.arrivals[i]
		end := d.arrivalEnd(i)
		known := reach[r.place]
		if known >= a.seq+(end-a.lv) {
			continue
		}
		lv := a.lv
		if known > a.seq {
			lv, _ = d.changes.change(lv + (known - a.seq))
		}
		for lv < end {
			c := d.changeAt(r, lv)
			w.change(r, c)
			lv += c.Next - c.Seq
		}
	}
	return w.block()
}

// mustSeal panics when there are local edits that have no hash yet.
func (d *Doc) mustSeal() {
	if d.holds() {
		panic("crdt: a block of a document with edits that are not flushed and sealed")
	}
}

// behind returns the version that d had when its heads were these.
func (d *Doc) behind(have []Head) VersionVector {
	if len(d.families) > 0 {
		return d.Known(have)
	}
	v := VersionVector{}
	for _, h := range have {
		v[h.Replica] = h.Next
	}
	return v
}

type laterWriter struct {
	d       *Doc
	chains  []laterChain
	numbers map[*replica]int // of the chains
	groups  []laterGroup
	lengths []byte // of each body
	bodies  []byte
	stamped []moment // ends of the changes that need a stamp
	gaps    []byte   // how many changes before each of them have none
	bare    int      // changes since the last one with a stamp
	count   int
}

// laterGroup is changes of one chain that follow each other.
type laterGroup struct{ chain, count int }

func (w *laterWriter) change(r *replica, c *Change) {
	chain, known := w.numbers[r]
	if !known {
		chain = len(w.chains)
		w.numbers[r] = chain
		w.chains = append(w.chains, laterChain{r: r, id: r.family, next: c.Seq, head: r.head})
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
	if !w.ambiguous(r, c) {
		w.bare++
		return
	}
	w.gaps, w.bare = appendNumber(w.gaps, w.bare), 0
	w.stamped = append(w.stamped, moment{r, c.Next})
}

// ambiguous says whether it takes a stamp to tell what c of r goes on from or names as its causes.
func (w *laterWriter) ambiguous(r *replica, c *Change) bool {
	return w.d.forked(r) || slices.ContainsFunc(r.causesOf(c.Seq), func(k cause) bool { return w.d.forked(r.table[k.place].of) })
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
	all = append(append(all, w.gaps...), w.stamps()...)
	if len(all) > MaxBlockText {
		return nil, errBlockSize
	}
	b = appendNumber(appendNumber(appendNumber(b, w.count), len(w.stamped)), len(all))
	packed := compress(all, zstd.SpeedBetterCompression)
	b = append(appendNumber(b, len(packed)), packed...)
	return appendEnd(b, w.count*changeCost+2*len(all)), nil
}

// stamps returns the stamps that are needed.
func (w *laterWriter) stamps() (b []byte) {
	if len(w.stamped) == 0 {
		return nil
	}
	hashes := map[moment]Hash{}
	for _, m := range w.stamped {
		hashes[m] = Hash{}
	}
	w.d.rehash(hashes)
	for _, m := range w.stamped {
		hash := hashes[m]
		b = append(b, hash[:len(Stamp{})]...)
	}
	return b
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
	load := d.Load
	if r.stamps > 0 || len(d.families) > 0 {
		load = d.loadHashed
	}
	for _, c := range r.list {
		if _, err := load(c); err != nil {
			return err
		}
	}
	return nil
}

type laterReader struct {
	reader
	chains []laterChain
	count  int    // of changes
	stamps int    // how many of them have one
	size   int    // of plain
	plain  reader // groups, lengths, bodies, gaps and stamps
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
	r.stamps = int(r.number("stamps", uint64(r.count)))
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
	r.readStamps()
	if p.at != len(p.b) {
		p.fail("bytes behind the changes")
	}
	if r.err == nil {
		r.err = p.err
	}
	r.finish(last)
}

// readStamps gives some of the changes their stamps.
func (r *laterReader) readStamps() {
	p, i := &r.plain, -1
	var which []*Change
	for range r.stamps {
		gap := p.number("changes without a stamp", uint64(len(r.list)))
		if i += 1 + int(gap); p.err != nil || i >= len(r.list) {
			p.fail("more stamps than changes")
			return
		}
		which = append(which, r.list[i])
	}
	for _, c := range which {
		copy(c.Stamp[:], p.bytes(len(c.Stamp), "stamp"))
	}
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
