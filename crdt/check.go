package crdt

import (
	"fmt"
	"unicode/utf8"
)

// Check verifies every invariant of d and returns the first that does not hold. It
// derives all from the log of ops anew. O(elements + ops + causes), and it needs
// about as much memory as d. Hashes and signatures are the matter of [Doc.Verify].
func (d *Doc) Check() error {
	for _, f := range []func() error{
		d.checkArrivals, d.checkReplicas, d.checkChains, d.checkRuns, d.checkSeen, d.checkText, d.checkChanges,
		d.tree.Check, d.checkElements, d.checkOrder, d.checkDeletes, d.checkPending, d.checkDraft,
	} {
		if err := f(); err != nil {
			return fmt.Errorf("crdt: check: %w", err)
		}
	}
	return nil
}

// checkArrivals: arrivals follow each other without gaps, are of known replicas, and
// cover the Seqs of each in order with rising Lamports.
func (d *Doc) checkArrivals() error {
	next := make([]uint32, len(d.replicas))
	lamport := make([]uint64, len(d.replicas))
	for i, r := range d.replicas {
		next[i] = r.from
	}
	for i, a := range d.arrivals {
		end := d.next
		if i+1 < len(d.arrivals) {
			end = d.arrivals[i+1].lv
		}
		switch {
		case (i == 0) != (a.lv == 0) || a.lv >= end:
			return fmt.Errorf("arrival %d goes from %d to %d", i, a.lv, end)
		case int(a.by) >= len(d.replicas):
			return fmt.Errorf("arrival %d is of replica %d of %d", i, a.by, len(d.replicas))
		case a.seq != next[a.by] || a.lamport <= lamport[a.by]:
			return fmt.Errorf("arrival %d begins at seq %d with Lamport %d, behind %d with %d", i, a.seq, a.lamport, next[a.by], lamport[a.by])
		}
		n := end - a.lv
		next[a.by], lamport[a.by] = a.seq+n, a.lamport+uint64(n-1)
		if lv := d.replicas[a.by].lv(a.seq); lv != a.lv {
			return fmt.Errorf("arrival %d: replica %s has its seq %d at %d, want %d", i, d.replicas[a.by].id, a.seq, lv, a.lv)
		}
	}
	for i, r := range d.replicas {
		if r.next != next[i] || r.lamport != lamport[i] {
			return fmt.Errorf("replica %s ends at %d with Lamport %d, want %d with %d", r.id, r.next, r.lamport, next[i], lamport[i])
		}
	}
	return nil
}

// checkReplicas: replicas are where their names and places say, and what their chains
// declare rises and is known.
func (d *Doc) checkReplicas() error {
	for i, r := range d.replicas {
		if int(r.place) != i || d.byID[r.id] != r {
			return fmt.Errorf("replica %s is not where its place %d or its name leads", r.id, r.place)
		}
		causes := 0
		for place := range r.table {
			m := &r.table[place]
			causes += len(m.declared) - m.before(r.from)
			if found, ok := r.placeOf(m.of); !ok || found != place {
				return fmt.Errorf("replica %s finds its mention of %s at %d, want %d", r.id, m.of.id, found, place)
			}
			var last declaration
			for _, k := range m.declared {
				if k.next <= last.next || (last.next > 0 && k.seq <= last.seq) || k.next > m.of.next || k.seq >= max(r.next, 1) {
					return fmt.Errorf("replica %s declares %d of %s at %d, behind %d at %d", r.id, k.next, m.of.id, k.seq, last.next, last.seq)
				}
				last = k
			}
		}
		if causes != len(r.causes) || len(d.byID) != len(d.replicas) {
			return fmt.Errorf("replica %s has %d causes, want %d", r.id, len(r.causes), causes)
		}
	}
	return nil
}

