package crdt

import (
	"bytes"
	"math"
	"unicode/utf8"
)

// history is every op that a document has seen, in order of arrival. Each Seq of
// each replica gets the next local version (LV) when it arrives: a dense number,
// good in this copy only, by which all tables below are ordered. Neighbouring ops
// of one shape are one run; what follows from the neighbours is not stored.
type history struct {
	next     uint32 // the local version that the next Seq gets
	replicas []*replica
	byID     map[ReplicaID]*replica
	families map[ReplicaID][]*replica // all tails of each chain that forked
	last     *replica                 // that known returned last
	arrivals []arrival
	runs     []run
	marks    struct{ runs, arrivals marks }
	hint     int    // the run in front of the newest that was asked for last
	text     []byte // of all inserted elements, in order of arrival
	changes  boundaries
	// other holds the ops that do nothing to the text, as their change has them:
	// Grants, void ops, ops of kinds to come.
	other     map[uint32]rawBytes
	cancelled map[uint32]struct{} // Deletes that a Restore has cancelled
	crossings map[uint32]*replica // Deletes of several elements that reach into that tail from its past
	lamport   uint64              // the greatest so far
	grants    []uint32            // the Grants, in order of arrival
	unknown   int                 // ops of kinds to come
}

// rawBytes is one op as its body has it, from the kind's byte on.
type rawBytes []byte

// none is no local version: the root, or nothing.
const none = math.MaxUint32

// arrival is a stretch of local versions with consecutive Seqs and Lamports of one
// replica, up to the next arrival.
type arrival struct {
	lv, seq uint32
	by      uint32 // place in replicas
	lamport uint64
}

// run is a stretch of local versions whose ops are alike, up to the next run.
type run struct {
	lv   uint32
	text uint32 // length of history.text at its beginning
	// Insert: the origin of the first element; each other's is the one before.
	// Delete: the first target of the first op. Restore: the Delete.
	ref uint32
	// Insert: the chain of the first element, an element's local version; each
	// other element is its own.
	chain uint32
	// Insert: the element that the first op named for its chain, or none.
	// Delete: how many elements each op hides.
	aux  uint32
	kind runKind
}

type runKind uint8

const (
	runOther   runKind = iota // one op, in history.other
	runInsert                 // elements, each behind the one before
	runDelete                 // Deletes, each of the elements behind the last one's
	runBack                   // Deletes of one element each, each in front of the last one's
	runRestore                // one Restore
)

// maxWideRun bounds a run of text that is not ASCII, because its bytes are found by
// counting from the run's beginning.
const maxWideRun = 1024

func newHistory() history {
	return history{
		byID:      map[ReplicaID]*replica{},
		other:     map[uint32]rawBytes{},
		cancelled: map[uint32]struct{}{},
		families:  map[ReplicaID][]*replica{},
	}
}

// intern returns the replica with the given name, made if need be.
func (h *history) intern(id ReplicaID, doc DocID) *replica {
	r := h.byID[id]
	if r == nil {
		r = &replica{id: id, family: id, place: uint32(len(h.replicas)), head: firstPrevious(doc, id), grant: none}
		h.replicas = append(h.replicas, r)
		h.byID[id] = r
	}
	return r
}

// known returns the replica with the given name, nil when there is none.
func (h *history) known(id ReplicaID) *replica {
	if h.last == nil || h.last.id != id {
		if r := h.byID[id]; r != nil {
			h.last = r
		} else {
			return nil
		}
	}
	return h.last
}

// begin notes that the next Seq of r, the first of a change, has the given Lamport.
func (h *history) begin(r *replica, lamport uint64) {
	r.lamport = lamport - 1
	if n := len(h.arrivals); n > 0 {
		if a := &h.arrivals[n-1]; a.by == r.place && a.lamport+uint64(h.next-a.lv) == lamport {
			return
		}
	}
	h.arrivals = append(h.arrivals, arrival{lv: h.next, seq: r.next, by: r.place, lamport: lamport})
	if n := len(r.pieces); n == 0 || r.pieces[n-1].lv+(r.next-r.pieces[n-1].seq) != h.next {
		r.pieces = append(r.pieces, piece{r.next, h.next})
	}
}

// take gives the next n Seqs of r, which an arrival has begun, local versions and
// returns the first.
func (h *history) take(r *replica, n uint32) (lv uint32) {
	lv = h.next
	h.next += n
	r.next += n
	r.lamport += uint64(n)
	h.lamport = max(h.lamport, r.lamport)
	return lv
}

// arrival returns the place of the arrival that lv belongs to.
func (h *history) arrival(lv uint32) int {
	if i := len(h.arrivals) - 1; h.arrivals[i].lv <= lv {
		return i
	}
	return h.earlierArrival(lv)
}

