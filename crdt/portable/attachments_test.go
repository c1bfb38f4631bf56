package portable

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// attachmentsOf makes an attachment of each content, named after its place, and what opens the contents.
func attachmentsOf(contents []string) (list []Attachment, open func(ContentHash) (io.Reader, error)) {
	by := map[ContentHash]string{}
	for i, c := range contents {
		hash := sha256.Sum256([]byte(c))
		by[hash] = c
		list = append(list, Attachment{Name: fmt.Sprintf("file %d", i), Hash: hash, Length: int64(len(c))})
	}
	return list, func(hash ContentHash) (io.Reader, error) { return strings.NewReader(by[hash]), nil }
}

// withFiles returns the file of p with attachments of these contents, and its attachments section.
func withFiles(t testing.TB, p *Parcel, contents []string) (whole, section []byte) {
	t.Helper()
	list, open := attachmentsOf(contents)
	var b bytes.Buffer
	if _, err := p.WriteWith(&b, list, open); err != nil {
		t.Fatal(err)
	}
	parts, _, err := takeApart(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), parts[sectionAttachments]
}

// takeFiles reads a file: its attachments with what could be read of them, the contents by hash, and the first error.
func takeFiles(t testing.TB, p *Parcel, whole []byte) (list []Attachment, contents map[ContentHash]string, err error) {
	t.Helper()
	f, err := Open(bytes.NewReader(whole))
	if err != nil {
		return nil, nil, err
	}
	if f.Parcel().Root() != p.Root() {
		t.Fatal("another document")
	}
	contents = map[ContentHash]string{}
	for {
		c, nextErr := f.Next()
		if nextErr == io.EOF {
			return f.Attachments(), contents, err
		}
		if nextErr != nil {
			return f.Attachments(), contents, errors.Join(err, nextErr)
		}
		b, readErr := io.ReadAll(f)
		if readErr == nil {
			contents[c.Hash] = string(b)
		}
		err = errors.Join(err, readErr)
	}
}

// readFiles reads any file, and checks what holds of all.
func readFiles(t *testing.T, p *Parcel, whole []byte) {
	t.Helper()
	list, contents, err := takeFiles(t, p, whole)
	var format *FormatError
	if err != nil && !errors.As(err, &format) {
		t.Fatalf("an error of no type: %v", err)
	}
	for hash, c := range contents {
		if sha256.Sum256([]byte(c)) != hash || !slices.ContainsFunc(list, func(a Attachment) bool { return a.Hash == hash && a.Length == int64(len(c)) }) {
			t.Fatal("a content that is not what was announced")
		}
	}
	if err != nil {
		return
	}
	var again bytes.Buffer
	_, err = p.WriteWith(&again, list, func(hash ContentHash) (io.Reader, error) { return strings.NewReader(contents[hash]), nil })
	if err != nil {
		t.Fatal(err)
	}
	was, _, _ := takeApart(whole)
	is, _, _ := takeApart(again.Bytes())
	if !bytes.Equal(was[sectionAttachments], is[sectionAttachments]) {
		t.Fatal("it is not written as it was read")
	}
}

// TestAttachmentsGoAlong: what goes along comes out as it went in; the same set, in any order, gives the same bytes; and
// without attachments the file is what it was.
func TestAttachmentsGoAlong(t *testing.T) {
	bare, p := sample(t, true)
	eachSeed(t, func(t *testing.T, rng *rand.Rand) {
		var contents []string
		for range 1 + rng.IntN(6) {
			n := []int{0, 1, 100, pieceSize - 200, pieceSize, pieceSize + 1, 2*pieceSize + 17}[rng.IntN(7)]
			contents = append(contents, strings.Repeat(string(rune('a'+rng.IntN(3))), n))
		}
		whole, _ := withFiles(t, p, contents)
		list, open := attachmentsOf(contents)
		rng.Shuffle(len(list), func(i, k int) { list[i], list[k] = list[k], list[i] })
		var again bytes.Buffer
		if n, err := p.WriteWith(&again, list, open); err != nil || n != int64(len(whole)) || !bytes.Equal(again.Bytes(), whole) {
			t.Fatalf("in another order: other bytes (%v)", err)
		}
		got, found, err := takeFiles(t, p, whole)
		slices.SortFunc(list, Attachment.compare)
		if err != nil || !slices.Equal(got, list) {
			t.Fatalf("%v, %v", got, err)
		}
		for i, c := range contents {
			if found[sha256.Sum256([]byte(c))] != c {
				t.Fatalf("content %d is another", i)
			}
		}
		if q := read(t, whole); q.Root() != p.Root() {
			t.Error("another root with attachments")
		}
		if none, _ := withFiles(t, p, nil); !bytes.Equal(none, bare) {
			t.Error("none make another file")
		}
	})
}

