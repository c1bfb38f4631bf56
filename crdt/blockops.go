package crdt

import (
	"math"

	"inkling/crdt/internal/spantree"
)

// stroke is what one replica did without moving: ops with consecutive Seqs, though not
// always with consecutive local versions, because others may have written meanwhile.
type stroke struct {
	kind  strokeKind
	seqs  uint32 // that it takes
	ref   uint32 // Insert: the origin; Delete: the first target; Restore: the Delete
	count uint32 // strokeRange: how many elements the one Delete hides
	named uint32 // Insert: the element that it names for its chain, or none
	raw   []byte // strokeOther
}

type strokeKind uint8

const (
	strokeInsert    strokeKind = iota
	strokeForth                // Deletes of one element each, forward
	strokeBack                 // Deletes of one element each, backward
	strokeRange                // one Delete of several elements, from the cursor on
	strokeRangeBack            // one Delete of several elements, up to the cursor
	strokeRestore
	strokeOther
	strokeKinds
	strokeKindBits = 3
)

// hand is a replica as the column of ops follows it: what it is doing, and where its last op has
// left it.
type hand struct {
	r       *replica
	seq     uint32   // of its next op
	strokes []stroke // writing: those to come
	now     stroke
	left    uint32 // Seqs of now that are to come
	last    uint32 // the element that it touched last; none at first
	units   units
	habits
}

// opColumn is the column of strokes: what was done, where, as a distance from where
// the replica was. Both directions call step for each stretch of local versions of one replica. The
// document that they have so far, with every insert directly behind its origin, needs no keys: so it is quick,
// and known to a reader that has nothing but what it has read.
type opColumn struct {
	*column
	d      *Doc         // reading: the one being made; writing: one with d.history complete and an own tree
	hands  []*hand      // by place of the replica
	other  bodyReader   // the column beside this one: of ops that do nothing to the text
	owner  *hand        // whose cursor is known
	cursor int          // of owner: how many visible elements are in front of it
	gap    spantree.Pos // where the stroke that just began is to be done
	left   uint32       // strokes that have not come yet
	linear bool         // nothing has been put elsewhere than the document would have it
	models *strokeModels
}

func newOpColumn(c *column, d *Doc, changes *changeColumn) *opColumn {
	o := &opColumn{column: c, d: d, linear: true, models: newStrokeModels()}
	for _, r := range d.replicas {
		h := &hand{r: r, last: none}
		if k := changes.chains[r]; k != nil {
			h.units.marks = k.units
		}
		o.hands = append(o.hands, h)
	}
	return o
}

// arrivalOrder orders elements for a tree that needs no order: it puts nothing, only remembers.
type arrivalOrder struct{}

func (arrivalOrder) Newlines(first, n uint32) int { return 0 }

func (arrivalOrder) Less(a, b uint32) bool { return a < b }

func (w *blockWriter) writeOps() []byte {
	d := w.d
	replayed := &Doc{history: d.history, tree: spantree.New(arrivalOrder{})}
	replayed.cancelled = map[uint32]struct{}{}
	o := newOpColumn(writeColumn(), replayed, w.changes)
	d.findStrokes(o.hands)
	for _, h := range o.hands {
		w.head.strokes += uint32(len(h.strokes))
	}
	o.all()
	w.columns[columnOther] = o.other.b
	return o.e.Finish()
}

func (r *blockReader) readOps() {
	d := r.d
	d.tree = spantree.New(arrivalOrder{})
	o := newOpColumn(readColumn(r.columns[columnOps]), d, r.changes)
	o.other = bodyReader{reader: reader{b: r.columns[columnOther]}}
	o.left = r.head.strokes
	o.all()
	if o.err == nil && (o.left > 0 || o.other.at != len(o.other.b)) {
		o.fail("the ops do not add up to the block's head")
	}
	r.linear = r.linear && o.linear
	r.take(o.end())
}

// all codes all strokes, in order of arrival.
func (o *opColumn) all() {
	for i := range o.d.arrivals {
		a := &o.d.arrivals[i]
		end := o.d.arrivalEnd(i)
		h := o.hands[a.by]
		for lv := a.lv; lv < end && o.err == nil; {
			if h.left == 0 {
				if o.stroke(h, lv); o.check() != nil {
					return
				}
			}
			n := min(h.left, end-lv)
			o.step(h, lv, n)
			lv += n
		}
	}
}

// stroke codes the next stroke of h, which begins at lv.
func (o *opColumn) stroke(h *hand, lv uint32) {
	at := o.at(h)
	var to address
	if o.reads() {
		if h.now = (stroke{named: none}); o.left == 0 {
			o.fail("more strokes than the block's head says")
			return
		}
		o.left--
	} else {
		h.now, h.strokes = h.strokes[0], h.strokes[1:]
		to = o.address(&h.now)
	}
	s := &h.now
	h.unit = h.units.class(uint64(h.seq))
	s.turn(to, at, h.unit)
	s.kind = strokeKind(o.symbol(o.models.kind(&h.habits), int(s.kind)))
	switch s.kind {
	case strokeInsert:
		o.insert(h, lv, to, at)
	case strokeForth, strokeBack, strokeRange, strokeRangeBack:
		o.delete(h, to, at)
	case strokeRestore:
		o.restore(h)
	case strokeOther:
		o.others(h)
	default:
		o.fail("stroke kind %d is unknown", s.kind)
	}
	h.left = s.seqs
}

