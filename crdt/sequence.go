package crdt

import "slices"

// maxRuns is the most runs of one block. Blocks are searched run by run, and the
// list of blocks one by one from the cursor. Tests make it less.
var maxRuns = 64

// sums counts the visible elements and, among them, the newlines of a stretch.
type sums [2]int

// What a sums counts.
const (
	visible  = 0
	newlines = 1
)

func (s sums) add(t sums) sums { return sums{s[0] + t[0], s[1] + t[1]} }
func (s sums) sub(t sums) sums { return sums{s[0] - t[0], s[1] - t[1]} }

// sequence is all elements in document order, tombstones included: a list of
// blocks of runs. It keeps the order that it is given and knows nothing of why.
type sequence struct {
	blocks []*block // at least one
	sums   sums
	cursor cursor
}

type block struct {
	at    int   // its number in the list
	runs  []run // none only in an empty document
	sums  sums
	least key // of all its elements
}

// cursor remembers a block and what stands before it, because the next edit is
// mostly near the last one.
type cursor struct {
	block  int
	before sums
}

// pos is a place: in front of element off of a run. A run one past the last of
// the block, with off 0, is the end of the block. Any edit of the sequence makes
// it void.
type pos struct {
	block, run int
	off        uint32
}

func newSequence() sequence { return sequence{blocks: []*block{{}}} }

func (s *sequence) run(p pos) *run { return &s.blocks[p.block].runs[p.run] }

// nth returns the visible element number k, or with m == newlines the visible
// newline number k. There must be one.
func (s *sequence) nth(m, k int) pos {
	s.seek(m, k)
	rest := k - s.cursor.before[m]
	runs := s.blocks[s.cursor.block].runs
	i := 0
	for ; rest >= runs[i].sums()[m]; i++ {
		rest -= runs[i].sums()[m]
	}
	p := pos{block: s.cursor.block, run: i, off: uint32(rest)}
	if m == newlines {
		p.off = runs[i].newline(rest)
	}
	return p
}

// seek moves the cursor to the block with number k of m.
func (s *sequence) seek(m, k int) {
	c := &s.cursor
	for k < c.before[m] {
		c.block--
		c.before = c.before.sub(s.blocks[c.block].sums)
	}
	for k >= c.before[m]+s.blocks[c.block].sums[m] {
		c.before = c.before.add(s.blocks[c.block].sums)
		c.block++
	}
}

// before returns what stands before p.
func (s *sequence) before(p pos) sums {
	c := &s.cursor
	for c.block > p.block {
		c.block--
		c.before = c.before.sub(s.blocks[c.block].sums)
	}
	for c.block < p.block {
		c.before = c.before.add(s.blocks[c.block].sums)
		c.block++
	}
	elements, lines := 0, 0
	runs := s.blocks[p.block].runs
	for i := range runs[:p.run] {
		if r := &runs[i]; r.visible() {
			elements += int(r.n)
			lines += int(r.newlines)
		}
	}
	total := c.before.add(sums{elements, lines})
	if p.off > 0 {
		total = total.add(runs[p.run].sumsTo(p.off))
	}
	return total
}

// find returns where the element {by, seq} is.
func (s *sequence) find(by *replica, seq uint32) pos {
	p, ok := s.lookup(by, seq)
	if !ok {
		panic("crdt: the index leads to a block without the element")
	}
	return p
}

func (s *sequence) lookup(by *replica, seq uint32) (p pos, ok bool) {
	b := by.index.find(seq)
	for i := range b.runs {
		if r := &b.runs[i]; r.by == by && seq-r.seq < r.n {
			return pos{block: b.at, run: i, off: seq - r.seq}, true
		}
	}
	return pos{}, false
}

// behind returns the place behind the element at p.
func (s *sequence) behind(p pos) pos {
	if p.off++; p.off == s.run(p).n {
		p.run, p.off = p.run+1, 0
	}
	return p
}

