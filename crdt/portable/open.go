package portable

import (
	"crypto/sha256"
	"hash"
	"io"

	"inkling/crdt"
)

// Reader reads a file from its beginning to its end: first the document, then the contents of what goes along with it,
// one after the other.
//
//	r, err := portable.Open(file)
//	parcel := r.Parcel() // verified
//	for {
//		content, err := r.Next() // io.EOF at the end of the file
//		_, err = io.Copy(to, r)  // believe it when there was no error
//	}
//
// What goes along may be damaged without harm to the document, which is verified by its signatures.
type Reader struct {
	in       *input
	root     crdt.Hash
	parcel   *Parcel
	list     []Attachment
	contents []Content // that are still to come
	section  *section  // attachments; nil: there are none
	hash     ContentHash
	left     int64 // bytes of the content at hand that were not read
	sum      hash.Hash
	ended    bool // all of the file was read
}

// Open reads the document at the beginning of a file and verifies it. Its errors are those of [Read]. Where no
// attachments follow, all of the file is read and verified.
func Open(r io.Reader) (*Reader, error) {
	in := newInput(r)
	defer in.unpack.Close() // attachments are not packed
	c := content{section: &section{in: in, which: sectionChanges, sum: sha256.New()}}
	in.begin()
	c.read()
	in.skip(sectionAttachments)
	f := &Reader{in: in, root: c.root}
	if in.newer != nil || in.peek() != sectionAttachments {
		f.finish()
	}
	if in.bad != nil {
		return nil, in.bad
	}
	var err error
	if f.parcel, err = c.verify(); err != nil {
		return nil, &ForgedError{err}
	}
	if !f.ended {
		f.readTable()
	}
	return f, nil
}

// Parcel returns the document.
func (f *Reader) Parcel() *Parcel { return f.parcel }

// Attachments returns what goes along, by name and then by hash. It is nil also when that cannot be read; then
// [Reader.Next] says so.
func (f *Reader) Attachments() []Attachment { return f.list }

// Skipped says whether the file has more in it, as far as it was read, that only a newer program understands.
func (f *Reader) Skipped() bool { return f.in.skipped }

// Next goes to the next content, which [Reader.Read] then reads. At the end of the file it is nil, with io.EOF when all
// of the file was what was written. A [*FormatError] says that the rest cannot be read, or that something in the file,
// without the document, is not what was written. Other errors are the file's.
func (f *Reader) Next() (*Content, error) {
	if f.left > 0 {
		_, _ = io.Copy(io.Discard, f) // what is wrong with it is not asked for
	}
	if f.in.bad == nil && len(f.contents) > 0 {
		c := f.contents[0]
		f.contents = f.contents[1:]
		f.left, f.hash, f.sum = c.Length, c.Hash, sha256.New()
		return &c, nil
	}
	f.finish()
	if f.in.bad != nil {
		return nil, f.in.bad
	}
	return nil, io.EOF
}

// Read reads on in the content that Next went to. At its end it gives io.EOF only when the content is what its hash
// names, and a [*FormatError] otherwise.
func (f *Reader) Read(b []byte) (int, error) {
	if f.left == 0 {
		return 0, f.endContent()
	}
	if len(b) == 0 {
		return 0, f.in.bad
	}
	if f.section.ended() {
		f.section.fail("the section ends within a content")
		f.left = 0
		return 0, f.in.bad
	}
	n := copy(b[:min(int64(len(b)), f.left)], f.section.piece)
	f.section.piece = f.section.piece[n:]
	f.sum.Write(b[:n])
	f.left -= int64(n)
	return n, nil
}

// endContent says how the content at hand ends.
func (f *Reader) endContent() error {
	switch {
	case f.in.bad != nil:
		return f.in.bad
	case f.sum != nil && ContentHash(f.sum.Sum(nil)) != f.hash:
		return &FormatError{Offset: f.in.at, Section: "attachments", Reason: "a content is not what was written"}
	}
	return io.EOF
}

// readTable reads the table of the attachments. One that is not right is noted for Next.
func (f *Reader) readTable() {
	f.in.part = "attachments"
	f.section = &section{in: f.in, which: sectionAttachments}
	s := f.section
	n := s.number("attachments", MaxAttachments)
	if n == 0 {
		s.fail("a table of none")
	}
	var list []Attachment
	for ; n > 0 && s.err() == nil; n-- {
		var a Attachment
		a.Name = string(s.bytes(int(s.number("length of a name", MaxAttachmentName)), "name"))
		a.Length = int64(s.number("length", MaxAttachmentBytes))
		copy(a.Hash[:], s.bytes(len(a.Hash), "hash"))
		var before *Attachment
		if len(list) > 0 {
			before = &list[len(list)-1]
		}
		if problem := a.problem(before); problem != "" && s.err() == nil {
			s.fail("attachment %q: %s", a.Name, problem)
		}
		list = append(list, a)
	}
	var said ContentHash
	copy(said[:], s.bytes(len(said), "hash of the table"))
	contents, problem := contentsOf(list)
	if s.err() == nil && sha256.Sum256(table(list)) != said {
		problem = "the table is not what was written"
	}
	if problem != "" {
		s.fail("%s", problem)
	}
	if s.err() == nil {
		f.list, f.contents = list, contents
	}
}

// finish reads what is behind the last content.
func (f *Reader) finish() {
	if f.ended {
		return
	}
	f.ended = true
	if f.section != nil && f.in.bad == nil && !f.section.ended() {
		f.section.fail("bytes behind the attachments")
	}
	f.in.skip(lastSection + 1)
	f.in.end(f.root)
}
