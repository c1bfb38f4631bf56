package crdt

import "github.com/klauspost/compress/zstd"

// compress packs text with zstd. The best level takes 34 MB of memory, the one below 5.
func compress(text []byte, level zstd.EncoderLevel) []byte {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false), zstd.WithEncoderLevel(level), zstd.WithSingleSegment(true))
	if err != nil {
		panic(err) // the options are wrong
	}
	return e.EncodeAll(text, nil)
}

// decompress unpacks a text of just so many bytes.
func decompress(packed []byte, size int) ([]byte, error) {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxMemory(2*MaxBlockText))
	if err != nil {
		panic(err) // the options are wrong
	}
	defer d.Close()
	text, err := d.DecodeAll(packed, make([]byte, 0, size))
	if err == nil && len(text) != size {
		err = formatErrorf(0, "%d bytes, want %d", len(text), size)
	}
	return text, err
}
