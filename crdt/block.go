package crdt

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
)

// A history block is all changes of a document in few bytes. FORMAT-BLOCKS.md has the
// layout; here is the frame: a head of plain numbers, six columns, padding, a checksum.
//
//	blockhead.go     genesis, replicas, hashes, signatures, counts
//	blockchanges.go  who wrote when, in how many changes, knowing what (blockgroups.go, blockunits.go)
//	blockops.go      what they did, where, as seen from where they were (blockplace.go, blockstep.go, blockstrokes.go)
//	blocktext.go     what the elements are: visible text apart, because it opens fast (blockwidths.go, blocklayout.go)
//	blockdeleted.go  deleted text, which takes long to read and can wait
//	blockcheck.go    what a block must not hold though it has the form (blockknown.go)
const (
	blockMagic   = "inkh"
	blockVersion = 1
	checksumSize = 8

	forkedMagic   = "inkf"
	forkedVersion = 1
)

// The columns of a block, in order.
const (
	columnChanges = iota
	columnOps
	columnOther
	columnWidths
	columnLive
	columnDeleted
	blockColumns
)

// What a block may expand to, in bytes of memory and about: blockSlack and blockGrowth
// times its own length. A writer whose history is more regular than that pads the block.
const (
	blockSlack  = 16 << 20
	blockGrowth = 1024
	// MaxBlockText is the greatest length of the text of a block, deleted text included.
	MaxBlockText = 256 << 20
	recordCost   = 64 // what a replica, group of changes, stroke or piece of text counts for
)

// HistoryBlock returns all changes of d in few bytes, for [LoadBlock]. All local edits must have been flushed and
// sealed, else it panics. The error says that deleted text of the block that d came
// from cannot be read, or that the text is longer than [MaxBlockText]. O(changes + text), and 1 to 2 µs per byte of text.
func (d *Doc) HistoryBlock() ([]byte, error) {
	if len(d.families) > 0 {
		return d.forkedBlock()
	}
	if err := d.mayPack(); err != nil {
		return nil, err
	}
	w := blockWriter{d: d}
	return w.write(), nil
}

var errBlockSize = fmt.Errorf("crdt: more than a block may hold: %d bytes of text or changes", MaxBlockText)

// ErrNoBlock says that a document has no open-block, because a chain of it forked. It opens by its history block.
var ErrNoBlock = errors.New("crdt: no open-block of a document with a forked chain")

// mayPack says whether d can be written column by column, and unpacks its deleted text for that.
func (d *Doc) mayPack() error {
	d.mustSeal()
	if len(d.families) > 0 {
		return ErrNoBlock
	}
	if err := d.needText(); err != nil {
		return err
	}
	if len(d.text) > MaxBlockText {
		return errBlockSize
	}
	return nil
}

// forkedBlock returns the history block of a document with a forked chain, which is larger: it
// happens so seldom that the columns know nothing of it. It is the genesis and a [Doc.LaterBlock] of all changes.
func (d *Doc) forkedBlock() ([]byte, error) {
	later, err := d.LaterBlock(nil)
	b := append([]byte(forkedMagic), forkedVersion)
	return append(append(b, d.genesis.Bytes()...), later...), err
}

func loadForked(block []byte) (*Doc, error) {
	r := reader{b: block, at: len(forkedMagic)}
	if v := r.byte("version"); r.err == nil && v != forkedVersion {
		r.fail("%q block version %d is unknown", forkedMagic, v)
	}
	g, err := DecodeGenesis(r.bytes(GenesisSize, "genesis"))
	if r.err != nil {
		return nil, r.err
	}
	if err != nil {
		return nil, err
	}
	d := New(g)
	if err := d.LoadLater(block[r.at:]); err != nil {
		return nil, formatErrorf(r.at, "%v", err)
	}
	return d, nil
}

type blockWriter struct {
	d       *Doc
	head    blockHead
	columns [blockColumns][]byte
	changes *changeColumn
}