// checkRuns: runs follow each other without gaps and refer back.
func (d *Doc) checkRuns() error {
	for i := range d.runs {
		r := &d.runs[i]
		switch {
		case (i == 0) != (r.lv == 0) || r.lv >= d.end(i):
			return fmt.Errorf("run %d goes from %d to %d", i, r.lv, d.end(i))
		case r.kind == runInsert && r.ref != none && (r.ref >= r.lv || !d.isElement(r.ref)):
			return fmt.Errorf("run %d at %d has the origin %d", i, r.lv, r.ref)
		case r.kind == runInsert && r.chain != d.joined(r.lv, r.ref, r.aux):
			return fmt.Errorf("run %d at %d has the chain %d, want %d", i, r.lv, r.chain, d.joined(r.lv, r.ref, r.aux))
		case r.kind == runOther && (d.end(i) <= r.lv || d.other[r.lv] == nil):
			return fmt.Errorf("run %d at %d has no bytes", i, r.lv)
		case r.kind == runRestore && (d.end(i) != r.lv+1 || r.ref >= r.lv):
			return fmt.Errorf("run %d at %d restores %d", i, r.lv, r.ref)
		case r.kind == runDelete && r.aux != 1 && d.end(i) != r.lv+1, r.kind == runBack && r.aux != 1:
			return fmt.Errorf("run %d at %d is of Deletes of %d", i, r.lv, r.aux)
		}
		if r.kind == runDelete || r.kind == runBack {
			for lv := r.lv; lv < d.end(i); lv++ {
				if first, n, _ := d.target(lv); first >= lv || !d.deletesElements(lv) {
					return fmt.Errorf("run %d: %d deletes %d from %d on, not all elements", i, lv, n, first)
				}
			}
		}
	}
	return nil
}

// deletesElements says whether all that the Delete lv hides is known and an element.
func (d *Doc) deletesElements(lv uint32) bool {
	r, seq, n := d.targets(lv)
	return n <= r.next-seq && d.areElements(r, seq, n)
}

// checkText: each run of elements has as many code points of UTF-8, and finds them
// without counting far.
func (d *Doc) checkText() error {
	if len(d.runs) > 0 && d.runs[0].text != 0 {
		return fmt.Errorf("the text begins at %d", d.runs[0].text)
	}
	for i := range d.runs {
		r := &d.runs[i]
		end := uint32(len(d.text))
		if i+1 < len(d.runs) {
			end = d.runs[i+1].text
		}
		if r.text > end {
			return fmt.Errorf("run %d has text from %d to %d", i, r.text, end)
		}
		text, n := d.text[r.text:end], int(d.end(i)-r.lv)
		switch {
		case r.kind != runInsert && len(text) > 0:
			return fmt.Errorf("run %d is no Insert and has the text %.20q", i, text)
		case r.kind == runInsert && (!utf8.Valid(text) || utf8.RuneCount(text) != n):
			return fmt.Errorf("run %d of %d elements has the text %.20q", i, n, text)
		case len(text) > n && n > maxWideRun:
			return fmt.Errorf("run %d of %d elements is not ASCII", i, n)
		}
	}
	return nil
}

// checkChanges: the boundaries cover all but the open change, and each change lies
// in one arrival.
func (d *Doc) checkChanges() error {
	end := d.next
	if d.draft.from != none {
		end = d.draft.from
	}
	if d.changes.end != end {
		return fmt.Errorf("changes end at %d, want %d", d.changes.end, end)
	}
	for lv := uint32(0); lv < end; {
		first, n := d.changes.change(lv)
		if first != lv || n == 0 || d.arrival(lv) != d.arrival(lv+n-1) {
			return fmt.Errorf("a change of %d at %d, found at %d", n, lv, first)
		}
		lv += n
	}
	return nil
}

// checkElements: each element stands in the tree once, where the tree finds it.
func (d *Doc) checkElements() error {
	elements := 0
	for i := range d.runs {
		if r := &d.runs[i]; r.kind == runInsert {
			elements += int(d.end(i) - r.lv)
		}
	}
	if total := int(d.tree.Sums().Total); total != elements {
		return fmt.Errorf("%d elements in the tree, want %d", total, elements)
	}
	seen := make([]bool, d.next)
	for s := range d.tree.All() {
		for lv := s.First; lv < s.First+s.N; lv++ {
			if lv >= d.next || seen[lv] || !d.isElement(lv) {
				return fmt.Errorf("%d stands in the tree twice or is no element", lv)
			}
			seen[lv] = true
		}
	}
	return nil
}

