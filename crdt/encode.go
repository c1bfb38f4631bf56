package crdt

import (
	"encoding/binary"
	"slices"
)

// appendBody appends the body of the change of r that begins at lv and has n Seqs.
func (h *history) appendBody(b []byte, r *replica, lv, n uint32) []byte {
	seq := h.seqOf(lv)
	minutes := h.changes.minutes(lv)
	if seq > 0 {
		minutes -= h.changes.minutes(r.lv(seq - 1))
	}
	return h.appendOps(h.appendHead(b, r, seq, minutes), r, lv, n, seq)
}

func (h *history) seqOf(lv uint32) uint32 {
	a := &h.arrivals[h.arrival(lv)]
	return a.seq + (lv - a.lv)
}

// appendHead appends what stands in front of the ops in the change that begins at
// seq and was made so many minutes after the one before.
func (h *history) appendHead(b []byte, r *replica, seq uint32, minutes int64) []byte {
	causes := r.causesOf(seq)
	head := byte(bodyVersion)
	if minutes != 0 {
		head |= headMinutes
	}
	if len(causes) > 0 {
		head |= headCauses
	}
	if seq == 0 {
		head |= headOpening
		if r.grant != none {
			head |= headGrant
		}
	}
	if b = append(b, head); head == bodyVersion {
		return b
	}
	if seq == 0 {
		b = append(append(b, r.author.Device[:]...), r.author.Nonce[:]...)
	}
	if minutes != 0 {
		b = binary.AppendUvarint(b, uint64(minutes<<1)^uint64(minutes>>63))
	}
	if len(causes) > 0 {
		b = r.appendCauses(b, causes)
	}
	if head&headGrant != 0 {
		g := h.foreign(r, 0, r.grant)
		b = appendNumber(b, int(g.place-refTable))
		b = appendNumber(b, int(g.back))
	}
	return b
}

func (r *replica) appendCauses(b []byte, causes []cause) []byte {
	b = appendNumber(b, len(causes))
	for _, c := range causes {
		m := &r.table[c.place]
		before := uint32(0)
		if fresh := m.declared[0].seq == c.seq; fresh {
			b = append(append(b, 0), m.of.family[:]...)
		} else {
			b = appendNumber(b, int(c.place)+1)
			before = m.at(c.seq - 1)
		}
		b = appendNumber(b, int(c.next-before))
	}
	return b
}

// appendOps appends the ops of the n Seqs from lv on, which are those of r's change
// that begins at seq.
func (h *history) appendOps(b []byte, r *replica, lv, n, seq uint32) []byte {
	w := bodyWriter{h: h, r: r, b: b, change: seq, seq: seq}
	end := lv + n
	for i := h.run(lv); lv < end; i++ {
		stop := min(end, h.end(i))
		switch k := &h.runs[i]; k.kind {
		case runInsert:
			for i+1 < len(h.runs) && stop < end && h.goesOn(i+1) {
				i++
				stop = min(end, h.end(i))
			}
			w.insert(k, lv, stop)
		case runOther:
			w.b = append(w.b, h.other[lv]...)
		case runRestore:
			_, target := h.op(k.ref)
			w.op(Restore, 0, 1, binary.AppendUvarint(w.payload[:0], uint64(w.seq-target)))
		default:
			for ; lv < stop; lv++ {
				w.delete(lv)
				w.seq++
			}
			w.seq -= stop - lv
			continue
		}
		w.seq += stop - lv
		lv = stop
	}
	return w.b
}

// goesOn says whether run i continues the text of the run before it, from which
// only its length has parted it.
func (h *history) goesOn(i int) bool {
	r := &h.runs[i]
	return r.kind == runInsert && r.aux == none && r.ref == r.lv-1 && h.runs[i-1].kind == runInsert
}

// bodyWriter writes the ops of one change.
type bodyWriter struct {
	h       *history
	r       *replica
	b       []byte
	change  uint32 // Seq at which the change begins
	seq     uint32 // of the next op
	payload [48]byte
}

func (w *bodyWriter) op(kind OpKind, flags byte, seqs uint32, payload []byte) {
	w.b = appendOp(w.b, kind, flags, seqs, payload)
}

// insert writes the Insert of the elements from lv up to end, which run k begins with
// or goes on with.
func (w *bodyWriter) insert(k *run, lv, end uint32) {
	origin, named := lv-1, uint32(none)
	if lv == k.lv {
		origin, named = k.ref, k.aux
	}
	var flags byte
	p := w.payload[:0]
	if f := w.reference(origin); f != (reference{refOwn, 1}) {
		flags |= flagOrigin
		p = appendReference(p, f)
	}
	if named != none {
		flags |= flagChain
		p = binary.AppendUvarint(p, uint64(w.seq-w.h.seqOf(named)))
	}
	w.h.contents(lv, end-lv, func(text []byte) { p = append(p, text...) })
	w.op(Insert, flags, end-lv, p)
}

func (w *bodyWriter) delete(lv uint32) {
	first, n, _ := w.h.target(lv)
	f := w.reference(first)
	if n > 1 && len(w.h.families) > 0 { // the last one says by way of which tail
		r, seq, n := w.h.targets(lv)
		f = w.reference(r.lv(seq + n - 1))
		f.back += n - 1
	}
	p := appendReference(w.payload[:0], f)
	var flags byte
	if n > 1 {
		flags = flagCount
		p = binary.AppendUvarint(p, uint64(n))
	}
	w.op(Delete, flags, 1, p)
}

// reference returns what the op being written calls lv, none being the root.
func (w *bodyWriter) reference(lv uint32) reference {
	if lv == none {
		return reference{place: refRoot}
	}
	by, seq := w.h.op(lv)
	if w.r.holds(by, seq) {
		return reference{refOwn, w.seq - seq}
	}
	return w.h.foreign(w.r, w.change, lv)
}

// foreign returns what the change of r that begins at seq calls lv, which is another chain's:
// where a family is at several places of the table, the first that has it counts.
func (h *history) foreign(r *replica, seq, lv uint32) reference {
	by, at := h.op(lv)
	place, ok := r.placeOf(by)
	if !ok || h.forked(by) {
		place = r.placeWith(by, at, seq)
	}
	return reference{refTable + uint32(place), r.table[place].at(seq) - at}
}

// placeWith returns the first place of r's table that has, in the change that begins at
// seq, the Seq at of a replica.
func (r *replica) placeWith(by *replica, at, seq uint32) int {
	return slices.IndexFunc(r.table, func(m mention) bool {
		next := m.at(seq)
		return m.of.family == by.family && next > at && m.of.before(next).holds(by, at)
	})
}