// insert codes an Insert: where, how many elements, and which one it names.
func (o *opColumn) insert(h *hand, lv uint32, to address, at int) {
	s, t := &h.now, o.d.tree
	to.visible = at + o.distance(h, to.visible-at)
	o.seqs(h)
	to.dead = o.number(&o.models.dead, to.dead)
	p, ok := t.ByAddress(to.visible, int(to.dead))
	if !ok {
		o.fail("an Insert outside the text")
		return
	}
	if o.gap = p; o.reads() {
		s.ref = none
		if left, _, ok := t.Left(p); ok {
			s.ref = left
		}
	}
	o.named(h, p, lv)
	h.learn(s.kind, s.seqs)
	o.owner, o.cursor = h, to.visible
}

// seqs codes how many Seqs a stroke takes: unit by unit, whether it ends where that does,
// goes on behind, or ends before.
func (o *opColumn) seqs(h *hand) {
	s := &h.now
	from, goes := uint64(h.seq), uint64(h.seq)+uint64(s.seqs)
	for i := 0; ; i = 1 {
		end, limited := h.units.end(from)
		if !limited {
			break
		}
		m := &o.models.ends[s.kind][h.units.class(from)][i]
		if o.bit(&m.whole, goes == end) {
			goes = end
			s.seqs = uint32(goes - uint64(h.seq))
			return
		}
		if !o.bit(&m.beyond, goes > end) {
			break
		}
		from = end
	}
	h.unit = h.units.class(from)
	n := 1 + uint64(o.number(o.models.length(&h.habits, s.kind), uint32(goes-from-1)))
	if n += from - uint64(h.seq); n > math.MaxUint32 {
		o.fail("a stroke of more seqs than there are")
		n = 1
	}
	s.seqs = uint32(n)
}

// named codes the element that an Insert at p names: mostly its neighbour, when that was
// inserted at the same place by the same replica.
func (o *opColumn) named(h *hand, p spantree.Pos, lv uint32) {
	s, d := &h.now, o.d
	likely := uint32(none)
	right, ok := d.tree.At(p)
	if ok && (s.ref == none || s.ref+1 != lv) && d.origin(right.First) == s.ref {
		if r, _ := d.op(right.First); r == h.r {
			likely = right.First
		}
	}
	if o.bit(&o.models.likely, s.named == likely) {
		s.named = likely
		return
	}
	back := uint32(0)
	if !o.reads() && s.named != none {
		back = h.seq - d.seqOf(s.named)
	}
	if back = o.number(&o.models.named, back); back > h.seq {
		o.fail("an Insert names what is before seq 0")
	} else if s.named = none; back > 0 {
		s.named = h.r.lv(h.seq - back)
		o.linear = o.linear && d.joined(lv, s.ref, s.named) == lv
	}
}

// delete codes Deletes: where and of how many elements. Those that go backward say where they
// began: behind their first target, or behind the last element of their range.
func (o *opColumn) delete(h *hand, to address, at int) {
	s := &h.now
	from := at + o.distance(h, to.visible+s.behind()-at)
	to.dead = o.number(&o.models.dead, to.dead)
	switch s.kind {
	case strokeRange:
		s.seqs = 1
		to.visible = from
		o.count(h, o.element(to))
	case strokeRangeBack:
		s.seqs = 1
		s.count = 2 + o.number(o.models.length(&h.habits, s.kind), s.count-2)
		to.visible = from - int(s.count)
		s.ref = o.element(to).First
	default:
		s.count = 1
		o.seqs(h)
		to.visible = from - s.behind()
		s.ref = o.element(to).First
	}
	h.learn(s.kind, max(s.seqs, s.count))
	o.owner = nil
}

// restore codes which Delete a Restore cancels.
func (o *opColumn) restore(h *hand) {
	s := &h.now
	back := uint32(0)
	if !o.reads() {
		back = h.seq - o.d.seqOf(s.ref)
	}
	back = o.number(&o.models.restored, back)
	if s.seqs = 1; back == 0 || back > h.seq {
		o.fail("a Restore of what is not there")
		return
	}
	s.ref = h.r.lv(h.seq - back)
	h.learn(s.kind, 1)
	o.owner = nil
}

// others takes an op that does nothing to the text from the column beside this one.
func (o *opColumn) others(h *hand) {
	s, b := &h.now, &o.other
	if o.reads() {
		start := b.at
		b.seq, b.ops, b.typed = h.seq, 0, false
		s.seqs = b.op().seqs
		if s.raw = b.b[start:b.at]; b.err != nil {
			o.fail("an op that does nothing: %v", b.err)
		}
	} else {
		b.b = append(b.b, s.raw...)
	}
	h.learn(s.kind, 1)
}