// checkOrder: the origin of each element is the nearest one to its left with a
// smaller key. That makes the order the one that order.go defines.
func (d *Doc) checkOrder() error {
	var open []uint32 // keys ascending; each the origin of the next one or above it
	for s := range d.tree.All() {
		for lv := s.First; lv < s.First+s.N; lv++ {
			for len(open) > 0 && d.Less(lv, open[len(open)-1]) {
				open = open[:len(open)-1]
			}
			left := uint32(none)
			if len(open) > 0 {
				left = open[len(open)-1]
			}
			if origin := d.origin(lv); origin != left {
				return fmt.Errorf("%v stands behind %v, but its origin is %v", d.id(lv), d.id(left), d.id(origin))
			}
			open = append(open, lv)
		}
	}
	return nil
}

// checkDeletes: each element counts the uncancelled Deletes that hit it.
func (d *Doc) checkDeletes() error {
	deletes := make([]uint32, d.next)
	cancelled := map[uint32]bool{}
	for i := range d.runs {
		if r := &d.runs[i]; r.kind == runRestore {
			cancelled[r.ref] = true
		}
	}
	if len(cancelled) != len(d.cancelled) {
		return fmt.Errorf("%d Deletes count as cancelled, want %d", len(d.cancelled), len(cancelled))
	}
	d.eachDelete(0, d.next, cancelled, func(lv, n uint32) {
		for ; n > 0; lv, n = lv+1, n-1 {
			deletes[lv]++
		}
	})
	for s := range d.tree.All() {
		for lv := s.First; lv < s.First+s.N; lv++ {
			got := d.again.count(lv)
			if s.Dead {
				got++
			}
			if got != deletes[lv] {
				return fmt.Errorf("element %v counts %d deletes, want %d", d.id(lv), got, deletes[lv])
			}
		}
	}
	return d.again.check()
}

// check: entries are ascending, apart and not empty.
func (o overlaps) check() error {
	for i, e := range o {
		if e.n == 0 || e.count == 0 || (i > 0 && o[i-1].lv+o[i-1].n > e.lv) {
			return fmt.Errorf("overlap %d is %+v", i, e)
		}
	}
	return nil
}

// checkPending: what waits is bounded, counted, in order and not known.
func (d *Doc) checkPending() error {
	count, bytes := 0, 0
	for id, w := range d.pending.families {
		last := uint32(0)
		for _, c := range w.changes {
			if c.Replica != id || c.Seq < last || c.Next <= c.Seq || c.step != nil || d.knowsChange(c.Change) {
				return fmt.Errorf("a change of replica %s from %d to %d waits behind %d", c.Replica, c.Seq, c.Next, last)
			}
			last = c.Seq
			count++
			bytes += len(c.Body)
		}
	}
	if count != d.pending.count || bytes != d.pending.bytes || count > MaxPendingChanges || bytes > MaxPendingBytes {
		return fmt.Errorf("%d changes of %d bytes wait, counted as %d of %d", count, bytes, d.pending.count, d.pending.bytes)
	}
	return nil
}

// checkDraft: what is not flushed is the end of the own chain.
func (d *Doc) checkDraft() error {
	f := &d.draft
	switch {
	case d.own == nil:
		return nil
	case f.first > d.own.next || f.from != none && (f.from > d.next || d.own.next-f.first < d.next-f.from):
		return fmt.Errorf("the draft begins at seq %d and %d, the own chain ends at %d and %d", f.first, f.from, d.own.next, d.next)
	}
	for _, list := range [][]group{d.undo.done, d.undo.undone} {
		last := uint32(0)
		for _, g := range list {
			if g.from < last || g.to < g.from || g.to > d.own.next {
				return fmt.Errorf("an undo group from %d to %d behind %d", g.from, g.to, last)
			}
			last = g.to
		}
	}
	return nil
}
