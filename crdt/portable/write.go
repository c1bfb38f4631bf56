package portable

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"

	"github.com/klauspost/compress/zstd"
)

const (
	magic   = "\x89inkling\r\n\x1a\n"
	version = 1

	pieceSize = 1 << 20 // bytes of a piece before packing, at most

	packingNone = 0
	packingZstd = 1
)

// What a file may claim, in bytes of memory and about: costSlack, and costGrowth times its own length.
const (
	costSlack  = 16 << 20
	costGrowth = 1024
	byteCost   = 4   // of one that is not packed: it is read, then in the document, then compared
	changeCost = 512 // beside its bytes
	// MaxCost is what a file may claim whatever its length, in bytes of memory and about: that is, 1 GB of text, or 8 million changes.
	MaxCost = 4 << 30
)

// cost returns about how many bytes of memory it takes to read p.
func (p *Parcel) cost() (cost int64) {
	p.writeChanges(func(b []byte) { cost += byteCost * int64(len(b)) }, func() { cost += changeCost })
	p.writeSignatures(func(b []byte) { cost += byteCost * int64(len(b)) })
	return cost
}

// output is a file that is being written.
type output struct {
	w    io.Writer
	seal hash.Hash
	at   int64
	err  error // the first; nothing is written after it
	pack *zstd.Encoder

	section byte
	piece   []byte // begun
	root    hash.Hash
	cost    int64
}

// WriteTo writes the file. The same parcel gives the same bytes, as long as zstd packs alike. The error is w's.
func (p *Parcel) WriteTo(w io.Writer) (int64, error) {
	return p.writeFile(w, func(*output) error { return nil })
}

// writeFile writes the file, with what more writes behind the sections of the document.
func (p *Parcel) writeFile(w io.Writer, more func(*output) error) (int64, error) {
	pack, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithWindowSize(pieceSize))
	if err != nil {
		panic(err) // the options are wrong
	}
	o := output{w: w, seal: sha256.New(), pack: pack, root: sha256.New()}
	o.write([]byte(magic))
	o.write([]byte{version})
	o.section = sectionChanges
	p.writeChanges(func(b []byte) { o.root.Write(b); o.put(b) }, func() { o.cost += changeCost })
	o.endPiece()
	o.section = sectionSignatures
	p.writeSignatures(o.put)
	o.endPiece()
	if err := more(&o); err != nil {
		return o.at, err
	}
	o.write([]byte{0})
	o.write(o.root.Sum(nil))
	o.write(o.seal.Sum(nil))
	return o.at, o.err
}

func (o *output) write(b []byte) {
	if o.err != nil {
		return
	}
	n, err := o.w.Write(b)
	o.seal.Write(b[:n])
	o.at += int64(n)
	o.err = err
}

// put writes bytes of the section.
func (o *output) put(b []byte) {
	for len(b) > 0 {
		n := min(len(b), pieceSize-len(o.piece))
		o.piece = append(o.piece, b[:n]...)
		if b = b[n:]; len(o.piece) == pieceSize {
			o.endPiece()
		}
	}
}

// endPiece writes the piece that was begun.
func (o *output) endPiece() {
	if len(o.piece) == 0 {
		return
	}
	head := []byte{o.section, packingZstd}
	head = binary.AppendUvarint(head, uint64(len(o.piece)))
	var packed []byte
	if o.section != sectionAttachments {
		packed = o.pack.EncodeAll(o.piece, nil)
		o.cost += byteCost * int64(len(o.piece))
	}
	if packed != nil && len(packed) < len(o.piece) && o.cost <= costSlack+costGrowth*(o.at+int64(len(packed))) {
		head = binary.AppendUvarint(head, uint64(len(packed)))
	} else {
		head[1], packed = packingNone, o.piece
	}
	o.write(head)
	o.write(packed)
	o.piece = o.piece[:0]
}
