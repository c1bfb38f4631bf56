package portable

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"inkling/crdt"
)

// IsPortable says whether a file that begins with b may be one that this package reads. [Sniff] bytes are enough.
func IsPortable(b []byte) bool { return bytes.HasPrefix(b, []byte(magic)) }

// Sniff is how many bytes [IsPortable] wants to see.
const Sniff = len(magic)

// Read reads a file to its end and verifies all that is in it. A [*FormatError] says that it is damaged or something
// else, a [*NewerError] that it takes a newer program, a [*ForgedError] that it is not what the devices of the
// document's members signed; any other error is r's. O(bytes of the file, and changes). To have what goes along with the
// document see [Open].
func Read(r io.Reader) (*Parcel, error) {
	f, err := Open(r)
	for err == nil {
		if _, err = f.Next(); err == nil {
			_, err = io.Copy(io.Discard, f)
		}
	}
	if err != io.EOF {
		return nil, err
	}
	return f.Parcel(), nil
}

// begin reads magic and version.
func (in *input) begin() {
	in.part = "beginning"
	b := make([]byte, len(magic))
	if in.fill(b, "magic"); in.bad == nil && !IsPortable(b) {
		in.failAt(0, "this is no file of a document")
	}
	if v := in.byte("version"); in.bad == nil && v != version {
		in.bad = &NewerError{fmt.Sprintf("version %d", v)}
	}
}

// read reads the sections that are known.
func (r *content) read() {
	r.in.part = "changes"
	r.changes()
	if !r.ended() {
		r.fail("bytes behind the changes")
	}
	copy(r.root[:], r.sum.Sum(nil))
	r.in.part = "signatures"
	r.section = &section{in: r.in, which: sectionSignatures}
	r.signatures()
}

// skip reads past sections that are not known, up to one with the given number or above. What they are is believed only
// when the seal is right.
func (in *input) skip(upTo int) {
	in.part = "other sections"
	for in.peek() != 0 && int(in.section) < upTo {
		if in.section < in.least {
			in.failAt(in.at-1, "section %#x behind section %#x", in.section, in.least)
		}
		if in.section < maySkip && in.newer == nil {
			in.newer = &NewerError{fmt.Sprintf("section %#x", in.section)}
		}
		in.least, in.skipped = in.section, in.skipped || in.section != sectionAttachments
		in.piece(false)
	}
}

// end reads what is behind all pieces.
func (in *input) end(root crdt.Hash) {
	in.part = "end"
	var said, seal crdt.Hash
	in.fill(said[:], "root")
	is := in.seal.Sum(nil)
	in.fill(seal[:], "seal")
	switch {
	case in.bad != nil:
	case !bytes.Equal(is, seal[:]):
		in.failAt(in.at-int64(len(seal)), "the seal is wrong: the file is not what was written")
	case in.newer != nil:
		in.bad = in.newer
	case said != root:
		in.failAt(in.at-int64(len(seal)+len(root)), "the root is not that of the changes")
	}
	if in.bad != nil {
		return
	}
	switch _, err := in.r.ReadByte(); {
	case err == nil:
		in.failAt(in.at, "bytes behind the seal")
	case !errors.Is(err, io.EOF):
		in.bad = err
	}
}
