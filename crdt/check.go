package crdt

import (
	"fmt"
	"unicode/utf8"
)

// Check verifies every invariant of d and returns the first that does not hold.
// It derives all from the logs of ops anew. O(elements + ops + causes), and it
// needs about as much memory as d.
func (d *Doc) Check() error {
	for _, f := range []func() error{d.checkLogs, d.checkBlocks, d.checkElements, d.checkOrder, d.checkDeletes, d.checkPending, d.checkDraft} {
		if err := f(); err != nil {
			return fmt.Errorf("crdt: check: %w", err)
		}
	}
	return nil
}

// checkLogs: logs are gap-free, Lamports rise, declared causes are known.
func (d *Doc) checkLogs() error {
	for id, r := range d.replicas {
		var next uint32
		for i := range r.log {
			rec := &r.log[i]
			if rec.seq != next || rec.n == 0 {
				return fmt.Errorf("replica %s: log record at %d takes %d, want one at %d", id, rec.seq, rec.n, next)
			}
			next += rec.n
		}
		if next != r.next || r.id != id {
			return fmt.Errorf("replica %s: the log ends at %d, want %d", id, next, r.next)
		}
		if next > 0 && (len(r.clock) == 0 || r.clock[0].seq != 0) {
			return fmt.Errorf("replica %s: no Lamport for its first edit", id)
		}
		for i := 1; i < len(r.clock); i++ {
			if a, b := r.clock[i-1], r.clock[i]; a.seq >= b.seq || b.lamport <= a.lamport+uint64(b.seq-a.seq) {
				return fmt.Errorf("replica %s: Lamports do not rise by more than one at %d", id, b.seq)
			}
		}
		for other, seen := range r.declared {
			if seen > 0 && !d.replicas.knows(other, seen-1) {
				return fmt.Errorf("replica %s names %d of replica %s, which is not known", id, seen-1, other)
			}
		}
	}
	return nil
}

// checkBlocks: blocks are numbered and bounded, and their derived fields are true.
func (d *Doc) checkBlocks() error {
	var total, before sums
	for i, b := range d.seq.blocks {
		if b.at != i || len(b.runs) > maxRuns || (len(b.runs) == 0 && len(d.seq.blocks) > 1) {
			return fmt.Errorf("block %d has number %d and %d runs", i, b.at, len(b.runs))
		}
		if i == d.seq.cursor.block {
			before = total
		}
		if len(b.runs) == 0 {
			continue
		}
		for j := range b.runs {
			if err := b.runs[j].check(); err != nil {
				return fmt.Errorf("block %d run %d: %w", i, j, err)
			}
		}
		fresh := block{runs: b.runs}
		if fresh.recount(); fresh.sums != b.sums || fresh.least != b.least {
			return fmt.Errorf("block %d: sums %v and least key %v, want %v and %v", i, b.sums, b.least, fresh.sums, fresh.least)
		}
		total = total.add(b.sums)
	}
	if total != d.seq.sums {
		return fmt.Errorf("sums %v, want %v", d.seq.sums, total)
	}
	if d.seq.cursor.before != before {
		return fmt.Errorf("cursor at block %d has %v before it, want %v", d.seq.cursor.block, d.seq.cursor.before, before)
	}
	return nil
}

func (r *run) check() error {
	if uint64(r.text)+uint64(r.bytes) > uint64(len(r.by.text)) {
		return fmt.Errorf("text from %d to %d of %d", r.text, r.text+r.bytes, len(r.by.text))
	}
	text := r.content()
	switch {
	case r.n == 0 || r.n > maxRun:
		return fmt.Errorf("%d elements", r.n)
	case !utf8.Valid(text) || utf8.RuneCount(text) != int(r.n):
		return fmt.Errorf("%d elements with the text %q", r.n, text)
	case countNewlines(text) != int(r.newlines):
		return fmt.Errorf("%d newlines in %q", r.newlines, text)
	case r.chain != r.by.chain(r.seq):
		return fmt.Errorf("element %d has chain %d, want %d", r.seq, r.chain, r.by.chain(r.seq))
	}
	return nil
}

