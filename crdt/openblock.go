package crdt

import (
	"bytes"
	"encoding/binary"

	"inkling/crdt/internal/spantree"
)

// An open-block holds what [LoadBlock] finds out from a history block: the runs of ops as
// they are in memory, and the order of the elements. With it, the ops need not be
// done again. It is worth nothing without just that block.
const (
	openMagic   = "inko"
	openVersion = 1
)

// The tables of an open-block, in order.
const (
	tableLengths = iota // per run: length and kind
	tableRefs           // per run that refers back: how far
	tableExtras         // per run of some kinds: chain and named element, or count
	tableSpans          // per span: length, whether deleted, and how far from where the one before ends
	tableOverlaps
	openTables
)

// runChained is a run of elements that has more to say than where it begins.
const runChained = runRestore + 1

const runKindBits = 3

// OpenBlock returns what makes d quick to open again, for [Open]. history is d's block as [Doc.HistoryBlock] has
// just returned it. O(runs + spans).
func (d *Doc) OpenBlock(history []byte) []byte {
	var t [openTables][]byte
	for i := range d.runs {
		d.appendRun(&t, i)
	}
	last := uint32(0)
	for s := range d.tree.All() {
		n := uint64(s.N) << 1
		if s.Dead {
			n |= 1
		}
		t[tableSpans] = binary.AppendUvarint(t[tableSpans], n)
		t[tableSpans] = binary.AppendVarint(t[tableSpans], int64(s.First)-int64(last))
		last = s.First + s.N
	}
	for _, o := range d.again {
		t[tableOverlaps] = appendNumber(appendNumber(appendNumber(t[tableOverlaps], int(o.lv)), int(o.n)), int(o.count))
	}
	var tables []byte
	for _, table := range t {
		tables = append(appendNumber(tables, len(table)), table...)
	}
	b := append([]byte(openMagic), openVersion)
	b = append(b, history[max(0, len(history)-checksumSize):]...)
	b = appendNumber(b, len(d.runs))
	b = appendNumber(b, d.tree.Spans())
	b = appendNumber(b, len(tables))
	b = append(b, compress(tables)...)
	return append(b, checksum(b)...)
}

func (d *Doc) appendRun(t *[openTables][]byte, i int) {
	r := &d.runs[i]
	kind := r.kind
	if kind == runInsert && (r.chain != r.lv || r.aux != none) {
		kind = runChained
	}
	t[tableLengths] = appendNumber(t[tableLengths], int(d.end(i)-r.lv)<<runKindBits|int(kind))
	if kind != runOther {
		t[tableRefs] = appendBack(t[tableRefs], r.lv, r.ref)
	}
	switch kind {
	case runChained:
		t[tableExtras] = appendBack(t[tableExtras], r.lv, r.aux)
		t[tableExtras] = appendNumber(t[tableExtras], int(r.lv-r.chain))
	case runDelete:
		t[tableExtras] = appendNumber(t[tableExtras], int(r.aux))
	}
}

// appendBack appends how far back from lv ref is, 0 for none.
func appendBack(b []byte, lv, ref uint32) []byte {
	if ref == none {
		return append(b, 0)
	}
	return appendNumber(b, int(lv-ref))
}

// Open returns the document of a history block with the help of its open-block. It is as [LoadBlock]
// makes it, but sooner. Other bytes, and an open-block of another block, give a [*FormatError].
func Open(block, history []byte) (*Doc, error) {
	r := blockReader{reader: reader{b: history}}
	r.frame()
	if r.err == nil {
		r.readChanges()
	}
	if r.err == nil {
		r.take(r.d.readTables(block, history))
	}
	if r.err == nil {
		r.readOpened()
	}
	if r.err == nil {
		r.checkUnusual()
	}
	if r.err != nil {
		return nil, r.err
	}
	return r.d, nil
}

// tableReader reads an open-block.
type tableReader struct {
	reader
	d      *Doc
	tables [openTables]reader
	runs   int
	spans  int
}

func (r *tableReader) frame(history []byte) {
	body := len(r.b) - checksumSize
	if body < 0 || !bytes.Equal(checksum(r.b[:body]), r.b[body:]) {
		r.fail("the open-block's checksum is wrong")
		return
	}
	r.b = r.b[:body]
	if magic := r.bytes(len(openMagic), "magic"); r.err == nil && string(magic) != openMagic {
		r.fail("these bytes are no open-block")
	}
	if v := r.byte("version"); r.err == nil && v != openVersion {
		r.fail("open-block version %d is unknown", v)
	}
	if of := r.bytes(checksumSize, "block"); r.err == nil && !bytes.Equal(of, history[len(history)-checksumSize:]) {
		r.fail("the open-block is of another block")
	}
	limit := uint64(blockSlack + blockGrowth*len(history))
	r.runs = int(r.number("runs", limit))
	r.spans = int(r.number("spans", limit))
	size := r.number("size of the tables", limit)
	if r.err == nil && uint64(r.runs)+2*uint64(r.spans) > size {
		r.fail("%d runs and %d spans in %d bytes", r.runs, r.spans, size)
	}
	if r.err != nil {
		return
	}
	tables, err := decompress(r.b[r.at:], int(size))
	if err != nil {
		r.fail("tables: %v", err)
	}
	all := reader{b: tables, err: r.err}
	for i := range r.tables {
		r.tables[i].b = all.bytes(int(all.number("table", size)), "table")
	}
	r.err = all.err
}
