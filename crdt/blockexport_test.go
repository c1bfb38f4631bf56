package crdt

import "github.com/klauspost/compress/zstd"

// BlockSizes returns how many bytes the parts of a history block take.
func BlockSizes(block []byte) map[string]int {
	r := blockReader{reader: reader{b: block}}
	r.frame()
	sizes := map[string]int{"head": len(block)}
	for i, name := range []string{"changes", "ops", "other", "widths", "live", "deleted"} {
		sizes[name] = len(r.columns[i])
		sizes["head"] -= len(r.columns[i])
	}
	return sizes
}

// ChecksumSize is the length of what ends a block.
const ChecksumSize = checksumSize

// WithChecksum returns b with its checksum behind it.
func WithChecksum(b []byte) []byte { return append(b[:len(b):len(b)], checksum(b)...) }

// UnpackOpen returns the part of an open-block that is not packed, up to the packed one, and that unpacked.
func UnpackOpen(block []byte) (head, plain []byte) {
	r := openReader{reader: reader{b: block}}
	r.plain()
	head = block[:r.at]
	plain, err := decompress(r.column(), r.count.tables+r.count.text)
	if err != nil {
		panic(err)
	}
	return head, plain
}

// UnpackLater is UnpackOpen for a later block.
func UnpackLater(block []byte) (head, plain []byte) {
	r := laterReader{reader: reader{b: block}}
	r.head()
	head = block[:r.at]
	plain, err := decompress(r.column(), r.size)
	if err != nil {
		panic(err)
	}
	return head, plain
}

// OpenTables returns the tables of the packed part of an open-block, and the text.
func OpenTables(plain []byte) (tables [][]byte, text []byte) {
	r := reader{b: plain}
	for range openTables {
		tables = append(tables, r.column())
	}
	return tables, plain[r.at:]
}

// CheckLog is Check but for the order of the elements and what of them is deleted.
func (d *Doc) CheckLog() error {
	for _, f := range []func() error{d.checkArrivals, d.checkReplicas, d.checkChains, d.checkRuns, d.checkSeen, d.checkText, d.checkChanges, d.checkElements} {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// Pack returns a block of such parts.
func Pack(head, plain []byte) []byte {
	packed := compress(plain, zstd.SpeedFastest)
	b := append(appendNumber(head[:len(head):len(head)], len(packed)), packed...)
	return WithChecksum(append(b, 0))
}