// TestFlipsInAttachments: no bit of a file with attachments can be another one without being noticed. While it is in the
// attachments, the document is read all the same, and what is given out of the contents is what was written.
func TestFlipsInAttachments(t *testing.T) {
	bare, p := sample(t, false)
	whole, _ := withFiles(t, p, []string{"one", "two and more", "", "one"})
	start := len(bare) - 65 // end, root and seal
	if !bytes.Equal(whole[:start], bare[:start]) {
		t.Fatal("the document in front is written otherwise")
	}
	all := 0
	for bit := start * 8; bit < len(whole)*8; bit++ {
		b := bytes.Clone(whole)
		b[bit/8] ^= 1 << (bit % 8)
		_, contents, err := takeFiles(t, p, b)
		if err == nil || contents == nil && bit/8 > start {
			t.Errorf("bit %d of byte %d: %v", bit%8, bit/8, err)
		}
		if len(contents) == 3 {
			all++
		}
		for hash, c := range contents {
			if sha256.Sum256([]byte(c)) != hash {
				t.Fatal("another content was given out")
			}
		}
		if _, err := Read(bytes.NewReader(b)); err == nil {
			t.Errorf("bit %d of byte %d: Read notices nothing", bit%8, bit/8)
		}
	}
	if all == 0 {
		t.Error("no flip left the contents whole: those of root and seal do")
	}
	for n := start + 1; n < len(whole); n++ {
		if _, contents, err := takeFiles(t, p, whole[:n]); contents == nil || !isFormat(errorOf(err)) {
			t.Fatalf("cut off at %d: %v", n, err)
		}
	}
	if _, _, err := takeFiles(t, p, append(bytes.Clone(whole), 0)); !isFormat(errorOf(err)) {
		t.Errorf("a byte more: %v", err)
	}
}

// errorOf returns the [*FormatError] in err, if there is one.
func errorOf(err error) error {
	var format *FormatError
	if errors.As(err, &format) {
		return format
	}
	return err
}

