package crdt

import "encoding/binary"

// keystroke returns the body of the open change if that is all there is to flush and
// consists, as mostly, of one op that goes on where the last change ended or deletes one own
// element: the bytes that appendBody makes, but without its searches. Else it returns nil.
func (d *Doc) keystroke() []byte {
	f, own := &d.draft, d.own
	if f.from == none || d.next-f.from != own.next-f.first || f.minutes != own.minutes ||
		d.arrivals[len(d.arrivals)-1].lv >= f.from || own.declares(f.first) {
		return nil
	}
	switch k := &d.runs[len(d.runs)-1]; {
	case k.kind == runInsert && k.lv < f.from:
		return d.bodies.keep(Insert, d.next-f.from, d.text[f.text:])
	case f.from+1 == d.next && (k.kind == runDelete || k.kind == runBack) && k.aux == 1:
		first, _, _ := d.target(f.from)
		if r, seq := d.op(first); r == own {
			var p [1 + binary.MaxVarintLen32]byte
			return d.bodies.keep(Delete, 1, appendReference(p[:0], reference{refOwn, f.first - seq}))
		}
	}
	return nil
}

// declares says whether r's last change, which begins at seq, has causes.
func (r *replica) declares(seq uint32) bool {
	return len(r.causes) > 0 && r.causes[len(r.causes)-1].seq == seq
}

// bodies is where the bodies of keystrokes get their memory: many small allocations take
// longer than one large one.
type bodies []byte

// bodiesSize bounds the memory in bytes that one body in use keeps from being freed.
const bodiesSize = 1024

// keep returns a body with one op.
func (b *bodies) keep(kind OpKind, seqs uint32, payload []byte) []byte {
	if need := opSize + len(payload); cap(*b)-len(*b) < need {
		*b = make([]byte, 0, max(need, bodiesSize))
	}
	start := len(*b)
	*b = appendOp(append(*b, bodyVersion), kind, 0, seqs, payload)
	return (*b)[start:len(*b):len(*b)]
}
