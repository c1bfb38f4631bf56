package portable

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// The attachments section, as FORMAT-FILE.md has it: a table of the files, and their contents. Contents pass through, in
// pieces; the table is in memory.

// Limits of what goes along with a document.
const (
	MaxAttachments     = 1000    // files
	MaxAttachmentName  = 255     // bytes of a file's name
	MaxAttachmentBytes = 2 << 30 // of a file's content
)

const sectionAttachments = 0x83

// ContentHash names the content of a file: its SHA-256.
type ContentHash = [sha256.Size]byte

// Attachment is a file that goes along with a document. Its name is what somebody once called it, and may be anything:
// who makes a file of that name looks at it first.
type Attachment struct {
	Name   string // UTF-8
	Hash   ContentHash
	Length int64 // of the content, in bytes
}

// compare is the order in which attachments stand in a file.
func (a Attachment) compare(b Attachment) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), bytes.Compare(a.Hash[:], b.Hash[:]))
}

// problem says why a cannot be in a file, or cannot be behind another one; "" when it can.
func (a Attachment) problem(before *Attachment) string {
	switch {
	case a.Name == "" || len(a.Name) > MaxAttachmentName || !utf8.ValidString(a.Name):
		return fmt.Sprintf("a name of %d bytes, at most %d of UTF-8 are allowed", len(a.Name), MaxAttachmentName)
	case a.Length < 0 || a.Length > MaxAttachmentBytes:
		return fmt.Sprintf("a content of %d bytes, at most %d are allowed", a.Length, MaxAttachmentBytes)
	case before != nil && before.compare(a) >= 0:
		return "it is not in its place, or there twice"
	}
	return ""
}

// table returns the bytes of the table of attachments, which are in their order.
func table(list []Attachment) []byte {
	b := binary.AppendUvarint(nil, uint64(len(list)))
	for _, a := range list {
		b = append(binary.AppendUvarint(b, uint64(len(a.Name))), a.Name...)
		b = binary.AppendUvarint(b, uint64(a.Length))
		b = append(b, a.Hash[:]...)
	}
	return b
}

// Content is one content of a file, which attachments share that have one hash.
type Content struct {
	Hash   ContentHash
	Length int64    // in bytes
	Names  []string // of the attachments that it is the content of
}

// contentsOf returns the contents of attachments, as these first name them. Two lengths of one content are an error.
func contentsOf(list []Attachment) (contents []Content, problem string) {
	at := map[ContentHash]int{}
	for _, a := range list {
		i, known := at[a.Hash]
		if !known {
			i = len(contents)
			at[a.Hash] = i
			contents = append(contents, Content{Hash: a.Hash, Length: a.Length})
		}
		if contents[i].Length != a.Length {
			return nil, fmt.Sprintf("%q has two lengths", a.Name)
		}
		contents[i].Names = append(contents[i].Names, a.Name)
	}
	return contents, ""
}

// A ContentError says that a content that was to be written is not what its hash names, or cannot be read.
type ContentError struct {
	Content
	Err error
}

func (e *ContentError) Error() string {
	return fmt.Sprintf("portable: the attachment %q: %v", e.Names[0], e.Err)
}

func (e *ContentError) Unwrap() error { return e.Err }

// WriteWith is [Parcel.WriteTo] with attachments, in any order. open gives the content with a hash; it is called for one
// after the other, and read to its length. A [*ContentError] says that one cannot be had; what is written then is not a
// file. Other errors are w's, or say that the attachments cannot be in a file.
func (p *Parcel) WriteWith(w io.Writer, attachments []Attachment, open func(ContentHash) (io.Reader, error)) (int64, error) {
	list := slices.SortedFunc(slices.Values(attachments), Attachment.compare)
	contents, problem := contentsOf(list)
	for i := range list {
		if problem == "" && i > 0 {
			problem = list[i].problem(&list[i-1])
		} else if problem == "" {
			problem = list[i].problem(nil)
		}
	}
	if len(list) > MaxAttachments {
		problem = fmt.Sprintf("%d attachments, at most %d are allowed", len(list), MaxAttachments)
	}
	if problem != "" {
		return 0, errors.New("portable: " + problem)
	}
	return p.writeFile(w, func(o *output) error {
		if len(list) == 0 {
			return nil
		}
		o.section = sectionAttachments
		t := table(list)
		sum := sha256.Sum256(t)
		o.put(append(t, sum[:]...))
		for _, c := range contents {
			if err := o.content(c, open); err != nil {
				return &ContentError{c, err}
			}
		}
		o.endPiece()
		return nil
	})
}

// content writes c.
func (o *output) content(c Content, open func(ContentHash) (io.Reader, error)) error {
	r, err := open(c.Hash)
	if err != nil {
		return err
	}
	sum := sha256.New()
	switch _, err := io.CopyN(io.MultiWriter(putter{o}, sum), r, c.Length); {
	case o.err != nil:
		return nil // it is w that fails, and the caller tells
	case err != nil:
		return err
	}
	if !bytes.Equal(sum.Sum(nil), c.Hash[:]) {
		return errors.New("it is not what it was")
	}
	return nil
}

// putter makes an [io.Writer] of what is being written.
type putter struct{ o *output }

func (p putter) Write(b []byte) (int, error) {
	p.o.put(b)
	return len(b), p.o.err
}
