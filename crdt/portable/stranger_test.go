package portable

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/zstd"

	"inkling/crdt"
)

// A reader made from FORMAT-FILE.md alone, for files that are right.

// sections returns the changes section and the signatures section of a file.
func sections(t testing.TB, b []byte) (changes, signatures []byte) {
	t.Helper()
	parts, root, err := takeApart(b)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(parts[1]); !bytes.Equal(sum[:], root) {
		t.Fatal("the root is not the hash of the changes section")
	}
	return parts[1], parts[2]
}

func takeApart(b []byte) (parts map[byte][]byte, root []byte, err error) {
	head, seal := []byte("\x89inkling\r\n\x1a\n\x01"), b[len(b)-32:]
	if sum := sha256.Sum256(b[:len(b)-32]); !bytes.Equal(sum[:], seal) || !bytes.HasPrefix(b, head) {
		return nil, nil, errors.New("no magic, or the seal is wrong")
	}
	r := bytes.NewReader(b[len(head):])
	unpack, err := zstd.NewReader(nil)
	if err != nil {
		return nil, nil, err
	}
	defer unpack.Close()
	for parts = map[byte][]byte{}; ; {
		section, _ := r.ReadByte()
		if section == 0 {
			break
		}
		packing, _ := r.ReadByte()
		size, _ := binary.ReadUvarint(r)
		length := size
		if packing == 1 {
			length, _ = binary.ReadUvarint(r)
		}
		piece := make([]byte, length)
		if _, err := io.ReadFull(r, piece); err != nil {
			return nil, nil, err
		}
		if packing == 1 {
			if piece, err = unpack.DecodeAll(piece, nil); err != nil {
				return nil, nil, err
			}
		}
		if uint64(len(piece)) != size || size > 1<<20 {
			return nil, nil, fmt.Errorf("a piece of %d bytes, said are %d", len(piece), size)
		}
		parts[section] = append(parts[section], piece...)
	}
	root = make([]byte, 32)
	_, err = io.ReadFull(r, root)
	return parts, root, err
}

// TestStranger: who has only read the description finds the changes in their order, the ends of the chains and the signatures.
func TestStranger(t *testing.T) {
	eachSeed(t, func(t *testing.T, rng *rand.Rand) {
		group := newGroup(t, rng, 1+rng.IntN(4))
		play(rng, group, 100, true, func(w *writer) {
			p := w.gather()
			section, signed := sections(t, file(t, p))
			r, s := bytes.NewReader(section), bytes.NewReader(signed)
			number := func() int { v, _ := binary.ReadUvarint(r); return int(v) }
			take := func(n int) []byte { b := make([]byte, n); io.ReadFull(r, b); return b }
			genesis, forked := take(49), number()
			if id := sha256.Sum256(genesis); crdt.DocID(id) != w.doc.ID() {
				t.Fatal("another genesis")
			}
			type end struct {
				replica  []byte
				at, next int
				hash     []byte
			}
			chains := make([]end, number())
			for i := range chains {
				chains[i] = end{take(16), number(), number(), take(32)}
			}
			of, left, count := 0, 0, number()
			gap, _ := binary.ReadUvarint(s)
			for i := range count {
				if left == 0 {
					of, left = number(), number()
				}
				left--
				c, k := p.Changes()[i], &chains[of]
				body, stamp := take(number()), c.Stamp[:]
				if forked == 1 {
					stamp = take(8)
				}
				if !bytes.Equal(body, c.Body) || !bytes.Equal(c.Replica[:], k.replica) || int(c.Seq) != k.at || !bytes.Equal(stamp, c.Hash[:8]) {
					t.Fatalf("change %d is another", i)
				}
				if k.at = int(c.Next); k.at == k.next && (!bytes.Equal(c.Hash[:], k.hash) || c.Signature == nil) {
					t.Fatalf("chain %d ends with another change, or one that is not signed", of)
				}
				if gap > 0 || s.Len() == 0 {
					gap--
					if c.Signature != nil {
						t.Fatalf("the signature of change %d is not in the file", i)
					}
					continue
				}
				signature := make([]byte, 64)
				io.ReadFull(s, signature)
				if gap, _ = binary.ReadUvarint(s); !bytes.Equal(signature, c.Signature) {
					t.Fatalf("change %d has another signature", i)
				}
			}
			if r.Len() > 0 || s.Len() > 0 {
				t.Fatal("bytes behind the last change or signature")
			}
		})
	})
}
