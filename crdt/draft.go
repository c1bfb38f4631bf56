package crdt

import (
	"slices"
	"time"
	"unicode/utf8"
)

// draft is the local ops since the last flush. They are in the document already;
// the changes that will carry them are in the making.
type draft struct {
	open *Change // the change that new ops join; nil when none
	// text is the text of open's last op when that is an Insert; it is put there
	// when the op ends, so that typing does not copy it with every key.
	text []byte
	size int  // upper bound of the bytes of open
	full bool // open takes no more ops: a change was applied since its first one
	// group is the undo group of open's last op. A Delete is extended only within
	// its group, because one Restore cancels the whole of it.
	group  int
	sealed []*Change
	news   map[*replica]struct{} // of which something was applied since open began
}

// Upper bounds in bytes, see FORMAT.md. An op's text counts extra.
const (
	changeOverhead = 1 + 16 + 5 + 9 + 3 + 3
	causeSize      = 16 + 5
	opOverhead     = 1 + 16 + 5 + 5 + 4
)

func newDraft() draft { return draft{news: map[*replica]struct{}{}} }

func (f *draft) holds() bool { return f.open != nil || len(f.sealed) > 0 }

// applied notes that a change of r was applied that was not made here.
func (f *draft) applied(r *replica) {
	f.full = true
	f.news[r] = struct{}{}
}

// last returns the last op of the open change if new ops may still join it, else nil.
func (f *draft) last() *Op {
	if f.open == nil || f.full {
		return nil
	}
	return &f.open.Ops[len(f.open.Ops)-1]
}

// draftInsert puts the Insert o to the draft, with as much of text as has room
// there, and returns that.
func (d *Doc) draftInsert(o Op, text string) string {
	f := &d.draft
	last := f.last()
	// Nothing of the own chain has the newest element as origin yet, so what goes
	// on from that joins no prepend chain.
	goesOn := last != nil && last.Kind == Insert && f.room() >= utf8.UTFMax &&
		o.Origin == ID{Replica: d.own.id, Seq: d.own.next - 1}
	if !goesOn {
		d.draftOp(o)
	}
	text = prefix(text, f.room())
	f.text = append(f.text, text...)
	f.size += len(text)
	return text
}

// draftOp puts o to the draft, an Insert without its text.
func (d *Doc) draftOp(o Op) {
	f := &d.draft
	if f.open != nil && (f.full || len(f.open.Ops) == MaxChangeOps || f.room() < opOverhead+utf8.UTFMax) {
		f.seal()
	}
	if f.open == nil {
		d.openChange()
	}
	f.endText()
	f.open.Ops = append(f.open.Ops, o)
	f.size += opOverhead
	f.group = d.undo.serial
}

// extendDelete makes t part of the last op, if that is a Delete of this undo
// group that t touches.
func (d *Doc) extendDelete(t stretch) bool {
	o := d.draft.last()
	if o == nil || o.Kind != Delete || d.draft.group != d.undo.serial || o.Target.Replica != t.by.id {
		return false
	}
	switch {
	case t.seq+t.n == o.Target.Seq:
		o.Target.Seq = t.seq
	case o.Target.Seq+o.Target.Len == t.seq:
	default:
		return false
	}
	o.Target.Len += t.n
	rec := d.own.record(d.own.next - 1)
	rec.ref, rec.targets = o.Target.Seq, o.Target.Len
	return true
}

// openChange begins a change whose causes are all that was applied since the
// last one. More causes than one change may name go ahead in changes of their
// own, with a void op each, because no change is without ops.
func (d *Doc) openChange() {
	f := &d.draft
	causes := d.causes()
	for len(causes) > MaxCauses {
		d.beginChange(causes[:MaxCauses])
		void := Op{Kind: Restore, Target: Span{Replica: causes[0].Replica, Seq: causes[0].Seq, Len: 1}}
		f.open.Ops = []Op{void}
		d.integrateRestore(d.own, &void, &Patch{})
		f.seal()
		causes = causes[MaxCauses:]
	}
	d.beginChange(causes)
}

func (d *Doc) beginChange(causes []ID) {
	d.draft.open = &Change{Replica: d.own.id, Seq: d.own.next, Causes: slices.Clone(causes)}
	d.draft.size = changeOverhead + causeSize*len(causes)
	d.draft.full = false
	d.declare(d.own, causes)
}

// causes returns the last ID of each replica of which d has seen more than the
// own chain has declared. It forgets the news.
func (d *Doc) causes() []ID {
	var ids []ID
	for r := range d.draft.news {
		if r != d.own && r.next > d.own.declared[r.id] {
			ids = append(ids, ID{Replica: r.id, Seq: r.next - 1})
		}
	}
	clear(d.draft.news)
	slices.SortFunc(ids, func(a, b ID) int { return a.Replica.Compare(b.Replica) })
	return ids
}

// room returns how many bytes the open change may still grow by.
func (f *draft) room() int { return MaxChangeBytes - f.size }

func (f *draft) endText() {
	if len(f.text) > 0 {
		f.open.Ops[len(f.open.Ops)-1].Text = string(f.text)
		f.text = f.text[:0]
		if cap(f.text) > 1<<16 {
			f.text = nil
		}
	}
}

func (f *draft) seal() {
	f.endText()
	f.sealed = append(f.sealed, f.open)
	f.open = nil
}

// Flush makes changes of the local ops since the last Flush, oldest first, and
// returns nil when there are none. now becomes their wall time; a time before
// 1970 counts as 1970.
func (d *Doc) Flush(now time.Time) []*Change {
	f := &d.draft
	if f.open != nil {
		f.seal()
	}
	changes := f.sealed
	f.sealed = nil
	for _, c := range changes {
		c.Minutes = max(0, now.Unix()/60)
	}
	return changes
}

// prefix returns the longest prefix of text that has at most n bytes and cuts no
// code point.
func prefix(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