// TestAttachmentsOtherwise: forms that say the same otherwise, and sections that break a rule, are refused; the document
// is read.
func TestAttachmentsOtherwise(t *testing.T) {
	b, p := sample(t, false)
	changes, signatures := sections(t, b)
	whole, section := withFiles(t, p, []string{"one", "two"})
	read(t, whole)
	hash := func(s string) []byte { h := sha256.Sum256([]byte(s)); return h[:] }
	entry := func(name, content string) []byte {
		e := append(binary.AppendUvarint(nil, uint64(len(name))), name...)
		return append(binary.AppendUvarint(e, uint64(len(content))), hash(content)...)
	}
	make := func(count uint64, entries [][]byte, contents string) []byte {
		t := append(binary.AppendUvarint(nil, count), slices.Concat(entries...)...)
		return slices.Concat(t, hash(string(t)), []byte(contents))
	}
	for name, wrong := range map[string][]byte{
		"none":                make(0, nil, ""),
		"too many":            make(MaxAttachments+1, nil, ""),
		"less than it says":   make(2, [][]byte{entry("a", "x")}, "x"),
		"out of order":        make(2, [][]byte{entry("b", "x"), entry("a", "y")}, "xy"),
		"twice":               make(2, [][]byte{entry("a", "x"), entry("a", "x")}, "x"),
		"no name":             make(1, [][]byte{entry("", "x")}, "x"),
		"a long name":         make(1, [][]byte{entry(strings.Repeat("a", 256), "x")}, "x"),
		"a name not in UTF-8": make(1, [][]byte{entry("\xff", "x")}, "x"),
		"two lengths":         make(2, [][]byte{entry("a", "x"), append([]byte{1, 'b', 7}, hash("x")...)}, "x"),
		"a huge content":      make(1, [][]byte{append(binary.AppendUvarint([]byte{1, 'a'}, MaxAttachmentBytes+1), hash("x")...)}, "x"),
		"another content":     make(1, [][]byte{entry("a", "x")}, "y"),
		"half a content":      make(1, [][]byte{entry("a", "xyz")}, "xy"),
		"bytes behind":        append(bytes.Clone(section), 'x'),
		"a content twice":     make(2, [][]byte{entry("a", "x"), entry("b", "x")}, "xx"),
		"a table cut off":     section[:20],
	} {
		_, contents, err := takeFiles(t, p, seal(part{sectionChanges, changes}, part{sectionSignatures, signatures}, part{sectionAttachments, wrong}))
		if contents == nil || !isFormat(errorOf(err)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	packed := bytes.Clone(whole)
	at := len(b) - 65
	packed[at+1] = packingZstd
	if _, _, err := takeFiles(t, p, packed); err == nil {
		t.Error("packed attachments were taken")
	}
	more := seal(part{sectionChanges, changes}, part{sectionSignatures, signatures}, part{sectionAttachments, section}, part{0x90, []byte("?")})
	f, err := Open(bytes.NewReader(more))
	for err == nil {
		_, err = f.Next()
	}
	if err != io.EOF || !f.Skipped() {
		t.Errorf("with a section that is not known: %v", err)
	}
	var newer *NewerError
	if _, err := Open(bytes.NewReader(seal(part{sectionChanges, changes}, part{sectionSignatures, signatures}, part{0x05, []byte("?")}, part{sectionAttachments, section}))); !errors.As(err, &newer) {
		t.Errorf("with a section that must be known: %v", err)
	}
}

// TestWriteWithRefuses: attachments that cannot be in a file are refused before a byte is written, and a content that is
// not what it was ends the writing with its name.
func TestWriteWithRefuses(t *testing.T) {
	_, p := sample(t, false)
	list, open := attachmentsOf([]string{"one", "two"})
	broken := errors.New("the disk does not answer")
	for name, c := range map[string]struct {
		list []Attachment
		open func(ContentHash) (io.Reader, error)
	}{
		"another content": {list, func(ContentHash) (io.Reader, error) { return strings.NewReader("xxx"), nil }},
		"a shorter one":   {list, func(ContentHash) (io.Reader, error) { return strings.NewReader("o"), nil }},
		"none":            {list, func(ContentHash) (io.Reader, error) { return nil, broken }},
		"half of one":     {list, func(ContentHash) (io.Reader, error) { return iotest.ErrReader(broken), nil }},
	} {
		var content *ContentError
		if _, err := p.WriteWith(io.Discard, c.list, c.open); !errors.As(err, &content) || content.Names[0] != "file 0" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, list := range map[string][]Attachment{
		"twice": {list[0], list[0]}, "no name": {{Hash: list[0].Hash, Length: 3}}, "too long": {{Name: "x", Length: MaxAttachmentBytes + 1}},
		"two lengths": {list[0], {Name: "x", Hash: list[0].Hash, Length: 4}},
	} {
		var b bytes.Buffer
		if _, err := p.WriteWith(&b, list, open); err == nil || b.Len() > 0 {
			t.Errorf("%s: %v, %d bytes", name, err, b.Len())
		}
	}
	whole, _ := withFiles(t, p, []string{"one", "two"})
	for n := range len(whole) {
		if _, err := p.WriteWith(&limited{left: n}, list, open); !errors.Is(err, io.ErrShortWrite) {
			t.Fatalf("a disk that is full at %d: %v", n, err)
		}
	}
}