func (h *history) earlierArrival(lv uint32) int {
	lo, hi := h.marks.arrivals.around(lv, len(h.arrivals), func(i int) uint32 { return h.arrivals[i].lv })
	for hi-lo > 1 {
		if m := int(uint(lo+hi) >> 1); h.arrivals[m].lv <= lv {
			lo = m
		} else {
			hi = m
		}
	}
	return lo
}

// arrivalEnd returns the local version behind arrival i.
func (h *history) arrivalEnd(i int) uint32 {
	if i+1 < len(h.arrivals) {
		return h.arrivals[i+1].lv
	}
	return h.next
}

// op returns the replica and Seq of lv.
func (h *history) op(lv uint32) (r *replica, seq uint32) {
	a := &h.arrivals[h.arrival(lv)]
	return h.replicas[a.by], a.seq + (lv - a.lv)
}

// id returns the name of lv; of none, the root.
func (h *history) id(lv uint32) ID {
	if lv == none {
		return ID{}
	}
	r, seq := h.op(lv)
	return ID{Replica: r.id, Seq: seq}
}

// lv returns the local version of id, which must be known; none for the root.
func (h *history) lv(id ID) (lv uint32, ok bool) {
	if id.IsRoot() {
		return none, true
	}
	r := h.byID[id.Replica]
	if r == nil || id.Seq >= r.next {
		return none, false
	}
	return r.lv(id.Seq), true
}

// run returns the place of the run that lv belongs to: mostly the newest, or, of the
// others, the one asked for last or its neighbour.
func (h *history) run(lv uint32) int {
	newest := len(h.runs) - 1
	i := h.hint // < newest, unless there is but one run
	switch {
	case h.runs[newest].lv <= lv:
		return newest
	case h.runs[i].lv > lv && h.runs[i-1].lv <= lv:
		i--
	case h.runs[i].lv > lv:
		i = h.searchRun(lv)
	case lv < h.runs[i+1].lv:
	case lv < h.runs[i+2].lv:
		i++
	default:
		i = h.searchRun(lv)
	}
	h.hint = i
	return i
}

// searchRun is run without a guess.
func (h *history) searchRun(lv uint32) int {
	lo, hi := h.marks.runs.around(lv, len(h.runs), func(i int) uint32 { return h.runs[i].lv })
	for hi-lo > 1 {
		if m := int(uint(lo+hi) >> 1); h.runs[m].lv <= lv {
			lo = m
		} else {
			hi = m
		}
	}
	return lo
}

// end returns the local version behind run i.
func (h *history) end(i int) uint32 {
	if i+1 < len(h.runs) {
		return h.runs[i+1].lv
	}
	return h.next
}

// textEnd returns the length of the text at the end of run i.
func (h *history) textEnd(i int) uint32 {
	if i+1 < len(h.runs) {
		return h.runs[i+1].text
	}
	return uint32(len(h.text))
}

// isElement says whether lv is an element.
func (h *history) isElement(lv uint32) bool { return h.runs[h.run(lv)].kind == runInsert }

// origin returns the element behind which element lv was inserted, none for the root.
func (h *history) origin(lv uint32) uint32 {
	if r := &h.runs[h.run(lv)]; r.lv == lv {
		return r.ref
	}
	return lv - 1
}

// chain returns the chain of element lv.
func (h *history) chain(lv uint32) uint32 {
	if r := &h.runs[h.run(lv)]; r.lv == lv {
		return r.chain
	}
	return lv
}

// addRun opens a run at lv, the local version taken last.
func (h *history) addRun(r run) {
	r.text = uint32(len(h.text))
	h.runs = append(h.runs, r)
}

// addInsert notes that the elements from lv on were inserted behind origin.
func (h *history) addInsert(lv, origin, chain, named uint32, text []byte) {
	n := h.next - lv
	wide := int(n) != len(text)
	if k := len(h.runs) - 1; k >= 0 && named == none && lv > 0 && origin == lv-1 && h.runs[k].kind == runInsert {
		last := &h.runs[k]
		wide := wide || len(h.text)-int(last.text) != int(lv-last.lv)
		if !wide || h.next-last.lv <= maxWideRun {
			h.text = append(h.text, text...)
			return
		}
	}
	for first := true; first || lv < h.next; first = false {
		h.addRun(run{lv: lv, ref: origin, chain: chain, aux: named, kind: runInsert})
		size := len(text)
		if wide && h.next-lv > maxWideRun {
			size = byteOffset(text, maxWideRun)
			lv, origin, chain, named = lv+maxWideRun, lv+maxWideRun-1, lv+maxWideRun, none
		} else {
			lv = h.next
		}
		h.text = append(h.text, text[:size]...)
		text = text[size:]
	}
}

