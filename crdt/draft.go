package crdt

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"time"
	"unicode/utf8"
)

// draft is the change in the making: the local ops since the last flush, or since a
// change of others was applied. They are in the document already.
type draft struct {
	first   uint32 // own Seq of the first op that no Flush has returned
	from    uint32 // local version at which the open change begins; none when no change is open
	text    uint32 // length of history.text there
	ops     int    // upper bound of the ops in the open change
	size    int    // upper bound of its bytes
	minutes int64  // of its last edit
	// deletes is the undo group of the last op when that is a Delete. It is extended
	// only within its group, because one Restore cancels the whole of it.
	deletes int
	news    map[*replica]struct{} // of which something came since the last change began
	scratch []byte                // of draftText
}

// Upper bounds in bytes, see FORMAT.md. An op's text counts extra.
const (
	headSize  = 1 + 32 + 16 + 10 + 5 + 10
	causeSize = 5 + 16 + 5
	opSize    = 1 + 5 + 5 + 10 + 5
)

// newDraft returns the empty draft of r, to which all of others is news.
func newDraft(r *replica, all []*replica) draft {
	f := draft{first: r.next, from: none, news: map[*replica]struct{}{}}
	for _, other := range all {
		f.news[other] = struct{}{}
	}
	return f
}

// holds says whether there are local ops that have not been flushed and sealed.
func (d *Doc) holds() bool { return d.own != nil && d.own.headNext < d.own.next }

// part is the beginning of a text that one change has room for.
type part struct {
	text []byte
	n    uint32 // code points
}

// draftText makes room for an Insert in the open change and returns as much of text
// as goes there.
func (d *Doc) draftText(text string, now time.Time) part {
	d.draftOp(utf8.UTFMax, now)
	d.draft.size -= utf8.UTFMax
	text = prefix(text, MaxChangeBytes-d.draft.size)
	d.draft.size += len(text)
	d.draft.deletes = 0
	d.draft.scratch = append(d.draft.scratch[:0], text...)
	if len(text) == 1 {
		return part{d.draft.scratch, 1}
	}
	return part{d.draft.scratch, uint32(utf8.RuneCountInString(text))}
}

// draftOp makes room for an op of size bytes beyond its frame, in the open change or
// in a new one.
func (d *Doc) draftOp(size int, now time.Time) {
	f := &d.draft
	size += opSize
	if f.from != none && (f.ops == MaxChangeOps || f.size+size > MaxChangeBytes) {
		d.endChange()
	}
	f.minutes = minutes(now)
	if f.from == none {
		d.openChange()
	}
	f.ops++
	f.size += size
	f.deletes = d.undo.serial
}

// minutes returns a time in minutes since the Unix epoch.
func minutes(t time.Time) int64 {
	s := t.Unix()
	m := s / 60
	if s%60 < 0 {
		m--
	}
	return m
}

// openChange begins a change whose causes are all that was applied since the last
// one began. More causes than one change may name go ahead in changes of their own.
func (d *Doc) openChange() {
	causes := d.news()
	if len(causes) > MaxCauses && d.own.next == 0 && d.own.grant != none {
		granter, _ := d.op(d.own.grant)
		putFirst(causes, granter)
	}
	for len(causes) > MaxCauses {
		d.beginChange(causes[:MaxCauses])
		d.note(d.take(d.own, 1), appendOp(nil, Pass, 0, 1, nil))
		d.endChange()
		causes = causes[MaxCauses:]
	}
	d.beginChange(causes)
}

// putFirst moves r, which an opening must declare, to the end of the first change's
// causes, if it is behind that: they stay in order.
func putFirst(causes []*replica, r *replica) {
	if i := slices.Index(causes, r); i >= MaxCauses {
		copy(causes[MaxCauses:i+1], causes[MaxCauses-1:i])
		causes[MaxCauses-1] = r
	}
}

// news returns the replicas of which d has seen more than the own chain has
// declared, in the order of a body, and forgets them as news.
func (d *Doc) news() (fresh []*replica) {
	if len(d.draft.news) == 0 {
		return nil
	}
	places := map[*replica]int{}
	for r := range d.draft.news {
		place, ok := d.own.placeOf(r)
		if r.family == d.own.family || r.next == 0 || (ok && r.next <= d.own.table[place].last()) {
			continue
		}
		if fresh = append(fresh, r); !ok {
			place = math.MaxInt
		}
		places[r] = place
	}
	clear(d.draft.news)
	slices.SortFunc(fresh, func(a, b *replica) int {
		return cmp.Or(cmp.Compare(places[a], places[b]), a.family.Compare(b.family), cmp.Compare(a.next, b.next), bytes.Compare(a.head[:], b.head[:]))
	})
	return fresh
}

func (d *Doc) beginChange(causes []*replica) {
	f := &d.draft
	lamport := d.own.lamport
	for _, r := range causes {
		place, ok := d.own.placeOf(r)
		if !ok {
			place = len(d.own.table)
		}
		d.own.declare(d.own.next, r, place, r.next)
		lamport = max(lamport, r.lamport)
	}
	d.begin(d.own, lamport+1)
	f.from, f.text, f.ops, f.size = d.next, uint32(len(d.text)), 0, headSize+causeSize*len(causes)
}

// endChange ends the open change, if there is one.
func (d *Doc) endChange() {
	f := &d.draft
	if f.from == none {
		return
	}
	d.changes.add(d.next-f.from, f.minutes)
	d.own.minutes = f.minutes
	f.from, f.deletes = none, 0
}

// applied notes that a change of r was applied that was not made here. The open
// change has been ended.
func (f *draft) applied(r *replica) {
	if f.news != nil {
		f.news[r] = struct{}{}
	}
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
