package crdt

import (
	"bytes"
	"encoding/binary"
	"sort"

	"github.com/klauspost/compress/zstd"
)

// An open-block is a document as it is in memory: nothing in it has to be done again, as the
// ops of a history block have, and no text in it waits to be unpacked. So it opens about five
// times as fast, and is about twice as long or three times. It is derived, for one's own disk, and never sent.
//
// FORMAT-BLOCKS.md has the layout. Here is what writes it; openreader.go, openruns.go and openspans.go read it.
const (
	openMagic   = "inko"
	openVersion = 1
)

// The tables of an open-block, in order. Each is numbers of one kind, so that they pack well.
const (
	tableGroups   = iota // of changes: who, how large, how many, when, in knowledge of what
	tableLengths         // per run: length and shape
	tableBacks           // per run that refers to another: how many runs back
	tableOffsets         // ... and how far in front of that one's end
	tableExtras          // per run of some shapes: the named element, or a count
	tableWide            // per run of elements: bytes beyond its code points; empty when there are none
	tableOther           // ops that do nothing to the text, as their changes have them
	tableRuns            // per span: how many runs behind the one in which the last span began
	tableInside          // ... how far in that one
	tableSpans           // ... how many elements, and whether they are deleted
	tableOverlaps        // elements that are deleted more than once
	openTables
)

// The shapes of runs in an open-block.
const (
	shapeOther = iota
	shapeInsert
	shapeNamed // an Insert that names an element
	shapeForth // Deletes of one element each
	shapeBack
	shapeRange // one Delete of several elements
	shapeRestore
	shapeBits = 3
)

// OpenBlock returns d as [Open] takes it. As with [Doc.HistoryBlock], all local edits must have been
// flushed and sealed, else it panics, and the errors are the same. O(runs + text), about 0.1 µs per byte of text.
func (d *Doc) OpenBlock() ([]byte, error) {
	if err := d.mayPack(); err != nil {
		return nil, err
	}
	w := openWriter{d: d, numbers: map[*replica]int{}}
	return w.write()
}

type openWriter struct {
	d       *Doc
	head    blockHead
	numbers map[*replica]int // of the replicas in the head
	tables  [openTables][]byte
	minutes int64 // of the last group
}

func (w *openWriter) write() ([]byte, error) {
	d := w.d
	w.head.replicas = d.inOrderOfArrival()
	for i, r := range w.head.replicas {
		w.numbers[r] = i
	}
	d.changeGroups(w.group)
	for i := range d.runs {
		w.run(i)
	}
	if len(bytes.Trim(w.tables[tableWide], "\x00")) == 0 {
		w.tables[tableWide] = nil
	}
	w.spans()
	w.overlaps()
	var all []byte
	for _, table := range w.tables {
		all = append(appendNumber(all, len(table)), table...)
	}
	if len(all) > MaxBlockText {
		return nil, errBlockSize
	}
	b := append([]byte(openMagic), openVersion)
	b = w.head.appendChains(b, d)
	for _, n := range []int{int(d.next), len(d.runs), d.tree.Spans(), len(all), len(d.text)} {
		b = appendNumber(b, n)
	}
	packed := compress(append(all, d.text...), zstd.SpeedBetterCompression)
	b = append(appendNumber(b, len(packed)), packed...)
	return appendEnd(b, openCost(len(all), len(d.text))), nil
}

// openCost returns about how many bytes of memory an open-block expands to.
func openCost(tables, text int) int { return 32*tables + 2*text }

// put appends numbers to a table.
func (w *openWriter) put(table int, numbers ...int) {
	for _, n := range numbers {
		w.tables[table] = binary.AppendUvarint(w.tables[table], uint64(n))
	}
}

func (w *openWriter) putSigned(table int, n int64) {
	w.tables[table] = binary.AppendVarint(w.tables[table], n)
}

func (w *openWriter) group(g *changeGroup) {
	w.put(tableGroups, w.numbers[g.by], int(g.size), int(g.count))
	w.putSigned(tableGroups, g.minutes-w.minutes)
	w.minutes = g.minutes
	w.put(tableGroups, len(g.causes))
	for _, c := range g.causes {
		declared := g.by.table[c.place].declared
		if i := sort.Search(len(declared), func(i int) bool { return declared[i].next >= c.next }); i > 0 {
			w.put(tableGroups, c.place+1, int(c.next-declared[i-1].next))
		} else {
			w.put(tableGroups, 0, w.numbers[c.of], int(c.next))
		}
	}
}

func (w *openWriter) run(i int) {
	d := w.d
	r, n := &d.runs[i], d.end(i)-d.runs[i].lv
	shape := shapeOf(r)
	w.put(tableLengths, int(n)<<shapeBits|shape)
	if shape == shapeOther {
		w.tables[tableOther] = append(w.tables[tableOther], d.other[r.lv]...)
		return
	}
	back, offset := w.place(i, r.ref)
	if w.put(tableBacks, back); back > 0 {
		w.put(tableOffsets, offset)
	}
	switch shape {
	case shapeNamed:
		w.put(tableExtras, int(r.lv-r.aux))
	case shapeRange:
		w.put(tableExtras, int(r.aux))
	}
	if r.kind == runInsert {
		w.put(tableWide, int(d.textEnd(i)-r.text-n))
	}
}

func shapeOf(r *run) int {
	switch r.kind {
	case runInsert:
		if r.aux != none {
			return shapeNamed
		}
		return shapeInsert
	case runDelete:
		if r.aux > 1 {
			return shapeRange
		}
		return shapeForth
	case runBack:
		return shapeBack
	case runRestore:
		return shapeRestore
	}
	return shapeOther
}

// place returns how run i refers to lv: how many runs back, 0 for the root, and how far in front of that run's last.
func (w *openWriter) place(i int, lv uint32) (back, offset int) {
	if lv == none {
		return 0, 0
	}
	k := w.d.run(lv)
	return i - k, int(w.d.end(k) - 1 - lv)
}

func (w *openWriter) spans() {
	last := 0
	for s := range w.d.tree.All() {
		i := w.d.run(s.First)
		w.putSigned(tableRuns, int64(i-last))
		w.put(tableInside, int(s.First-w.d.runs[i].lv))
		w.put(tableSpans, int(s.N)<<1|oneIf(s.Dead))
		last = i
	}
}

func (w *openWriter) overlaps() {
	last := uint32(0)
	for _, o := range w.d.again {
		w.put(tableOverlaps, int(o.lv-last), int(o.n), int(o.count))
		last = o.lv + o.n
	}
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Open returns the document of an open-block: the one that wrote it, but for what was still waiting to be applied, and for
// what could be undone. Other bytes give a [*FormatError].
//
// The changes are as well-formed then as those that [LoadBlock] gives, each element is in the text once, and no method
// panics. That the order of the text and what is deleted follow from the changes is taken on trust, and
// [Doc.Check] finds out; hashes and signatures are too, and [Doc.Verify] does. Memory is at most 64 MB and 4 KB per byte of the block.
func Open(block []byte) (*Doc, error) {
	r := openReader{reader: reader{b: block}}
	r.frame()
	for _, step := range []func(){r.groups, r.runs, r.text, r.unusual, r.spans, r.overlaps} {
		if r.err == nil {
			step()
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	return r.d, nil
}