// element returns p as the place of the element that follows it, false at the end.
func (s *sequence) element(p pos) (pos, bool) {
	if p.run < len(s.blocks[p.block].runs) {
		return p, true
	}
	p = pos{block: p.block + 1}
	return p, p.block < len(s.blocks)
}

// insert puts r, newest of its replica, to p and returns the place behind it.
func (s *sequence) insert(p pos, r run) pos {
	b := s.blocks[p.block]
	if p.off > 0 {
		s.split(p)
		p.run, p.off = p.run+1, 0
	}
	if k := r.key(); len(b.runs) == 0 || k.compare(b.least) < 0 {
		b.least = k
	}
	s.count(b, r.sums())
	r.by.index.append(r.seq, b)
	if p.run > 0 && r.continues(&b.runs[p.run-1]) {
		b.runs[p.run-1].join(&r)
	} else {
		b.runs = slices.Insert(b.runs, p.run, r)
		p.run++
	}
	return s.fit(p)
}

// hide adds by (±1) to the deletes of the element at p and those behind it in
// its run, n at most. It returns how many these are and what that changed in
// the sums.
func (s *sequence) hide(p pos, n uint32, by int) (uint32, sums) {
	b := s.blocks[p.block]
	if p.off > 0 {
		s.split(p)
		p.run, p.off = p.run+1, 0
	}
	if n < b.runs[p.run].n {
		s.split(pos{block: p.block, run: p.run, off: n})
	}
	r := &b.runs[p.run]
	n = r.n
	old := r.sums()
	r.deletes = uint32(int(r.deletes) + by)
	change := r.sums().sub(old)
	s.count(b, change)
	s.join(b, p.run)
	s.join(b, p.run-1)
	s.fit(p)
	return n, change
}

// split cuts the run of p in two at p.
func (s *sequence) split(p pos) {
	b := s.blocks[p.block]
	right := b.runs[p.run].cut(p.off)
	b.runs = slices.Insert(b.runs, p.run+1, right)
}

// join makes one run of run i of b and the next, if they continue each other.
func (s *sequence) join(b *block, i int) {
	if i >= 0 && i+1 < len(b.runs) && b.runs[i+1].continues(&b.runs[i]) {
		b.runs[i].join(&b.runs[i+1])
		b.runs = slices.Delete(b.runs, i+1, i+2)
	}
}

// count adds change to the sums of b and of all that count it.
func (s *sequence) count(b *block, change sums) {
	b.sums = b.sums.add(change)
	s.sums = s.sums.add(change)
	if s.cursor.block > b.at {
		s.cursor.before = s.cursor.before.add(change)
	}
}

// fit halves the block of p if it has too many runs, and returns p as it is then.
func (s *sequence) fit(p pos) pos {
	left := s.blocks[p.block]
	if len(left.runs) <= maxRuns {
		return p
	}
	half := len(left.runs) / 2
	right := &block{runs: make([]run, 0, maxRuns+2)}
	right.runs = append(right.runs, left.runs[half:]...)
	left.runs = slices.Delete(left.runs, half, len(left.runs))
	s.blocks = slices.Insert(s.blocks, p.block+1, right)
	for i := p.block + 1; i < len(s.blocks); i++ {
		s.blocks[i].at = i
	}
	if s.cursor.block > p.block {
		s.cursor.block++
	}
	left.recount()
	right.recount()
	for i := range right.runs {
		r := &right.runs[i]
		r.by.index.move(r.seq, r.n, right)
	}
	if p.run > half {
		p.block, p.run = p.block+1, p.run-half
	}
	return p
}

// recount derives b's sums and least key from its runs.
func (b *block) recount() {
	b.sums, b.least = sums{}, b.runs[0].key()
	for i := range b.runs {
		b.sums = b.sums.add(b.runs[i].sums())
		if k := b.runs[i].key(); k.compare(b.least) < 0 {
			b.least = k
		}
	}
}