// addDelete notes that lv deletes n elements from target on.
func (h *history) addDelete(lv, target, n uint32) {
	if k := len(h.runs) - 1; k >= 0 && n == 1 && h.runs[k].aux == 1 {
		last := &h.runs[k]
		ops := lv - last.lv
		single := last.kind == runDelete && ops == 1
		switch {
		case last.kind == runDelete && target == last.ref+ops:
			return
		case (last.kind == runBack || single) && target+ops == last.ref:
			last.kind = runBack
			return
		}
	}
	h.addRun(run{lv: lv, ref: target, aux: n, kind: runDelete})
}

// addOther notes an op that does nothing to the text.
func (h *history) addOther(lv uint32, raw []byte) {
	h.addRun(run{lv: lv, kind: runOther})
	h.other[lv] = bytes.Clone(raw)
}

// setDelete makes the Delete lv, the op taken last, hide the n elements from target on.
func (h *history) setDelete(lv, target, n uint32) {
	last := &h.runs[len(h.runs)-1]
	if last.lv < lv {
		h.addRun(run{lv: lv, kind: runDelete})
		last = &h.runs[len(h.runs)-1]
	}
	last.ref, last.aux, last.kind = target, n, runDelete
}

// lamportOf returns the Lamport of the Seq seq of r, which is known.
func (h *history) lamportOf(r *replica, seq uint32) uint64 {
	if seq+1 == r.next {
		return r.lamport
	}
	return h.lamportAt(r.lv(seq))
}

// lamportAt returns the Lamport of lv.
func (h *history) lamportAt(lv uint32) uint64 {
	a := &h.arrivals[h.arrival(lv)]
	return a.lamport + uint64(lv-a.lv)
}

// target returns what the Delete lv hides: n elements with consecutive Seqs from
// the element first on. It returns false when lv is no Delete that took effect.
func (h *history) target(lv uint32) (first, n uint32, ok bool) {
	switch r := &h.runs[h.run(lv)]; r.kind {
	case runDelete:
		return r.ref + (lv - r.lv), r.aux, true
	case runBack:
		return r.ref - (lv - r.lv), 1, true
	}
	return 0, 0, false
}

// pieces calls f for the stretches of local versions that the n Seqs of r from seq on
// consist of.
func (h *history) pieces(r *replica, seq, n uint32, f func(lv, n uint32)) {
	for n > 0 {
		by, end := r.holder(seq)
		lv := by.lv(seq)
		here := min(n, h.arrivalEnd(h.arrival(lv))-lv, end-seq)
		f(lv, here)
		seq, n = seq+here, n-here
	}
}

// targets returns what the Delete lv hides, as n Seqs of r from seq on.
func (h *history) targets(lv uint32) (r *replica, seq, n uint32) {
	first, n, _ := h.target(lv)
	r, seq = h.op(first)
	if tail := h.crossings[lv]; n > 1 && tail != nil {
		r = tail
	}
	return r, seq, n
}

// content returns the bytes of the first of the n elements from lv on, and how many
// of them these are: those in one run.
func (h *history) content(lv, n uint32) (text []byte, here uint32) {
	i := h.run(lv)
	r := &h.runs[i]
	end := h.end(i)
	text, here = h.text[r.text:h.textEnd(i)], min(n, end-lv)
	if uint32(len(text)) == end-r.lv { // ASCII
		return text[lv-r.lv : lv-r.lv+here], here
	}
	from := byteOffset(text, int(lv-r.lv))
	return text[from : from+byteOffset(text[from:], int(here))], here
}

// contents calls f for the bytes of the n elements from lv on, run by run.
func (h *history) contents(lv, n uint32, f func(text []byte)) {
	for n > 0 {
		text, here := h.content(lv, n)
		f(text)
		lv, n = lv+here, n-here
	}
}

// Newlines counts the newlines among the n elements from lv on.
func (h *history) Newlines(lv, n uint32) (count int) {
	if n == 1 { // mostly
		if text, _ := h.content(lv, 1); len(text) > 0 && text[0] == '\n' {
			return 1
		}
		return 0
	}
	h.contents(lv, n, func(text []byte) { count += bytes.Count(text, newline) })
	return count
}

var newline = []byte{'\n'}

// byteOffset returns how many bytes the first n code points of text take.
func byteOffset(text []byte, n int) (at int) {
	for range n {
		if text[at] < utf8.RuneSelf {
			at++
			continue
		}
		_, size := utf8.DecodeRune(text[at:])
		at += size
	}
	return at
}
