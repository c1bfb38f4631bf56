package portable

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
)

// FuzzRead: bytes give a typed error, or a parcel that is written as it was read.
func FuzzRead(f *testing.F) {
	for _, forks := range []bool{false, true} {
		b, _ := sample(f, forks)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { readAnything(t, b) })
}

// FuzzSections: the same of what is behind packing, root and seal.
func FuzzSections(f *testing.F) {
	for _, forks := range []bool{false, true} {
		b, _ := sample(f, forks)
		changes, signatures := sections(f, b)
		f.Add(changes, signatures)
	}
	f.Fuzz(func(t *testing.T, changes, signatures []byte) {
		readAnything(t, seal(part{sectionChanges, changes}, part{sectionSignatures, signatures}))
	})
}

// FuzzAttachments: bytes of the attachments section give a typed error, or contents that are what their hashes name, and
// are written as they were read; whatever they are, the document can be had.
func FuzzAttachments(f *testing.F) {
	b, p := sample(f, false)
	changes, signatures := sections(f, b)
	for _, list := range [][]string{nil, {"a"}, {"a", "b", "", "b"}} {
		_, section := withFiles(f, p, list)
		f.Add(section)
	}
	f.Fuzz(func(t *testing.T, section []byte) {
		readFiles(t, p, seal(part{sectionChanges, changes}, part{sectionSignatures, signatures}, part{sectionAttachments, section}))
	})
}

// TestMangledAttachments is a little of FuzzAttachments, each time.
func TestMangledAttachments(t *testing.T) {
	b, p := sample(t, false)
	changes, signatures := sections(t, b)
	_, section := withFiles(t, p, []string{"one", "two", "", "two"})
	eachSeed(t, func(t *testing.T, rng *rand.Rand) {
		for range 100 {
			readFiles(t, p, seal(part{sectionChanges, changes}, part{sectionSignatures, signatures}, part{sectionAttachments, mangled(rng, section)}))
		}
	})
}

// TestMangledSections is a little of the fuzz tests, each time.
func TestMangledSections(t *testing.T) {
	eachSeed(t, func(t *testing.T, rng *rand.Rand) {
		b, _ := sample(t, rng.IntN(2) == 0)
		changes, signatures := sections(t, b)
		for range 300 {
			c, s := changes, signatures
			if rng.IntN(5) > 0 {
				c = mangled(rng, c)
			} else {
				s = mangled(rng, s)
			}
			readAnything(t, seal(part{sectionChanges, c}, part{sectionSignatures, s}))
		}
	})
}

func readAnything(t *testing.T, b []byte) {
	p, err := Read(bytes.NewReader(b))
	var format *FormatError
	var newer *NewerError
	var forged *ForgedError
	switch {
	case err == nil:
	case errors.As(err, &format), errors.As(err, &newer), errors.As(err, &forged):
		return
	default:
		t.Fatalf("an error of no type: %v", err)
	}
	if err := errors.Join(p.Doc().Check(), p.Doc().Verify()); err != nil {
		t.Fatal(err)
	}
	written := file(t, p)
	q := read(t, written)
	changes, signatures := sections(t, written)
	if c, s := sections(t, b); !bytes.Equal(c, changes) || !bytes.Equal(s, signatures) || p.Root() != q.Root() {
		t.Fatal("it is not written as it was read")
	}
}

// mangled returns b with some bytes changed, or left out, or there twice.
func mangled(rng *rand.Rand, b []byte) []byte {
	b = bytes.Clone(b)
	for range 1 + rng.IntN(3) {
		if len(b) < 4 {
			return b
		}
		at := rng.IntN(len(b) - 3)
		switch rng.IntN(5) {
		case 0:
			b[at] ^= 1 << rng.IntN(8)
		case 1:
			b[at] = byte(rng.IntN(4))
		case 2:
			b[at]++
		case 3:
			b = append(b[:at], b[at+1+rng.IntN(3):]...)
		default:
			n := 1 + rng.IntN(3)
			b = append(bytes.Clone(b[:at+n]), b[at:]...)
		}
	}
	return b
}