// checkElements: each element that a log knows stands in exactly one run, where
// the index says, with its text.
func (d *Doc) checkElements() error {
	found := map[*replica]int{}
	for _, b := range d.seq.blocks {
		for i := range b.runs {
			r := &b.runs[i]
			for k := range r.n {
				if r.by.index.find(r.seq+k) != b {
					return fmt.Errorf("the index does not lead to element %d of replica %s", r.seq+k, r.by.id)
				}
			}
			found[r.by] += int(r.n)
		}
	}
	for id, r := range d.replicas {
		at, elements := uint32(0), 0
		for _, rec := range r.log {
			if rec.kind != Insert {
				continue
			}
			elements += int(rec.n)
			for seq := rec.seq; seq < rec.seq+rec.n; {
				p, ok := d.seq.lookup(r, seq)
				if !ok {
					return fmt.Errorf("the index does not lead to element %d of replica %s", seq, id)
				}
				run := d.seq.run(p)
				n := min(run.n-p.off, rec.seq+rec.n-seq)
				from := run.byteAt(p.off)
				if run.text+from != at {
					return fmt.Errorf("text of element %d of replica %s is at %d, want %d", seq, id, run.text+from, at)
				}
				at += run.byteAt(p.off+n) - from
				seq += n
			}
		}
		if found[r] != elements || int(at) != len(r.text) {
			return fmt.Errorf("replica %s: %d elements in the runs, want %d", id, found[r], elements)
		}
	}
	return nil
}

// checkOrder: the origin of each element is the nearest one to its left with a
// smaller key. That makes the order the one that order.go defines.
func (d *Doc) checkOrder() error {
	type entry struct {
		key key
		element
	}
	var open []entry // keys ascending; each the origin of the next one or above it
	for _, b := range d.seq.blocks {
		for i := range b.runs {
			r := &b.runs[i]
			for seq := r.seq; seq < r.seq+r.n; seq++ {
				k := keyOf(r.by, seq, r.by.chain(seq))
				for len(open) > 0 && open[len(open)-1].key.compare(k) > 0 {
					open = open[:len(open)-1]
				}
				var left element
				if len(open) > 0 {
					left = open[len(open)-1].element
				}
				if origin := r.by.origin(seq); origin != left {
					return fmt.Errorf("%v stands behind %v, but its origin is %v", ID{r.by.id, seq}, left.id(), origin.id())
				}
				open = append(open, entry{k, element{r.by, seq}})
			}
		}
	}
	return nil
}

// checkDeletes: each run counts the uncancelled Deletes of its elements.
func (d *Doc) checkDeletes() error {
	change := map[*replica][]int{} // at i: by how much Seq i has more deletes than i-1
	for _, r := range d.replicas {
		change[r] = make([]int, r.next+1)
	}
	for _, r := range d.replicas {
		for _, rec := range r.log {
			if rec.kind == Delete && !rec.cancelled {
				change[rec.by][rec.ref]++
				change[rec.by][rec.ref+rec.targets]--
			}
		}
	}
	for _, r := range d.replicas {
		deletes := 0
		for seq := range r.next {
			deletes += change[r][seq]
			if !r.hasElement(seq) {
				continue
			}
			if got := d.seq.run(d.seq.find(r, seq)).deletes; int(got) != deletes {
				return fmt.Errorf("element %v counts %d deletes, want %d", ID{r.id, seq}, got, deletes)
			}
		}
	}
	return nil
}

// checkPending: what waits is bounded, counted, and has something to wait for.
func (d *Doc) checkPending() error {
	count, bytes := 0, 0
	for id, list := range d.pending.waits {
		for i, w := range list {
			count++
			bytes += w.bytes
			if i > 0 && list[i-1].seq > w.seq {
				return fmt.Errorf("what waits for replica %s is not ascending", id)
			}
			if d.replicas.knows(id, w.seq) {
				return fmt.Errorf("a change of replica %s waits for %d of replica %s, which is known", w.change.Replica, w.seq, id)
			}
		}
	}
	if count != len(d.pending.held) || bytes != d.pending.bytes || count > MaxPendingChanges || bytes > MaxPendingBytes {
		return fmt.Errorf("%d changes of %d bytes wait, counted as %d of %d", count, bytes, len(d.pending.held), d.pending.bytes)
	}
	return nil
}

// checkDraft: what is not flushed ends where the own chain ends.
func (d *Doc) checkDraft() error {
	f := &d.draft
	if f.open == nil || f.full {
		return nil
	}
	next := f.open.Next() + uint32(utf8.RuneCount(f.text))
	if next != d.own.next {
		return fmt.Errorf("the draft ends at %d, the own chain at %d", next, d.own.next)
	}
	return nil
}
