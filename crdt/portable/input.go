package portable

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/zstd"
)

// input is a file that is being read. After the first error it gives zero values.
type input struct {
	r     *bufio.Reader
	seal  hash.Hash // of what was read
	at    int64
	part  string      // of the file, for errors
	bad   error       // a *FormatError, a *NewerError, or the reader's
	newer *NewerError // what must not be skipped, though it is not known

	unpack  *zstd.Decoder
	least   byte // the number that the next section has at least
	skipped bool // a section was passed over that is not known
	packed  bool // the newest piece is

	section byte // whose piece, or end, comes next, if begun
	begun   bool // section has been read, but nothing behind it
	cost    int64
}

func newInput(r io.Reader) *input {
	unpack, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxMemory(2*pieceSize), zstd.WithDecoderMaxWindow(2*pieceSize))
	if err != nil {
		panic(err) // the options are wrong
	}
	return &input{r: bufio.NewReader(r), seal: sha256.New(), unpack: unpack, least: sectionSignatures + 1}
}

// failAt notes that what begins at an offset is not what it ought to be.
func (in *input) failAt(offset int64, format string, args ...any) {
	if in.bad == nil {
		in.bad = &FormatError{Offset: offset, Section: in.part, Reason: fmt.Sprintf(format, args...)}
	}
}

// fill reads just len(b) bytes.
func (in *input) fill(b []byte, what string) {
	if in.bad != nil {
		return
	}
	n, err := io.ReadFull(in.r, b)
	in.seal.Write(b[:n])
	switch in.at += int64(n); {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		in.failAt(in.at, "%s: the file ends", what)
	case err != nil:
		in.bad = err
	}
}

func (in *input) byte(what string) byte {
	var b [1]byte
	in.fill(b[:], what)
	return b[0]
}

func (in *input) number(what string, limit uint64) uint64 {
	v, problem := readNumber(func() byte { return in.byte(what) }, limit)
	if problem != "" {
		in.failAt(in.at, "%s: %s", what, problem)
	}
	if in.bad != nil {
		return 0
	}
	return v
}

// readNumber reads a varint in its shortest form, at most limit, and says what is wrong with it.
func readNumber(next func() byte, limit uint64) (v uint64, problem string) {
	for i := 0; ; i++ {
		c := next()
		switch v |= uint64(c&0x7f) << (7 * i); {
		case i == 9 && c > 1:
			return 0, "a number of more than 64 bits"
		case c >= 0x80:
			continue
		case c == 0 && i > 0:
			return 0, "a number longer than need be"
		case v > limit:
			return 0, fmt.Sprintf("%d, at most %d is allowed", v, limit)
		}
		return v, ""
	}
}

// peek returns the section of the piece that comes next, 0 at the end.
func (in *input) peek() byte {
	if !in.begun {
		in.section, in.begun = in.byte("section"), true
	}
	if in.bad != nil {
		return 0
	}
	return in.section
}

// piece reads the piece whose section was peeked, unpacked if it is wanted.
func (in *input) piece(wanted bool) []byte {
	in.begun = false
	start := in.at - 1
	packing := in.byte("packing")
	in.packed = packing == packingZstd
	size := in.number("size", pieceSize)
	length := size
	switch {
	case in.bad == nil && (packing > packingZstd || size == 0):
		in.failAt(start, "a piece of %d bytes with packing %d", size, packing)
	case packing == packingZstd:
		length = in.number("length", size)
	}
	if in.bad == nil && packing == packingZstd && length == size {
		in.failAt(start, "a piece that packing made no smaller")
	}
	if wanted {
		in.claim(byteCost*int64(size), in.at+int64(length))
	}
	if in.bad != nil {
		return nil
	}
	b := make([]byte, length)
	in.fill(b, "piece")
	if in.bad != nil || packing == packingNone || !wanted {
		return b
	}
	plain, err := in.unpack.DecodeAll(b, make([]byte, 0, size))
	if err != nil || uint64(len(plain)) != size {
		in.failAt(start, "what is packed is not %d bytes (%v)", size, err)
	}
	return plain
}

// claim notes what the file claims up to an offset.
func (in *input) claim(cost, at int64) {
	if in.cost += cost; in.cost > min(costSlack+costGrowth*at, MaxCost) {
		in.failAt(in.at, "the file claims more than it can hold")
	}
}
