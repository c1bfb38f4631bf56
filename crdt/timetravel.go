package crdt

import (
	"fmt"
	"math/bits"
	"strings"
)

// A VersionError says that a version is not one that a document has been at.
type VersionError struct {
	Replica ReplicaID
	Next    uint32
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("crdt: replica %s has not got as far as %d here", e.Replica, e.Next)
}

// TextAt returns the text as it was when just the edits of v had been made. The
// error is a [*VersionError], when d has not got all of v. O(spans + runs of ops).
func (d *Doc) TextAt(v VersionVector) (string, error) {
	past, err := d.past(v)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for s := range d.tree.All() {
		past.shown(s.First, s.N, func(lv, n uint32) {
			d.contents(lv, n, func(text []byte) { b.Write(text) })
		})
	}
	return b.String(), nil
}

// Diff returns what turns the text at version v into the text at version w. The
// errors are those of [Doc.TextAt]. O(spans + runs of ops).
func (d *Doc) Diff(v, w VersionVector) (Patch, error) {
	old, err := d.past(v)
	if err != nil {
		return nil, err
	}
	now, err := d.past(w)
	if err != nil {
		return nil, err
	}
	var patch Patch
	at, line := 0, 0
	for s := range d.tree.All() {
		for lv, end := s.First, s.First+s.N; lv < end; {
			was, n := old.sees(lv, end-lv)
			is, m := now.sees(lv, min(n, end-lv))
			n = m
			if was || is {
				lines := d.Newlines(lv, n)
				switch e := (Edit{At: at, Line: line}); {
				case !is:
					e.Removed, e.LinesRemoved = int(n), lines
					patch.add(e)
				case !was:
					e.Inserted, e.LinesInserted = int(n), lines
					patch.add(e)
					fallthrough
				default:
					at, line = at+int(n), line+lines
				}
			}
			lv += n
		}
	}
	return patch, nil
}

// past is a version: which local versions are in it, and which elements no Delete
// of it hides, one bit each.
type past struct{ visible []uint64 }

func (d *Doc) past(v VersionVector) (*past, error) {
	for id, next := range v {
		if r := d.byID[id]; next > 0 && (r == nil || next > r.next) {
			return nil, &VersionError{id, next}
		}
	}
	if err := d.needText(); err != nil {
		return nil, err
	}
	p := &past{make([]uint64, (d.next+63)/64)}
	seen := d.seen(d.reach(v))
	cancelled := d.cancelledIn(seen)
	seen(func(lv, n uint32) {
		for i, end := d.run(lv), lv+n; i < len(d.runs) && d.runs[i].lv < end; i++ {
			if d.runs[i].kind == runInsert {
				first := max(lv, d.runs[i].lv)
				p.set(first, min(end, d.end(i))-first)
			}
		}
	})
	seen(func(lv, n uint32) { d.eachDelete(lv, n, cancelled, p.clear) })
	return p, nil
}

// reach returns how far each replica is in v; who has seen a tail has seen its past.
func (h *history) reach(v VersionVector) []uint32 {
	reach := make([]uint32, len(h.replicas))
	for i, r := range h.replicas {
		next := v[r.id]
		reach[i] = max(reach[i], next)
		for ; r.parent != nil && next > r.from; r = r.parent {
			reach[r.parent.place] = max(reach[r.parent.place], r.from)
		}
	}
	return reach
}

// seen returns a walk over the local versions that are seen when replicas are as far as reach
// says, stretch by stretch.
func (d *Doc) seen(reach []uint32) func(f func(lv, n uint32)) {
	return func(f func(lv, n uint32)) {
		for i := range d.arrivals {
			a := &d.arrivals[i]
			if next := reach[a.by]; next > a.seq {
				f(a.lv, min(d.arrivalEnd(i)-a.lv, next-a.seq))
			}
		}
	}
}

// cancelledIn returns the Deletes that a Restore among those seen cancels.
func (d *Doc) cancelledIn(seen func(func(lv, n uint32))) map[uint32]bool {
	if len(d.cancelled) == 0 {
		return nil
	}
	cancelled := map[uint32]bool{}
	seen(func(lv, n uint32) {
		for i, end := d.run(lv), lv+n; i < len(d.runs) && d.runs[i].lv < end; i++ {
			if d.runs[i].kind == runRestore {
				cancelled[d.runs[i].ref] = true
			}
		}
	})
	return cancelled
}

// eachDelete calls f for what the Deletes among n local versions from lv on hide, but
// for the cancelled ones.
func (d *Doc) eachDelete(lv, n uint32, cancelled map[uint32]bool, f func(lv, n uint32)) {
	if n == 0 {
		return
	}
	for i, end := d.run(lv), lv+n; i < len(d.runs) && d.runs[i].lv < end; i++ {
		r := &d.runs[i]
		if r.kind != runDelete && r.kind != runBack {
			continue
		}
		first, stop := max(lv, r.lv), min(end, d.end(i))
		if r.aux == 1 && len(cancelled) == 0 {
			target, ops := r.ref+(first-r.lv), stop-first
			if r.kind == runBack {
				target = r.ref - (stop - 1 - r.lv)
			}
			f(target, ops)
			continue
		}
		for op := first; op < stop; op++ {
			if r, seq, n := d.targets(op); !cancelled[op] {
				d.pieces(r, seq, n, f)
			}
		}
	}
}

// set makes n elements from lv on visible.
func (p *past) set(lv, n uint32) {
	words(lv, n, func(i int, mask uint64) { p.visible[i] |= mask })
}

// clear makes n elements from lv on invisible.
func (p *past) clear(lv, n uint32) {
	words(lv, n, func(i int, mask uint64) { p.visible[i] &^= mask })
}

// words calls f for each word of 64 bits that n bits from lv on lie in.
func words(lv, n uint32, f func(i int, mask uint64)) {
	for n > 0 {
		bit := lv % 64
		here := min(n, 64-bit)
		f(int(lv/64), (1<<here-1)<<bit)
		lv, n = lv+here, n-here
	}
}

// sees says whether element lv is visible, and how many of the n from it on are alike.
func (p *past) sees(lv, n uint32) (visible bool, alike uint32) {
	visible = p.visible[lv/64]>>(lv%64)&1 != 0
	for alike < n {
		bit := (lv + alike) % 64
		word := p.visible[(lv+alike)/64] >> bit
		if visible {
			word = ^word
		}
		same := min(uint32(bits.TrailingZeros64(word)), 64-bit)
		if alike += same; same < 64-bit {
			break
		}
	}
	return visible, min(alike, n)
}

// shown calls f for the stretches of visible ones among n elements from lv on.
func (p *past) shown(lv, n uint32, f func(lv, n uint32)) {
	for n > 0 {
		visible, alike := p.sees(lv, n)
		if visible {
			f(lv, alike)
		}
		lv, n = lv+alike, n-alike
	}
}