func (w *blockWriter) write() []byte {
	d := w.d
	w.head.replicas = d.inOrderOfArrival()
	w.columns[columnChanges] = w.writeChanges()
	w.columns[columnOps] = w.writeOps()
	w.writeText()
	b := append([]byte(blockMagic), blockVersion)
	b = w.head.append(b, d)
	for _, column := range w.columns {
		b = appendNumber(b, len(column))
		b = append(b, column...)
	}
	return appendEnd(b, w.head.cost())
}

// appendEnd ends a block that expands to about cost bytes of memory: with padding, and the checksum.
func appendEnd(b []byte, cost int) []byte {
	padding := max(0, (cost-blockSlack)/blockGrowth-len(b))
	b = appendNumber(b, padding)
	b = append(b, make([]byte, padding)...)
	return append(b, checksum(b)...)
}

// checksum returns the first bytes of the SHA-256 of b.
func checksum(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:checksumSize]
}

// LoadBlock returns the document of a block that [Doc.HistoryBlock] wrote. Deleted text stays
// packed until something needs it, see [Doc.DeletedText]. Other bytes give a
// [*FormatError]. Hashes and signatures are taken on trust: see [Doc.Verify] for a block that comes from
// elsewhere. Memory is at most 64 MB and 4 KB per byte of the block.
func LoadBlock(block []byte) (*Doc, error) {
	if bytes.HasPrefix(block, []byte(forkedMagic)) {
		return loadForked(block)
	}
	r := blockReader{reader: reader{b: block}}
	r.frame()
	if r.err == nil {
		r.readChanges()
	}
	if r.err == nil {
		r.readOps()
	}
	if r.err == nil {
		r.readText()
	}
	if r.err == nil {
		r.err = r.head.findGrants()
	}
	if r.err == nil {
		r.err = r.d.checkUnusual()
	}
	if r.err != nil {
		return nil, r.err
	}
	return r.d, nil
}

type blockReader struct {
	reader
	d       *Doc
	head    blockHead
	columns [blockColumns][]byte
	changes *changeColumn
	linear  bool // every change was made in knowledge of all in front of it
}

// frame reads the head, finds the columns, and makes the document without its changes.
func (r *blockReader) frame() {
	r.begin(blockMagic, blockVersion)
	r.d = r.head.read(&r.reader)
	for i := range r.columns {
		r.columns[i] = r.column()
	}
	r.end(r.head.cost())
}

// begin reads what every block begins with, and checks and drops the checksum at its end.
func (r *reader) begin(magic string, version byte) {
	body := len(r.b) - checksumSize
	if body < 0 || !bytes.Equal(checksum(r.b[:body]), r.b[body:]) {
		r.fail("the block's checksum is wrong")
		return
	}
	r.b = r.b[:body]
	if is := r.bytes(len(magic), "magic"); r.err == nil && string(is) != magic {
		r.fail("these bytes are no %q block", magic)
	}
	if v := r.byte("version"); r.err == nil && v != version {
		r.fail("%q block version %d is unknown", magic, v)
	}
}

// column returns the next stretch of bytes that says how long it is.
func (r *reader) column() []byte {
	return r.bytes(int(r.number("column length", uint64(len(r.b)))), "column")
}

// end reads what every block ends with. cost is about how many bytes of memory the block claims.
func (r *reader) end(cost int) {
	padding := r.bytes(int(r.number("padding length", uint64(len(r.b)))), "padding")
	if len(bytes.Trim(padding, "\x00")) > 0 || r.at != len(r.b) {
		r.fail("bytes that mean nothing")
	}
	if r.err == nil && cost > blockSlack+blockGrowth*len(r.b) {
		r.fail("the block claims more than it can hold")
	}
}

// take makes the reader's error that of a column.
func (r *blockReader) take(err error) {
	if r.err == nil {
		r.err = err
	}
}
