package crdt

import (
	"encoding/binary"
	"slices"
)

// blockHead is what a block says in plain numbers.
type blockHead struct {
	replicas []*replica // by first arrival
	seqs     uint32     // local versions
	groups   uint32     // of changes
	causes   uint32
	strokes  uint32
	live     uint32 // bytes of visible text
	dead     uint32 // bytes of deleted text
	widths   uint32 // stretches of deleted elements of one width
	grants   []blockGrant
}

// blockGrant says that to is a member by the op seq of by, which is still to be read.
type blockGrant struct {
	to, by *replica
	seq    uint32
}

// findGrants tells the replicas their Grants, now that all ops have local versions.
func (h *blockHead) findGrants() error {
	for _, g := range h.grants {
		if g.seq >= g.by.next {
			return formatErrorf(0, "the Grant of replica %s is not there", g.to.id)
		}
		g.to.grant = g.by.lv(g.seq)
	}
	return nil
}

// cost returns about how many bytes of memory a block with this head expands to.
func (h *blockHead) cost() int {
	records := len(h.replicas) + int(h.groups) + int(h.causes) + int(h.strokes) + int(h.widths)
	return recordCost*records + 2*(int(h.live)+int(h.dead))
}

// counts are the numbers of a head in the order of the block.
func (h *blockHead) counts() []*uint32 {
	return []*uint32{&h.seqs, &h.groups, &h.causes, &h.strokes, &h.live, &h.dead, &h.widths}
}

// inOrderOfArrival returns the replicas that have written, the first to arrive first.
func (h *history) inOrderOfArrival() (list []*replica) {
	for i := range h.arrivals {
		if a := &h.arrivals[i]; a.seq == 0 {
			list = append(list, h.replicas[a.by])
		}
	}
	return list
}

// append appends the head: genesis, devices, replicas, counts.
func (h *blockHead) append(b []byte, d *Doc) []byte {
	b = h.appendChains(b, d)
	for _, n := range h.counts() {
		b = appendNumber(b, int(*n))
	}
	return b
}

// appendChains appends what is known of the chains beside their changes.
func (h *blockHead) appendChains(b []byte, d *Doc) []byte {
	b = append(b, d.genesis.Bytes()...)
	devices := h.devices()
	b = appendNumber(b, len(devices))
	for _, device := range devices {
		b = append(b, device[:]...)
	}
	b = appendNumber(b, len(h.replicas))
	for _, r := range h.replicas {
		b = appendNumber(b, slices.Index(devices, r.author.Device))
		b = append(b, r.author.Nonce[:]...)
	}
	for _, r := range h.replicas {
		b = h.appendReplica(b, r, d)
	}
	return b
}

// devices returns the devices of all replicas, each once.
func (h *blockHead) devices() (list []DeviceKey) {
	for _, r := range h.replicas {
		if !slices.Contains(list, r.author.Device) {
			list = append(list, r.author.Device)
		}
	}
	return list
}

// appendReplica appends what vouches for a replica: Grant, head, signatures.
func (h *blockHead) appendReplica(b []byte, r *replica, d *Doc) []byte {
	if r.grant == none {
		b = append(b, 0)
	} else {
		by, seq := d.op(r.grant)
		b = appendNumber(b, 1+slices.Index(h.replicas, by))
		b = appendNumber(b, int(seq))
	}
	b = appendNumber(b, int(r.headNext))
	b = append(b, r.head[:]...)
	b = appendNumber(b, len(r.kept))
	for _, s := range r.kept {
		b = appendSignature(b, s)
	}
	if r.signature.bytes == nil {
		return append(b, 0)
	}
	return appendSignature(append(b, 1), r.signature)
}

func appendSignature(b []byte, s signature) []byte {
	b = binary.AppendUvarint(b, uint64(s.next))
	return append(b, s.bytes...)
}

// read reads a head and returns its document with the replicas, which have written
// nothing yet.
func (h *blockHead) read(r *reader) *Doc {
	d := h.readChains(r)
	for _, n := range h.counts() {
		*n = uint32(r.number("count", none-1))
	}
	if int(h.live)+int(h.dead) > MaxBlockText {
		r.fail("%d bytes of text, at most %d are possible", int(h.live)+int(h.dead), MaxBlockText)
	}
	return d
}

func (h *blockHead) readChains(r *reader) *Doc {
	g, err := DecodeGenesis(r.bytes(GenesisSize, "genesis"))
	if r.err == nil && err != nil {
		r.fail("genesis: %v", err)
	}
	d := New(g)
	devices := make([]DeviceKey, r.records("devices", len(DeviceKey{})))
	for i := range devices {
		copy(devices[i][:], r.bytes(len(devices[i]), "device key"))
	}
	h.readReplicas(r, d, devices)
	return d
}

// records reads how many records of at least size bytes follow.
func (r *reader) records(what string, size int) int {
	n := int(r.number(what, uint64(len(r.b))))
	if n > (len(r.b)-r.at)/size {
		r.fail("%d %s in %d bytes", n, what, len(r.b)-r.at)
		return 0
	}
	return n
}

func (h *blockHead) readReplicas(r *reader, d *Doc, devices []DeviceKey) {
	n := r.records("replicas", len(Author{}.Nonce))
	for range n {
		var a Author
		i := r.number("device", uint64(len(r.b)))
		if r.err == nil && i >= uint64(len(devices)) {
			r.fail("device %d of %d", i, len(devices))
		}
		copy(a.Nonce[:], r.bytes(len(a.Nonce), "nonce"))
		if r.err != nil {
			return
		}
		a.Device = devices[i]
		k := d.intern(a.Replica(d.docID), d.docID)
		k.author = a
	}
	if h.replicas = d.replicas; len(h.replicas) != n {
		r.fail("a replica is there twice")
		return
	}
	for _, k := range h.replicas {
		h.readReplica(r, k)
	}
}

func (h *blockHead) readReplica(r *reader, k *replica) {
	if place := r.number("grant's replica", uint64(len(h.replicas))); place > 0 {
		h.grants = append(h.grants, blockGrant{k, h.replicas[place-1], r.number32("grant's seq", 0)})
	}
	k.headNext = r.number32("head's seq", 0)
	copy(k.head[:], r.bytes(len(k.head), "head"))
	for range r.records("signatures", signatureSize) {
		k.kept = append(k.kept, r.signature())
	}
	if r.number("newest signature", 1) == 1 {
		k.signature = r.signature()
	}
}

func (r *reader) signature() (s signature) {
	s.next = r.number32("signature's seq", 1)
	s.bytes = slices.Clone(r.bytes(signatureSize, "signature"))
	return s
}
